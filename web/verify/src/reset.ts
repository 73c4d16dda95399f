/** Sets a new password. It never bypasses two-factor authentication. */

import { PASSWORD_CHARS_MIN, ProblemError, type SecondFactor } from "@keyleash/client";
import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { field } from "../../settings/src/field.ts";
import { entries, LiveElement } from "../../settings/src/live.ts";
import "../../settings/src/second-factor.ts";
import { isSpent, spent } from "./spent.ts";

@customElement("verify-reset")
export class VerifyReset extends LiveElement {
  @property({ attribute: false }) token!: string;
  /** Kept only until the code has been given. */
  @state() private newPassword: string | undefined;
  @state() private done = false;

  override render() {
    const { texts, failure, newPassword } = this;
    const { reset } = texts.verify;
    if (this.done) {
      return html`
        <div class="stack" role="status">
          <h2>${reset.done}</h2>
          <p>${reset.doneMeans} <a href="/">${texts.login.logIn}</a></p>
        </div>
      `;
    }
    if (isSpent(failure)) return spent(texts, reset.spentMeans);
    if (newPassword !== undefined) return this.#code(newPassword);
    return html`
      <form class="stack" @submit=${this.#submit}>
        <h2>${reset.title}</h2>
        ${field({ name: "new_password", label: texts.password.new, type: "password", autocomplete: "new-password", hint: texts.login.passwordHint(PASSWORD_CHARS_MIN), error: failure?.fields.new_password })}
        ${this.failureView(["new_password"])}
        <div><button class="primary" ?disabled=${this.busy}>${reset.set}</button></div>
      </form>
    `;
  }

  #code(newPassword: string) {
    const { reset } = this.texts.verify;
    return html`
      <div class="stack">
        <h2>${reset.title}</h2>
        <keyleash-second-factor
          action=${reset.set}
          .confirm=${(factor: SecondFactor) => this.#reset(newPassword, factor)}
          .cancel=${() => {
            this.newPassword = undefined;
          }}
        >
          <p>${reset.codeToo}</p>
        </keyleash-second-factor>
      </div>
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

  async #reset(newPassword: string, factor?: SecondFactor) {
    await this.client.resetPassword(this.token, newPassword, factor);
    this.done = true;
  }
}
