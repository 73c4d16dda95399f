/** Settings > General. */

import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { LiveElement } from "./live.ts";
import "./sync-switch.ts";

@customElement("keyleash-general")
export class GeneralView extends LiveElement {
  @property({ attribute: false }) openSecurity!: () => void;
  @property({ attribute: false }) openSync!: () => void;

  override render() {
    const { sync } = this.snapshot;
    const unfinished = sync.kind === "pending";
    return html`
      <div class="stack">
        <keyleash-sync-switch .client=${this.client} .openSecurity=${this.openSecurity}></keyleash-sync-switch>
        <div class="row spread" ?hidden=${sync.kind === "off"}>
          <span class="muted small">${unfinished ? "This device waits to be verified." : "Devices, their state, and removing them:"}</span>
          <button class=${unfinished ? "primary" : ""} @click=${this.openSync}>${unfinished ? "Verify this device" : "Manage devices"}</button>
        </div>
      </div>
    `;
  }
}
