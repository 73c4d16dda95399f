/** Settings > Accounts > SYNC: this device's part in sync, then every device of the account. */

import type { Sync } from "@keyleash/client";
import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { LiveElement } from "./live.ts";
import type { Open } from "./places.ts";
import "./sync/devices.ts";
import "./sync/verification.ts";
import "./sync-switch.ts";

@customElement("keyleash-sync")
export class SyncView extends LiveElement {
  @property({ attribute: false }) open!: Open;

  override render() {
    const { sync, devices } = this.snapshot;
    return html`
      <div class="stack">
        <keyleash-sync-switch .client=${this.client} .open=${this.open}></keyleash-sync-switch>
        ${this.#thisDevice(sync)}
        ${devices.length > 0 ? html`<keyleash-devices .client=${this.client}></keyleash-devices>` : nothing}
      </div>
    `;
  }

  #thisDevice(sync: Sync) {
    const texts = this.texts.sync;
    switch (sync.kind) {
      case "off":
        return nothing;
      case "enrolling":
        return html`<p class="muted" role="status">${texts.enrolling}</p>`;
      case "pending":
        return html`<keyleash-verification .client=${this.client}></keyleash-verification>`;
      case "verified":
        return html`
          <p role="status"><span class="badge good dot">${texts.verified}</span> ${texts.takesPart}</p>
          ${this.#elsewhere()}
        `;
      case "removed":
        return html`<p class="error">${this.texts.removedBecause[sync.reason]} ${texts.removedAgain}</p>`;
    }
  }

  /** What the other devices share and this one has not got: the next step of a device that was just verified. */
  #elsewhere() {
    const { elsewhere, retrieval } = this.snapshot;
    const texts = this.texts.sync;
    if (retrieval) {
      const words = texts.retrieving(retrieval.received, retrieval.total);
      return html`
        <div class="banner">
          <div class="stack tight">
            <p>${words}</p>
            <progress .value=${retrieval.received} .max=${retrieval.total} aria-label=${words}></progress>
          </div>
        </div>
      `;
    }
    if (elsewhere.length === 0) return nothing;
    return html`
      <div class="banner">
        <p role="status">${texts.elsewhere(elsewhere.length)}</p>
        <div class="row">
          <button class="primary" ?disabled=${this.busy} @click=${() => this.attempt(() => this.client.retrieveAll())}>${texts.retrieveAll(elsewhere.length)}</button>
          <button @click=${() => this.open("accounts", "accounts")}>${texts.pick}</button>
        </div>
      </div>
      ${this.failureView()}
    `;
  }
}
