/** Approves a device: shows who asks, and takes the owner's session or a code besides the link. */

import { browserOf, type DeviceView, type Inspection, ProblemError, type SecondFactor } from "@keyleash/client";
import { css, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LiveElement } from "../../settings/src/live.ts";
import { controls } from "../../settings/src/theme.ts";
import { moment } from "../../settings/src/words.ts";
import "../../settings/src/second-factor.ts";

@customElement("verify-device")
export class VerifyDevice extends LiveElement {
  static override styles = [
    controls,
    css`
      .match { font-family: var(--mono); font-size: 2.4rem; font-weight: 650; letter-spacing: 0.12em; line-height: 1.2; }
      dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 6px 16px; }
      dt { color: var(--muted); }
      dd { overflow-wrap: anywhere; }
    `,
  ];

  @property({ attribute: false }) token!: string;
  @state() private inspection: Inspection | undefined;
  @state() private codeNeeded = false;
  @state() private approved: DeviceView | undefined;

  override firstUpdated(): void {
    void this.attempt(async () => {
      this.inspection = await this.client.inspect(this.token);
    });
  }

  override render() {
    if (this.approved) {
      return html`
        <div class="stack" role="status">
          <h2>Approved</h2>
          <p><strong>${this.approved.name}</strong> is verified and goes on by itself. You can close this page.</p>
        </div>
      `;
    }
    if (!this.inspection) return this.busy ? html`<p class="muted" role="status">One moment…</p>` : this.failureView();
    return html`
      <div class="stack">
        <h2>A device asks for your exchange keys</h2>
        ${facts(this.inspection)}
        <div class="inset">
          <p class="muted small">Match code</p>
          <p class="match" data-match-code>${this.inspection.match_code}</p>
          <p class="small">Approve only if the screen of that device shows the same code. If it was not you, close this page: nothing happens.</p>
        </div>
        ${this.#approval(this.inspection)}
      </div>
    `;
  }

  #approval(inspection: Inspection) {
    if (this.snapshot.session.kind === "in" && !inspection.totp_required && !this.codeNeeded) {
      return html`
        ${this.failureView()}
        <div><button class="primary" ?disabled=${this.busy} @click=${() => this.attempt(() => this.#approve())}>Approve this device</button></div>
      `;
    }
    return html`
      <keyleash-second-factor action="Approve this device" .confirm=${(factor: SecondFactor) => this.#approve(factor)}>
        <p>${inspection.totp_required ? "This device was removed before, so approving it takes a code." : "You are not logged in here, so approving it takes a code."}</p>
      </keyleash-second-factor>
    `;
  }

  async #approve(factor?: SecondFactor) {
    try {
      this.approved = await this.client.approve(this.token, factor);
    } catch (error) {
      if (!factor && error instanceof ProblemError && error.code === "totp_required") this.codeNeeded = true;
      else throw error;
    }
  }
}

function facts(inspection: Inspection) {
  return html`
    <dl>
      <dt>Device</dt>
      <dd>${inspection.device_name}</dd>
      <dt>Browser</dt>
      <dd>${browserOf(inspection.user_agent)}</dd>
      <dt>Address</dt>
      <dd>${inspection.address}</dd>
      <dt>Asked</dt>
      <dd>${moment(inspection.requested_at)}</dd>
    </dl>
  `;
}
