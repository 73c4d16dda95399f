/** `<keyleash-login>`: address and password, then a code when the account has two-factor authentication. */

import { ProblemError } from "@keyleash/client";
import { html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { field } from "./field.ts";
import { entries, LiveElement } from "./live.ts";
import "./second-factor.ts";

@customElement("keyleash-login")
export class LoginForm extends LiveElement {
  /** What was accepted so far; kept only until the code has been given. */
  @state() private firstFactor: { email: string; password: string } | undefined;

  override render() {
    const { firstFactor } = this;
    if (firstFactor) {
      return html`
        <keyleash-second-factor
          action="Log in"
          .confirm=${(factor: object) => this.client.logIn({ ...firstFactor, ...factor })}
          .cancel=${() => {
            this.firstFactor = undefined;
          }}
        >
          <p>Logging in as <strong>${firstFactor.email}</strong>.</p>
        </keyleash-second-factor>
      `;
    }
    return html`
      <form class="stack" @submit=${this.#submit}>
        ${field({ name: "email", label: "Mail address", type: "email", autocomplete: "username", error: this.failure?.fields.email })}
        ${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", error: this.failure?.fields.password })}
        ${this.failureView(["email", "password"])}
        <button class="primary" ?disabled=${this.busy}>Log in</button>
      </form>
    `;
  }

  #submit(event: SubmitEvent) {
    const { email = "", password = "" } = entries(event);
    void this.attempt(async () => {
      try {
        await this.client.logIn({ email, password });
      } catch (error) {
        if (!(error instanceof ProblemError && error.code === "totp_required")) throw error;
        this.firstFactor = { email, password };
      }
    });
  }
}
