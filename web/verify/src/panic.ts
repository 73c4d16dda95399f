/** "This wasn't me": locks every device. The link only leads here; it takes the owner's login and a code. */

import type { SecondFactor } from "@keyleash/client";
import { html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { LiveElement } from "../../settings/src/live.ts";
import "../../settings/src/second-factor.ts";
import "../../settings/src/login.ts";

@customElement("verify-panic")
export class VerifyPanic extends LiveElement {
  @state() private locked: number | undefined;

  override render() {
    if (this.locked !== undefined) {
      return html`
        <div class="stack" role="status">
          <h2>Every device is locked</h2>
          <p>
            ${this.locked === 1 ? "One device has" : `${this.locked} devices have`} lost the keys. Now change your password, and rotate the
            keys at your exchanges: what was read before cannot be taken back. <a href="/">Go to the terminal</a>
          </p>
        </div>
      `;
    }
    return html`
      <div class="stack">
        <h2>This wasn't you?</h2>
        <p>
          Lock every device of your account at once, this one too: their keys stop to open, even on devices that are offline. Each has
          to be verified again by mail and code afterwards.
        </p>
        ${this.snapshot.session.kind === "in" ? this.#panic() : this.#login()}
      </div>
    `;
  }

  #login() {
    return html`
      <p>Log in first, to prove that it is you.</p>
      <keyleash-login without-sign-up .client=${this.client}></keyleash-login>
    `;
  }

  #panic() {
    return html`
      <keyleash-second-factor danger action="Lock every device now" .confirm=${(factor: SecondFactor) => this.#lock(factor)}></keyleash-second-factor>
    `;
  }

  async #lock(factor: SecondFactor) {
    const { removed } = await this.client.panic(factor);
    this.locked = removed.length;
  }
}
