/** `<terminal-order>`: the accounts that can trade here, and a form that signs a sample order with one of them. */

import type { Account, CredentialId } from "@keyleash/client";
import { exchangeById } from "@keyleash/client/exchanges";
import { controls, entries, field, LiveElement } from "@keyleash/settings";
import { css, html, nothing, type PropertyValues } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { canonical, type Order, sign } from "./signing.ts";

@customElement("terminal-order")
export class OrderForm extends LiveElement {
  static override styles = [
    controls,
    css`
      .accounts { display: grid; gap: 8px; }
      .account { display: flex; gap: 12px; align-items: center; padding: 10px 12px; border: 1px solid var(--line); border-radius: var(--radius-small); font-weight: 400; cursor: pointer; }
      .account:has(:checked) { border-color: var(--accent); background: var(--raised); }
      .account input { width: 18px; min-height: 18px; height: 18px; flex: none; margin: 0; accent-color: var(--accent); }
      .account strong { overflow-wrap: anywhere; }
      .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
      .signature { overflow-wrap: anywhere; }
      dt { color: var(--muted); font-size: 0.87rem; }
      dd + dt { margin-top: 8px; }
      @media (max-width: 599px) { .card { padding: 14px; } }
    `,
  ];

  /** Stays chosen when the keys are gone, so that signing with it says why it fails. */
  @state() private chosen: CredentialId | undefined;
  @state() private signed: { readonly text: string; readonly signature: string } | undefined;

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { accounts } = this.snapshot;
    const present = accounts.some((account) => account.id === this.chosen);
    if (!present && accounts[0]) this.chosen = accounts[0].id;
    // What was signed with a key that is gone does not stay on the screen.
    if (accounts.length === 0) this.signed = undefined;
  }

  override render() {
    const { accounts } = this.snapshot;
    return html`
      <div class="stack">
        <section class="card stack" aria-label="Trading accounts">
          <h2>Accounts</h2>
          ${accounts.length > 0 ? this.#accounts(accounts) : html`<p class="muted">${this.#whyNone()}</p>`}
        </section>
        <section class="card stack" aria-label="Order">
          <h2>Sample order</h2>
          ${this.#form()}
          ${this.failureView()} ${this.#result()}
        </section>
      </div>
    `;
  }

  #whyNone(): string {
    const { sealedAccounts, sync } = this.snapshot;
    if (sync.kind === "removed") return "This device was removed: no key opens here.";
    if (sealedAccounts > 0) return `Locked: ${sealedAccounts} stored here.`;
    return "None yet. Add one in Settings → Accounts.";
  }

  #accounts(accounts: readonly Account[]) {
    return html`
      <div class="accounts" role="radiogroup" aria-label="Account to trade with">
        ${repeat(
          accounts,
          (account) => account.id,
          (account) => html`
          <label class="account">
            <input type="radio" name="account" .checked=${account.id === this.chosen} @change=${() => this.#choose(account.id)} />
            <span class="grow"><strong>${account.label}</strong> <span class="muted small">${exchangeById(account.exchange)?.name ?? account.exchange}</span></span>
            <span class="badge">${account.synced ? "Synced" : "Local only"}</span>
          </label>`,
        )}
      </div>
    `;
  }

  #choose(id: CredentialId) {
    this.chosen = id;
    this.signed = undefined;
    this.failure = undefined;
  }

  #form() {
    return html`
      <form class="stack" @submit=${this.#submit}>
        <div class="pair">
          ${field({ name: "symbol", label: "Symbol", value: "BTCUSDT" })}
          <div class="field">
            <label for="side">Side</label>
            <select id="side" name="side"><option value="buy">Buy</option><option value="sell">Sell</option></select>
          </div>
          ${field({ name: "quantity", label: "Quantity", value: "0.010", inputmode: "decimal" })}
          ${field({ name: "price", label: "Limit price", value: "50000", inputmode: "decimal" })}
        </div>
        <button class="primary" ?disabled=${this.busy || !this.chosen}>Sign order</button>
        <p class="muted small">Signed in this browser with the chosen account's secret. A demo: nothing is sent to an exchange.</p>
      </form>
    `;
  }

  #result() {
    if (!this.signed) return nothing;
    return html`
      <dl class="inset" role="status">
        <dt>Order</dt>
        <dd class="mono signature">${this.signed.text}</dd>
        <dt>HMAC-SHA256 signature</dt>
        <dd class="mono signature" data-signature>${this.signed.signature}</dd>
      </dl>
    `;
  }

  #submit(event: SubmitEvent) {
    const { symbol = "", side, quantity = "", price = "" } = entries(event);
    const order: Order = { symbol, side: side === "sell" ? "sell" : "buy", quantity, price };
    const { chosen } = this;
    if (!chosen) return;
    this.signed = undefined;
    void this.attempt(async () => {
      const signature = await this.client.withCredential(chosen, (credential) => sign(order, credential));
      this.signed = { text: canonical(order), signature };
    });
  }
}
