/**
 * The page's banner: says what stands between the user and their keys (removed, locked, the server is away and for how long
 * the keys still open), with the way out; and nothing while all is well.
 *
 * What changes each second is shown beside the sentences and not in them, so that a screen reader says a sentence once.
 */

import type { Connection, LockReason, Progress, Snapshot } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Clock, countdownChangesIn } from "./clock.ts";
import { LiveElement } from "./live.ts";
import type { Open } from "./places.ts";
import { controls, tokens } from "./theme.ts";
import { countdown, moment } from "./words.ts";

/** Minutes before the lock at which a screen reader says how much is left. */
const SAID_MINUTES = [10, 5, 2, 1];
const MINUTE_MS = 60_000;

@customElement("keyleash-status")
export class KeyleashStatus extends LiveElement {
  static override styles = [
    tokens,
    controls,
    css`
      .banner { margin-bottom: 16px; }
      .left { display: grid; justify-items: center; gap: 2px; }
      .countdown { font-family: var(--mono); font-size: var(--font-size-l); font-weight: 600; }
      .about { display: grid; gap: 4px; }
      progress { margin-top: 4px; }
    `,
  ];

  /** Leads to a place in the panel. Without it the banner only says where to go. */
  @property({ attribute: false }) open: Open | undefined;

  readonly #clock = new Clock(this, (now) => {
    const { lock, connection } = this.snapshot;
    const ahead = [
      countdownChangesIn(lock.kind === "grace" ? lock.until : undefined, now),
      countdownChangesIn(connection.kind === "reconnecting" ? connection.nextTryAt : undefined, now),
    ].filter((ms) => ms !== undefined);
    return ahead.length > 0 ? Math.min(...ahead) : undefined;
  });

  #networkChanged = () => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#networkChanged);
    addEventListener("offline", this.#networkChanged);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#networkChanged);
    removeEventListener("offline", this.#networkChanged);
  }

  override render() {
    const { lock, connection, progress, retrieval } = this.snapshot;
    return html`
      ${this.#removed(this.snapshot)}
      ${lock.kind === "grace" ? this.#grace(lock.until, connection) : nothing}
      ${lock.kind === "locked" ? this.#locked(lock.why, connection) : nothing}
      ${lock.kind === "unlocked" ? this.#disconnected(connection) : nothing}
      ${progress ? this.#progress(progress, this.texts.status.catchingUp) : nothing}
      ${retrieval ? this.#progress(retrieval, this.texts.status.retrieving) : nothing}
    `;
  }

  #removed({ sync, session }: Snapshot) {
    if (sync.kind !== "removed") return nothing;
    const texts = this.texts.status;
    const loggedIn = session.kind === "in";
    const { open } = this;
    return html`
      <div class="banner bad">
        <div role="status" class="about">
          <p><strong>${this.texts.removedBecause[sync.reason]}</strong></p>
          <p class="small">${texts.removedMeans} ${texts.removedSince(moment(sync.at, this.texts))} ${loggedIn ? texts.wayBack : texts.wayBackLoggedOut}</p>
        </div>
        ${loggedIn && open ? html`<button @click=${() => open("accounts", "sync")}>${texts.verifyAgain}</button>` : nothing}
      </div>
    `;
  }

  #grace(until: number, connection: Connection) {
    const texts = this.texts.status;
    const left = until - this.#clock.now;
    const minutes = SAID_MINUTES.findLast((each) => left <= each * MINUTE_MS);
    return html`
      <div class="banner warn">
        <div class="about">
          <div role="status">
            <p><strong>${this.#whyAway()}</strong> ${texts.graceMeans}</p>
            <span class="unseen">${minutes ? texts.minutesLeft(minutes) : ""}</span>
          </div>
          <p class="small">${this.#tryingAgain(connection)} ${texts.graceReload}</p>
        </div>
        <div class="left"><span class="countdown" role="timer" aria-label=${texts.timeLeft}>${countdown(left)}</span></div>
      </div>
    `;
  }

  #locked(why: LockReason, connection: Connection) {
    // Both have a place of their own: the banner above, and the log-in form.
    if (why === "removed" || why === "signed_out") return nothing;
    const texts = this.texts.status;
    const underWay = connection.kind === "connecting" || connection.kind === "live";
    return html`
      <div class="banner ${underWay ? "" : "warn"}">
        <div class="about">
          <p role="status"><strong>${texts.locked}</strong> ${texts.lockedBecause[why]}</p>
          <p class="small">${this.#tryingAgain(connection)}</p>
        </div>
        ${connection.kind === "stopped" ? this.#reload() : nothing}
      </div>
    `;
  }

  #disconnected(connection: Connection) {
    switch (connection.kind) {
      case "reconnecting":
        return html`
          <div class="banner warn">
            <div class="about"><p role="status">${this.#whyAway()}</p><p class="small">${this.#tryingAgain(connection)}</p></div>
          </div>
        `;
      case "stopped":
        return html`
          <div class="banner bad">
            <p role="status"><strong>${this.texts.status.notConnected}</strong> ${this.texts.status.stopped[connection.why]}</p>
            ${this.#reload()}
          </div>
        `;
      case "offline":
      case "connecting":
      case "live":
        return nothing;
    }
  }

  #progress({ received, total }: Progress, words: (received: number, total: number) => string) {
    return html`
      <div class="banner">
        <div class="about">
          <p>${words(received, total)}</p>
          <progress .value=${received} .max=${total} aria-label=${words(received, total)}></progress>
        </div>
      </div>
    `;
  }

  #reload() {
    return html`<button @click=${() => location.reload()}>${this.texts.status.reload}</button>`;
  }

  #whyAway(): string {
    return navigator.onLine ? this.texts.status.unreachable : this.texts.status.youAreOffline;
  }

  #tryingAgain(connection: Connection): string {
    const texts = this.texts.status;
    switch (connection.kind) {
      case "reconnecting": {
        const left = connection.nextTryAt - this.#clock.now;
        return left > 0 ? texts.nextTry(countdown(left)) : texts.reconnecting;
      }
      case "connecting":
        return texts.connecting;
      case "stopped":
        return texts.stopped[connection.why];
      case "offline":
      case "live":
        return "";
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "keyleash-status": KeyleashStatus;
  }
}
