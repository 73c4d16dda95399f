/** The switch "Sync exchange API keys across devices". The same one stands in General and in Accounts > Sync. */

import type { SecondFactor } from "@keyleash/client";
import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { ReturningFocus } from "./focus.ts";
import { LiveElement } from "./live.ts";
import type { Open } from "./places.ts";
import "./second-factor.ts";
import { toggle } from "./toggle.ts";

@customElement("keyleash-sync-switch")
export class SyncSwitch extends LiveElement {
  @property({ attribute: false }) open!: Open;
  @state() private askingToTurnOff = false;

  readonly #focus = new ReturningFocus(this);

  override render() {
    const { session, sync } = this.snapshot;
    const texts = this.texts.sync;
    const on = sync.kind === "enrolling" || sync.kind === "pending" || sync.kind === "verified";
    const elsewhere = !on && session.kind === "in" && session.me.sync_enabled;
    return html`
      <div class="stack">
        <label class="switch">
          <span class="stack tight">
            <strong>${texts.switch}</strong>
            <span class="muted small">${texts.meaning}</span>
            ${elsewhere ? html`<span class="small">${texts.onElsewhere}</span>` : nothing}
          </span>
          ${toggle({ on, disabled: this.busy || sync.kind === "enrolling", flip: () => this.#flip(on) })}
        </label>
        ${this.#refusal()} ${this.askingToTurnOff && on ? this.#confirmOff() : nothing}
      </div>
    `;
  }

  #flip(on: boolean) {
    if (!on) {
      void this.attempt(() => this.client.enableSync());
      return;
    }
    this.#focus.opened();
    this.askingToTurnOff = true;
  }

  #refusal() {
    if (this.failure?.code !== "totp_not_enabled") return this.failureView();
    const texts = this.texts.sync;
    return html`
      <div class="banner warn" role="alert">
        <div>
          <strong>${texts.totpFirst}</strong>
          <p class="small">${texts.totpFirstWhy}</p>
        </div>
        <button @click=${() => this.open("security")}>${texts.setUpTotp}</button>
      </div>
    `;
  }

  #confirmOff() {
    const { turnOff, turnOffMeans } = this.texts.sync;
    return html`
      <keyleash-second-factor danger action=${turnOff} .confirm=${this.#turnOff} .cancel=${this.#close}>
        <p>${turnOffMeans.before}<strong>${turnOffMeans.strong}</strong>${turnOffMeans.after}</p>
      </keyleash-second-factor>
    `;
  }

  #close = () => {
    this.askingToTurnOff = false;
    void this.#focus.closed("input");
  };

  #turnOff = async (factor: SecondFactor) => {
    await this.client.disableSync(factor);
    this.#close();
  };
}
