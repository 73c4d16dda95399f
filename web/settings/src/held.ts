/** What a removed device was ever given. What was copied cannot be un-copied, so these keys are to be rotated. */

import type { Account, CredentialId } from "@keyleash/client";
import { type Exchange, exchangeById } from "@keyleash/client/exchanges";
import { html, nothing } from "lit";

export interface Held {
  readonly label: string;
  readonly exchange?: Exchange;
}

/** Names the credentials from what is known here at the moment of the removal. */
export function heldAccounts(held: readonly CredentialId[], accounts: readonly Account[]): Held[] {
  return held.map((id) => {
    const account = accounts.find((each) => each.id === id);
    if (!account) return { label: "An account that is not in this browser" };
    const exchange = exchangeById(account.exchange);
    return exchange ? { label: account.label, exchange } : { label: account.label };
  });
}

export function rotationList(device: string, held: readonly Held[] | undefined) {
  if (!held) return nothing;
  if (held.length === 0) return html`<p class="muted small">It never held a synced account.</p>`;
  return html`
    <div class="inset stack tight" data-held>
      <p>
        <strong>Rotate these keys.</strong>
        <span class="small">${device} held them. Whatever was read there before cannot be taken back, except at the exchange.</span>
      </p>
      <ul class="stack tight">
        ${held.map(
          ({ label, exchange }) => html`
          <li>
            ${label}
            ${exchange ? html`<a href=${exchange.apiKeyPage} target="_blank" rel="noopener noreferrer">Rotate on ${exchange.name}</a>` : nothing}
          </li>`,
        )}
      </ul>
    </div>
  `;
}
