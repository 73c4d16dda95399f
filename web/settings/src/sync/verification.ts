/** While this device waits for its owner's approval: the match code, and what became of the mail. */

import type { DeviceView, Sync } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { Clock } from "../clock.ts";
import { LiveElement } from "../live.ts";
import { controls } from "../theme.ts";
import { moment } from "../words.ts";

type Pending = Extract<Sync, { kind: "pending" }>;

/** What is known of the verification mail. */
export type MailState =
  | { readonly kind: "none" }
  | { readonly kind: "sent"; readonly expiresAt: number }
  | { readonly kind: "expired" }
  | { readonly kind: "undeliverable"; readonly at: number };

export function mailState({ mailExpiresAt }: Pending, device: DeviceView | undefined, now: number): MailState {
  if (device?.mail_failed_at !== undefined) return { kind: "undeliverable", at: device.mail_failed_at };
  if (mailExpiresAt === undefined) return { kind: "none" };
  return mailExpiresAt > now ? { kind: "sent", expiresAt: mailExpiresAt } : { kind: "expired" };
}

@customElement("keyleash-verification")
export class VerificationView extends LiveElement {
  static override styles = [
    controls,
    css`
      .facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-4) var(--space-6); align-items: start; }
      .match { font-family: var(--mono); font-size: calc(var(--font-size) * 2.1); font-weight: 650; letter-spacing: 0.12em; line-height: 1.2; }
      ol { padding-left: 1.3em; display: grid; gap: 4px; color: var(--muted); }
      ol .now { color: var(--text); font-weight: 550; }
      .about { min-height: 1.5em; }
      @media (max-width: 599px) { .facts { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  readonly #clock = new Clock(this, (now) => {
    const { sync } = this.snapshot;
    const moments = [sync.kind === "pending" ? sync.mailExpiresAt : undefined, this.failure?.retryAt];
    const ahead = moments.filter((at) => at !== undefined && at > now).map((at) => (at ?? 0) - now);
    return ahead.length > 0 ? Math.min(...ahead) : undefined;
  });

  override render() {
    const { sync, devices } = this.snapshot;
    if (sync.kind !== "pending") return nothing;
    const texts = this.texts.verification;
    const mail = mailState(
      sync,
      devices.find((each) => each.id === sync.device),
      this.#clock.now,
    );
    const blocked = (this.failure?.retryAt ?? 0) > this.#clock.now;
    return html`
      <section class="inset stack" aria-label=${texts.title}>
        <div class="row spread"><h3>${texts.title}</h3><span class="badge warn dot">${texts.waits}</span></div>
        <div class="facts">
          <div>
            <p class="muted small">${texts.matchCode}</p>
            <p class="match" data-match-code>${sync.matchCode}</p>
          </div>
          ${this.#steps(mail)}
        </div>
        <p class="muted small">${texts.matchWhy}</p>
        <div class="about">${this.#about(mail)}</div>
        ${this.failureView()}
        <div class="row">
          <button class=${mail.kind === "sent" ? "" : "primary"} ?disabled=${this.busy || blocked} @click=${this.#request}>
            ${mail.kind === "none" ? texts.request : texts.again}
          </button>
        </div>
      </section>
    `;
  }

  #steps(mail: MailState) {
    const { request, compare, approve } = this.texts.verification.steps;
    const sent = mail.kind === "sent";
    return html`
      <ol class="small">
        <li class=${sent ? "" : "now"}>${request}</li>
        <li class=${sent ? "now" : ""}>${compare}</li>
        <li>${approve}</li>
      </ol>
    `;
  }

  #about(mail: MailState) {
    const texts = this.texts.verification;
    const { session } = this.snapshot;
    const address = session.kind === "in" ? session.me.email : texts.yourAddress;
    switch (mail.kind) {
      case "none":
        return nothing;
      case "sent":
        return html`
          <p><span role="status">${texts.sent(address)}</span> <span class="muted">${texts.linkWorksFor}
            <keyleash-countdown .until=${mail.expiresAt} .label=${texts.linkWorksFor}></keyleash-countdown>.</span></p>
        `;
      case "expired":
        return html`<p class="caution" role="status">${texts.expired}</p>`;
      case "undeliverable":
        return html`<p class="error" role="alert">${texts.undeliverable(address, moment(mail.at, this.texts))}</p>`;
    }
  }

  #request = () => void this.attempt(() => this.client.requestVerification());
}
