/** Settings > Accounts > SYNC: this device's part in sync, then every device of the account. */

import type { Sync } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import "./devices.ts";
import { LiveElement } from "./live.ts";
import "./sync-switch.ts";
import { controls } from "./theme.ts";
import { moment, removedBecause } from "./words.ts";

@customElement("keyleash-sync")
export class SyncView extends LiveElement {
  static override styles = [
    controls,
    css`
      .match { font-family: var(--mono); font-size: 2rem; font-weight: 650; letter-spacing: 0.12em; line-height: 1.2; }
    `,
  ];

  @property({ attribute: false }) openSecurity!: () => void;

  override render() {
    const { sync, devices } = this.snapshot;
    return html`
      <div class="stack">
        <keyleash-sync-switch .client=${this.client} .openSecurity=${this.openSecurity}></keyleash-sync-switch>
        ${this.#thisDevice(sync)}
        ${devices.length > 0 ? html`<keyleash-devices .client=${this.client}></keyleash-devices>` : nothing}
      </div>
    `;
  }

  #thisDevice(sync: Sync) {
    switch (sync.kind) {
      case "off":
        return nothing;
      case "enrolling":
        return html`<p class="muted" role="status">Making this device's keys…</p>`;
      case "pending":
        return this.#pending(sync);
      case "verified":
        return html`<p role="status"><span class="badge good dot">Verified</span> This device takes part in sync.</p>`;
      case "removed":
        return html`<p class="error">${removedBecause[sync.reason]} Turn sync on to verify it again.</p>`;
    }
  }

  #pending(sync: Extract<Sync, { kind: "pending" }>) {
    const { session, devices } = this.snapshot;
    const address = session.kind === "in" ? session.me.email : "you";
    const sent = sync.mailExpiresAt;
    const failed = devices.find((each) => each.id === sync.device)?.mail_failed_at;
    return html`
      <section class="inset stack" aria-label="Verify this device">
        <div class="row spread"><h3>Verify this device</h3><span class="badge warn dot">Waits for approval</span></div>
        <div>
          <p class="muted small">Match code</p>
          <p class="match" data-match-code>${sync.matchCode}</p>
          <p class="muted small">The mail and the page behind its link show the same code. If it differs, do not approve.</p>
        </div>
        ${this.#aboutMail(address, sent, failed)}
        ${this.failureView()}
        <div class="row">
          <button class=${sent ? "" : "primary"} ?disabled=${this.busy} @click=${() => this.attempt(() => this.client.requestVerification())}>
            ${sent ? "Send again" : "Request verification mail"}
          </button>
        </div>
      </section>
    `;
  }

  #aboutMail(address: string, sent?: number, failed?: number) {
    if (failed) {
      return html`<p class="error" role="alert">The mail to ${address} could not be delivered (${moment(failed)}). Check that this mailbox takes mails, then send it again.</p>`;
    }
    if (sent) {
      return html`<p role="status">Mail sent to ${address}. Open its link and approve; the link works until ${moment(sent)}. This page goes on by itself.</p>`;
    }
    return nothing;
  }
}
