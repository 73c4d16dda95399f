/** Approves a device: shows who asks, and takes the owner's session or a code besides the link. */

import { type DeviceView, type Inspection, ProblemError, type SecondFactor } from "@keyleash/client";
import { css, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LiveElement } from "../../settings/src/live.ts";
import "../../settings/src/second-factor.ts";
import type { Texts } from "../../settings/src/texts/texts.ts";
import { controls } from "../../settings/src/theme.ts";
import { browserName, moment } from "../../settings/src/words.ts";
import { isSpent, spent } from "./spent.ts";

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
    void this.#inspect();
  }

  override render() {
    const { texts, failure, approved, inspection } = this;
    const { oneMoment, device } = texts.verify;
    if (approved) {
      return html`
        <div class="stack" role="status">
          <h2>${device.approved}</h2>
          <p><strong>${approved.name}</strong> ${device.approvedMeans}</p>
        </div>
      `;
    }
    if (isSpent(failure)) return spent(texts, device.spentMeans);
    if (!inspection) return failure ? this.#again() : html`<p class="muted" role="status">${oneMoment}</p>`;
    return html`
      <div class="stack">
        <h2>${device.title}</h2>
        ${facts(inspection, texts)}
        <div class="inset stack tight">
          <p class="muted small">${texts.verification.matchCode}</p>
          <p class="match" data-match-code>${inspection.match_code}</p>
          <p class="small">${device.compare}</p>
        </div>
        ${this.#approval(inspection)}
      </div>
    `;
  }

  /** The token has left the address bar: to load the page again would lose it. */
  #again() {
    return html`
      <div class="stack">
        ${this.failureView()}
        <div><button ?disabled=${this.busy} @click=${this.#inspect}>${this.texts.words.tryAgain}</button></div>
      </div>
    `;
  }

  #approval({ totp_required }: Inspection) {
    const { device } = this.texts.verify;
    if (this.snapshot.session.kind === "in" && !totp_required && !this.codeNeeded) {
      return html`
        ${this.failureView()}
        <div><button class="primary" ?disabled=${this.busy} @click=${() => this.attempt(() => this.#approve())}>${device.approve}</button></div>
      `;
    }
    return html`
      <keyleash-second-factor action=${device.approve} .confirm=${(factor: SecondFactor) => this.#approve(factor)}>
        <p>${totp_required ? device.removedBefore : device.loggedOut}</p>
      </keyleash-second-factor>
    `;
  }

  #inspect() {
    return this.attempt(async () => {
      this.inspection = await this.client.inspect(this.token);
    });
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

function facts(inspection: Inspection, texts: Texts) {
  const { facts } = texts.verify.device;
  return html`
    <dl>
      <dt>${facts.device}</dt>
      <dd>${inspection.device_name}</dd>
      <dt>${facts.browser}</dt>
      <dd>${browserName(inspection.user_agent, texts)}</dd>
      <dt>${facts.address}</dt>
      <dd>${inspection.address}</dd>
      <dt>${facts.asked}</dt>
      <dd>${moment(inspection.requested_at, texts)}</dd>
    </dl>
  `;
}
