/** Confirms that the mail address of a new account is its owner's. */

import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LiveElement } from "../../settings/src/live.ts";

@customElement("verify-signup")
export class VerifySignup extends LiveElement {
  @property({ attribute: false }) token!: string;
  @state() private confirmed = false;

  override render() {
    if (this.confirmed) {
      return html`
        <div class="stack" role="status">
          <h2>Your account is ready</h2>
          <p><a href="/">Go to the terminal and log in</a></p>
        </div>
      `;
    }
    return html`
      <div class="stack">
        <h2>Confirm your account</h2>
        <p>Somebody signed up with your mail address. If it was you, confirm it; otherwise close this page and nothing happens.</p>
        ${this.failureView()}
        <div><button class="primary" ?disabled=${this.busy} @click=${this.#confirm}>Confirm my account</button></div>
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
