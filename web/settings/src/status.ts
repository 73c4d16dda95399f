/**
 * The page's banner: says what stands between the user and their keys (removed, locked, the server is away and for how long
 * the keys still open), and nothing while all is well.
 */

import type { Connection, LockReason, Snapshot } from "@keyleash/client";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { LiveElement } from "./live.ts";
import { controls, tokens } from "./theme.ts";
import { countdown, moment, removedBecause } from "./words.ts";

/** Countdowns show seconds. */
const TICK_MS = 500;

@customElement("keyleash-status")
export class KeyleashStatus extends LiveElement {
  static override styles = [
    tokens,
    controls,
    css`
      .banner { margin-bottom: 16px; }
      .countdown { font-family: var(--mono); font-size: 1.25rem; font-weight: 600; }
    `,
  ];

  @state() private now = Date.now();
  #ticker: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticker = setInterval(() => {
      if (isCountingDown(this.snapshot)) this.now = Date.now();
    }, TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticker);
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    super.willUpdate(changed);
    if (!changed.has("now")) this.now = Date.now();
  }

  override render() {
    const { sync, lock, connection, progress } = this.snapshot;
    return html`
      <div role="status" aria-live="polite">
        ${sync.kind === "removed" ? removedBanner(this.snapshot) : nothing}
        ${lock.kind === "grace" ? graceBanner(lock.until - this.now, connection, this.now) : nothing}
        ${lock.kind === "locked" ? lockedBanner(lock.why, connection, this.now) : nothing}
        ${lock.kind === "unlocked" ? connectionBanner(connection, this.now) : nothing}
        ${
          progress
            ? html`
          <div class="banner"><div class="stack tight">
            <p>Retrieving your accounts: ${progress.received} of ${progress.total}</p>
            <progress .value=${progress.received} .max=${progress.total} aria-label="Retrieving accounts"></progress>
          </div></div>`
            : nothing
        }
      </div>
    `;
  }
}

function isCountingDown({ lock, connection }: Snapshot): boolean {
  return lock.kind === "grace" || connection.kind === "reconnecting";
}

function removedBanner({ sync, session }: Snapshot): TemplateResult | typeof nothing {
  if (sync.kind !== "removed") return nothing;
  const way =
    session.kind === "in"
      ? "To use it again, turn sync on in Settings → Accounts → Sync and verify it by mail and code."
      : "To use it again, log in, turn sync on and verify it by mail and code.";
  return html`
    <div class="banner bad">
      <div>
        <p><strong>${removedBecause[sync.reason]}</strong></p>
        <p class="small">Its keys cannot sign any more. Since ${moment(sync.at)}. ${way}</p>
      </div>
    </div>
  `;
}

function graceBanner(leftMs: number, connection: Connection, now: number): TemplateResult {
  return html`
    <div class="banner warn">
      <div>
        <p><strong>The server cannot be reached.</strong> You can go on signing for a while; then this browser locks itself.</p>
        <p class="small">${tryingAgain(connection, now)} A page that is reloaded now is locked until the server is back.</p>
      </div>
      <span class="countdown" aria-label="Time until this browser locks">${countdown(leftMs)}</span>
    </div>
  `;
}

const lockedBecause: Record<Exclude<LockReason, "removed" | "signed_out">, string> = {
  server_needed: "Your keys open only once the server has answered.",
  grace_over: "The server was out of reach for too long. Your keys open again once it is back.",
};

function lockedBanner(why: LockReason, connection: Connection, now: number): TemplateResult | typeof nothing {
  // Both have a place of their own: the banner above, and the log-in form.
  if (why === "removed" || why === "signed_out") return nothing;
  return html`
    <div class="banner ${connection.kind === "connecting" || connection.kind === "live" ? "" : "warn"}">
      <div><p><strong>Locked.</strong> ${lockedBecause[why]}</p><p class="small">${tryingAgain(connection, now)}</p></div>
    </div>
  `;
}

function connectionBanner(connection: Connection, now: number): TemplateResult | typeof nothing {
  switch (connection.kind) {
    case "reconnecting":
      return html`<div class="banner warn"><div>${tryingAgain(connection, now)}</div></div>`;
    case "stopped":
      return html`<div class="banner bad"><div><strong>Not connected.</strong> ${connection.detail}</div></div>`;
    case "offline":
    case "connecting":
    case "live":
      return nothing;
  }
}

function tryingAgain(connection: Connection, now: number): string {
  switch (connection.kind) {
    case "reconnecting": {
      const left = connection.nextTryAt - now;
      return left > 0 ? `Reconnecting: next try in ${countdown(left)}.` : "Reconnecting…";
    }
    case "connecting":
      return "Connecting…";
    case "stopped":
      return connection.detail;
    case "offline":
    case "live":
      return "";
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "keyleash-status": KeyleashStatus;
  }
}
