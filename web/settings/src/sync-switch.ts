/** The switch "Sync exchange API keys across devices". The same one stands in General and in Accounts > Sync. */

import type { SecondFactor } from "@keyleash/client";
import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LiveElement } from "./live.ts";
import "./second-factor.ts";
import { toggle } from "./toggle.ts";

@customElement("keyleash-sync-switch")
export class SyncSwitch extends LiveElement {
  /** Leads to where two-factor authentication is set up. */
  @property({ attribute: false }) openSecurity!: () => void;
  @state() private askingToTurnOff = false;

  override render() {
    const { session, sync } = this.snapshot;
    const on = sync.kind === "enrolling" || sync.kind === "pending" || sync.kind === "verified";
    const elsewhere = !on && session.kind === "in" && session.me.sync_enabled;
    return html`
      <div class="stack">
        <label class="switch">
          <span class="stack tight">
            <strong>Sync exchange API keys across devices</strong>
            <span class="muted small">
              Off: every key stays in this browser alone, and nothing of it reaches the server. On: the keys that you choose
              are shared, encrypted, with the devices that you verify.
            </span>
            ${elsewhere ? html`<span class="small">Sync is on for your account; this browser does not take part yet.</span>` : nothing}
          </span>
          ${toggle({ on, disabled: this.busy, flip: () => this.#flip(on) })}
        </label>
        ${this.#refusal()} ${this.askingToTurnOff ? this.#confirmOff() : nothing}
      </div>
    `;
  }

  #flip(on: boolean) {
    if (on) this.askingToTurnOff = true;
    else void this.attempt(() => this.client.enableSync());
  }

  #refusal() {
    if (this.failure?.code !== "totp_not_enabled") return this.failureView();
    return html`
      <div class="banner warn" role="alert">
        <div>
          <strong>Two-factor authentication comes first.</strong>
          <p class="small">Whoever can log in could add a device and read your keys; a password alone is too weak for that.</p>
        </div>
        <button @click=${this.openSecurity}>Set up two-factor authentication</button>
      </div>
    `;
  }

  #confirmOff() {
    return html`
      <keyleash-second-factor
        danger
        action="Turn sync off everywhere"
        .confirm=${this.#turnOff}
        .cancel=${() => {
          this.askingToTurnOff = false;
        }}
      >
        <p>
          This turns sync off on <strong>every</strong> device: synced accounts leave all of them, this one too, and each device
          has to be verified again afterwards. Local-only accounts stay where they are.
        </p>
      </keyleash-second-factor>
    `;
  }

  #turnOff = async (factor: SecondFactor) => {
    await this.client.disableSync(factor);
    this.askingToTurnOff = false;
  };
}
