/** What stands above the list, or in its place: nothing there yet, locked, gone for good, elsewhere, on its way. */

import type { Snapshot } from "@keyleash/client";
import { css, html, nothing } from "lit";
import type { Texts } from "../texts/texts.ts";

export const stateStyles = css`
  .empty { display: grid; justify-items: center; text-align: center; gap: 8px; padding: 36px 16px; border: 1px dashed var(--line-strong); border-radius: var(--radius); }
  .empty svg { width: 44px; height: 44px; color: var(--muted); }
  .empty p { max-width: 34rem; }
  .nothing { padding: 28px 12px; text-align: center; }
  .apart { padding: 4px 12px 16px 52px; background: var(--raised); }
  .waiting { display: grid; gap: 1px; }
  .waiting span { display: block; height: 64px; border-top: 1px solid var(--line);
    background: linear-gradient(var(--raised), var(--raised)) 52px 22px / min(16rem, 55%) 10px no-repeat, linear-gradient(var(--raised), var(--raised)) 52px 38px / min(9rem, 35%) 8px no-repeat,
      linear-gradient(var(--raised), var(--raised)) 0 14px / 36px 36px no-repeat; }
  .numbers { display: flex; justify-content: space-between; gap: 12px; }
`;

export function emptyView({ accounts: { empty } }: Texts) {
  return html`
    <div class="empty">
      <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        <circle cx="8" cy="8" r="4.5" />
        <path d="M11.2 11.2 20 20m-3.2-3.2 2.4-2.4M14 14l2-2" />
      </svg>
      <strong>${empty.title}</strong>
      <p class="muted">${empty.explained}</p>
    </div>
  `;
}

/** Rows drawn as placeholders while the keys are on their way; more would only promise a long list. */
const PLACEHOLDERS_MAX = 4;

interface SealedOptions {
  readonly busy: boolean;
  /** Asked whether it is meant: there is no way back. */
  readonly asking: boolean;
  readonly ask: (asking: boolean) => void;
  readonly discard: () => void;
}

/** Accounts that are stored here and do not open: not now, or never again. */
export function sealedView(texts: Texts, snapshot: Snapshot, options: SealedOptions) {
  const { sealed } = texts.accounts;
  const { sealedAccounts: count, lock, connection } = snapshot;
  if (count === 0) return nothing;
  const removed = lock.kind === "locked" && lock.why === "removed";
  if (lock.kind === "locked" && !removed) {
    const coming = connection.kind === "connecting" || connection.kind === "live";
    return html`
      <p class="muted" role="status">${coming ? sealed.opening(count) : sealed.locked(count)}</p>
      <div class="waiting" aria-hidden="true">${Array.from({ length: Math.min(count, PLACEHOLDERS_MAX) }, () => html`<span></span>`)}</div>
    `;
  }
  return html`
    <div class="banner">
      <div>
        <p><strong>${removed ? sealed.lockedByRemoval(count) : sealed.gone(count)}</strong></p>
        <p class="small muted">${removed ? sealed.wayBack : sealed.goneBecauseLate}</p>
      </div>
      ${
        options.asking
          ? html`
        <div class="row">
          <button class="small danger primary" ?disabled=${options.busy} @click=${options.discard}>${sealed.discardForGood(count)}</button>
          <button class="small" @click=${() => options.ask(false)}>${texts.words.cancel}</button>
        </div>`
          : html`<button class="small danger" @click=${() => options.ask(true)}>${sealed.discard(count)}</button>`
      }
    </div>
  `;
}

/** Goes on in other tabs and after a reload, and says so. */
export function retrievalBar({ accounts: { elsewhere } }: Texts, { retrieval }: Snapshot) {
  if (!retrieval) return nothing;
  const { received, total } = retrieval;
  return html`
    <div class="banner">
      <div class="stack tight">
        <p class="numbers"><strong>${elsewhere.retrieving}</strong> <span>${elsewhere.progress(received, total)}</span></p>
        <progress .value=${received} .max=${total} aria-label=${elsewhere.retrieving}></progress>
        <p class="small muted">${elsewhere.goesOn}</p>
      </div>
    </div>
  `;
}

/** Until they are decided nothing of them is sent, so they are not left to be found. */
export function decisionsBanner({ accounts: { decisions } }: Texts, count: number, decide: () => void) {
  if (count === 0) return nothing;
  return html`
    <div class="banner warn">
      <div>${decisions.count(count)}</div>
      <button class="small" @click=${decide}>${decisions.decide}</button>
    </div>
  `;
}

export function elsewhereBanner({ accounts: { elsewhere } }: Texts, snapshot: Snapshot, retrieveAll: () => void) {
  const count = snapshot.elsewhere.filter(({ wanted, pending }) => !wanted && pending?.kind !== "deleting").length;
  if (count === 0 || snapshot.retrieval) return nothing;
  return html`
    <div class="banner">
      <div>${elsewhere.count(count)}</div>
      <button class="small primary" @click=${retrieveAll}>${elsewhere.retrieveAll(count)}</button>
    </div>
  `;
}
