/** Settings > General: the switch, how this device stands, and the ways on. */

import type { Sync } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { LiveElement } from "./live.ts";
import type { Open } from "./places.ts";
import { deviceMark } from "./sync/device-mark.ts";
import "./sync-switch.ts";
import { controls } from "./theme.ts";

/** How a state of sync looks. */
const TONES: Record<Sync["kind"], "" | "good" | "warn" | "bad"> = {
  off: "",
  enrolling: "",
  pending: "warn",
  verified: "good",
  removed: "bad",
};

@customElement("keyleash-general")
export class GeneralView extends LiveElement {
  static override styles = [
    controls,
    css`
      .here { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: var(--space-3) var(--space-4); align-items: center; }
      .here svg { width: 32px; height: 32px; color: var(--muted); }
      .glance { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: var(--space-3); list-style: none; }
      .glance li { display: grid; grid-template-rows: 1fr auto; gap: var(--space-3); align-content: space-between; justify-items: start; }
      @media (max-width: 479px) {
        .here { grid-template-columns: auto minmax(0, 1fr); }
        .here > :nth-child(3) { grid-column: 1 / -1; justify-self: start; }
      }
    `,
  ];

  @property({ attribute: false }) open!: Open;

  override render() {
    const { sync } = this.snapshot;
    const texts = this.texts.general;
    const { title, detail } = texts.states[sync.kind];
    return html`
      <div class="stack">
        <keyleash-sync-switch .client=${this.client} .open=${this.open}></keyleash-sync-switch>
        <section class="inset here" aria-label=${texts.here}>
          ${deviceMark(navigator.userAgent)}
          <div role="status">
            <p><strong>${this.#name() ?? texts.here}</strong> <span class="badge sentence ${TONES[sync.kind]} dot">${title}</span></p>
            <p class="muted small">${detail}</p>
          </div>
          ${
            sync.kind === "pending"
              ? html`<button class="primary" @click=${() => this.open("accounts", "sync")}>${texts.verifyDevice}</button>`
              : nothing
          }
        </section>
        <section class="stack" aria-label=${texts.atAGlance}>
          <ul class="glance">${this.#accounts()} ${this.#devices()} ${this.#security()}</ul>
        </section>
      </div>
    `;
  }

  #name(): string | undefined {
    const { sync, devices } = this.snapshot;
    if (sync.kind !== "pending" && sync.kind !== "verified") return undefined;
    return devices.find(({ id }) => id === sync.device)?.name;
  }

  #accounts() {
    const { accounts, sealedAccounts } = this.snapshot;
    const texts = this.texts.general;
    const synced = accounts.filter((account) => account.synced).length;
    const title = texts.accounts(accounts.length + sealedAccounts);
    const detail = accounts.length > 0 ? texts.accountsShared(synced, accounts.length - synced) : "";
    return this.#tile(title, detail, texts.manageAccounts, () => this.open("accounts", "accounts"));
  }

  #devices() {
    const texts = this.texts.general;
    const present = this.snapshot.devices.filter((device) => device.state !== "removed");
    const online = present.filter((device) => device.online).length;
    const title = present.length > 0 ? texts.devices(present.length) : texts.noDevices;
    const detail = present.length > 0 ? texts.devicesOnline(online) : texts.noDevicesDetail;
    return this.#tile(title, detail, texts.manageDevices, () => this.open("accounts", "sync"));
  }

  #security() {
    const { session } = this.snapshot;
    const texts = this.texts.general;
    const on = session.kind === "in" && session.me.totp_enabled;
    const detail = on ? texts.codesLeft(session.me.recovery_codes_left) : texts.totpOffDetail;
    return this.#tile(on ? texts.totpOn : texts.totpOff, detail, texts.openSecurity, () => this.open("security"));
  }

  #tile(title: string, detail: string, action: string, go: () => void) {
    return html`
      <li class="inset">
        <div>
          <p><strong>${title}</strong></p>
          ${detail ? html`<p class="muted small">${detail}</p>` : nothing}
        </div>
        <button class="small" @click=${go}>${action}</button>
      </li>
    `;
  }
}
