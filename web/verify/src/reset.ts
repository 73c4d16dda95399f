/** Sets a new password. It never bypasses two-factor authentication. */

import { ProblemError } from "@keyleash/client";
import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { field } from "../../settings/src/field.ts";
import { entries, LiveElement } from "../../settings/src/live.ts";
import "../../settings/src/second-factor.ts";

@customElement("verify-reset")
export class VerifyReset extends LiveElement {
  @property({ attribute: false }) token!: string;
  /** Kept only until the code has been given. */
  @state() private newPassword: string | undefined;
  @state() private done = false;

  override render() {
    if (this.done) {
      return html`
        <div class="stack" role="status">
          <h2>Your password is changed</h2>
          <p>Every session was ended. <a href="/">Log in</a></p>
        </div>
      `;
    }
    const { newPassword } = this;
    if (newPassword !== undefined) {
      return html`
        <keyleash-second-factor
          action="Set the new password"
          .confirm=${(factor: object) => this.#reset(newPassword, factor)}
          .cancel=${() => {
            this.newPassword = undefined;
          }}
        >
          <p>Your account has two-factor authentication: setting a password takes a code.</p>
        </keyleash-second-factor>
      `;
    }
    return html`
      <form class="stack" @submit=${this.#submit}>
        <h2>Set a new password</h2>
        ${field({ name: "new_password", label: "New password", type: "password", autocomplete: "new-password", hint: "At least 12 characters.", error: this.failure?.fields.new_password })}
        ${this.failureView(["new_password"])}
        <div><button class="primary" ?disabled=${this.busy}>Set the new password</button></div>
      </form>
    `;
  }

  #submit(event: SubmitEvent) {
    const { new_password = "" } = entries(event);
    void this.attempt(async () => {
      try {
        await this.#reset(new_password);
      } catch (error) {
        if (!(error instanceof ProblemError && error.code === "totp_required")) throw error;
        this.newPassword = new_password;
      }
    });
  }

  async #reset(newPassword: string, factor?: object) {
    await this.client.resetPassword(this.token, newPassword, factor);
    this.done = true;
  }
}
