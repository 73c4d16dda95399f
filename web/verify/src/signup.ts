/** Confirms that the mail address of a new account is its owner's. */

import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LiveElement } from "../../settings/src/live.ts";
import { isSpent, spent } from "./spent.ts";

@customElement("verify-signup")
export class VerifySignup extends LiveElement {
  @property({ attribute: false }) token!: string;
  @state() private confirmed = false;

  override render() {
    const { texts, failure } = this;
    const { signup } = texts.verify;
    if (this.confirmed) {
      return html`
        <div class="stack" role="status">
          <h2>${signup.ready}</h2>
          <p><a href="/">${signup.logIn}</a></p>
        </div>
      `;
    }
    if (isSpent(failure)) return spent(texts, signup.spentMeans);
    return html`
      <div class="stack">
        <h2>${signup.title}</h2>
        <p>${signup.meaning}</p>
        ${this.failureView()}
        <div><button class="primary" ?disabled=${this.busy} @click=${this.#confirm}>${signup.confirm}</button></div>
      </div>
    `;
  }

  #confirm() {
    void this.attempt(async () => {
      await this.client.confirmSignUp(this.token);
      this.confirmed = true;
    });
  }
}
