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
    const { toTerminal, panic } = this.texts.verify;
    if (this.locked !== undefined) {
      return html`
        <div class="stack" role="status">
          <h2>${panic.done}</h2>
          <p>${panic.doneMeans(this.locked)}</p>
          <p><a href="/">${toTerminal}</a></p>
        </div>
      `;
    }
    return html`
      <div class="stack">
        <h2>${panic.title}</h2>
        <p>${panic.meaning}</p>
        ${this.snapshot.session.kind === "in" ? this.#panic() : this.#login()}
      </div>
    `;
  }

  #login() {
    return html`
      <p>${this.texts.verify.panic.logInFirst}</p>
      <keyleash-login without-sign-up .client=${this.client}></keyleash-login>
    `;
  }

  #panic() {
    const { panicAction } = this.texts.devices;
    return html`
      <keyleash-second-factor danger action=${panicAction} .confirm=${(factor: SecondFactor) => this.#lock(factor)}></keyleash-second-factor>
    `;
  }

  async #lock(factor: SecondFactor) {
    const { removed } = await this.client.panic(factor);
    this.locked = removed.length;
  }
}
