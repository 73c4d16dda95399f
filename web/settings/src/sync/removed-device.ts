/** A device that was taken away: what became of it, live, and which keys are to be rotated because it held them. */

import type { DeviceView } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { LiveElement } from "../live.ts";
import { controls } from "../theme.ts";
import "../when.ts";
import { browserName, removalOutcome } from "../words.ts";
import { deviceMark } from "./device-mark.ts";
import { removalPicture, removalStepStyles } from "./removal-steps.ts";
import "./rotation.ts";
import type { HeldKey } from "./rotation.ts";

/** The steps are news for this long; afterwards the outcome in one line says enough, once it is final. */
const NEWS_MS = 24 * 60 * 60 * 1000;

@customElement("keyleash-removed-device")
export class RemovedDevice extends LiveElement {
  static override styles = [
    controls,
    removalStepStyles,
    css`
      .device { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-3) var(--space-4); align-items: start; }
      .device > svg { color: var(--muted); opacity: 0.7; }
      .rest { grid-column: 2; display: grid; gap: var(--space-3); min-width: 0; }
      strong { overflow-wrap: anywhere; }
      @media (max-width: 599px) { .rest { grid-column: 1 / -1; } }
    `,
  ];

  @property({ attribute: false }) device!: DeviceView;
  @property({ attribute: false }) held: readonly HeldKey[] | undefined;
  @property({ attribute: false }) changed: (() => unknown) | undefined;

  override render() {
    const { device } = this;
    const final = device.receipt?.wiped === true;
    const news = Date.now() - (device.removed_at ?? 0) < NEWS_MS;
    return html`
      <div class="device">
        ${deviceMark(device.user_agent)}
        <div>
          <p><strong>${device.name}</strong> <span data-outcome><span class="badge sentence dot ${final ? "good" : "warn"}">${removalOutcome(device, this.texts)}</span></span></p>
          <p class="muted small">${browserName(device.user_agent, this.texts)}${this.#when()}</p>
        </div>
        <div class="rest">
          ${news || !final ? removalPicture(device, this.texts) : nothing}
          ${
            this.held
              ? html`<keyleash-rotation .client=${this.client} .device=${device} .held=${this.held} .changed=${this.changed}></keyleash-rotation>`
              : html`<p class="muted small">${this.texts.words.loading}</p>`
          }
        </div>
      </div>
    `;
  }

  #when() {
    const { removed_at, reason } = this.device;
    const why = reason ? this.texts.removal.reasons[reason] : "";
    return html`${removed_at === undefined ? nothing : html` · ${this.texts.devices.removed} <keyleash-when .at=${removed_at}></keyleash-when>`}${why ? ` · ${why}` : ""}`;
  }
}
