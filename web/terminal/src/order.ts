/** `<terminal-order>`: the accounts that can trade here, and a form that signs a sample order with one of them. */

import type { Account, Client, CredentialId, Snapshot } from "@keyleash/client";
import { exchangeById } from "@keyleash/client/exchanges";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { canonical, type Order, sign } from "./signing.ts";

@customElement("terminal-order")
export class OrderForm extends LitElement {
  @property({ attribute: false }) client!: Client;
  @property({ attribute: false }) snapshot!: Snapshot;

  /** Stays chosen when the keys are gone, so that signing with it says why it fails. */
  @state() private chosen: CredentialId | undefined;
  @state() private signed: { readonly text: string; readonly signature: string } | undefined;
  @state() private failure: string | undefined;
  @state() private busy = false;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("snapshot")) return;
    const { accounts } = this.snapshot;
    const present = accounts.some((account) => account.id === this.chosen);
    if (!present && accounts[0]) this.chosen = accounts[0].id;
    // What was signed with a key that is gone does not stay on the screen.
    if (accounts.length === 0) this.signed = undefined;
  }

  override render() {
    const { accounts } = this.snapshot;
    return html`
      <section class="card" aria-label="Trading accounts">
        <h2>Accounts</h2>
        ${accounts.length > 0 ? this.#accounts(accounts) : html`<p class="muted">${this.#whyNone()}</p>`}
      </section>
      <section class="card" aria-label="Order">
        <h2>Sample order</h2>
        ${this.#form()}
        ${this.failure ? html`<p class="error" role="alert">${this.failure}</p>` : nothing} ${this.#result()}
      </section>
    `;
  }

  #whyNone(): string {
    const { sealedAccounts, elsewhere, sync } = this.snapshot;
    if (sync.kind === "removed") return "This device was removed: no key opens here.";
    if (sealedAccounts > 0) return `Locked: ${sealedAccounts} stored here.`;
    if (elsewhere.length > 0)
      return `None here. ${elsewhere.length} on your other devices: retrieve in Settings → Accounts.`;
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
            <span><strong>${account.label}</strong> <span class="muted">${exchangeById(account.exchange)?.name ?? account.exchange}</span></span>
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
      <form @submit=${this.#submit}>
        <div class="pair">
          <label>Symbol <input name="symbol" value="BTCUSDT" required autocomplete="off" spellcheck="false" /></label>
          <label>Side <select name="side"><option value="buy">Buy</option><option value="sell">Sell</option></select></label>
          <label>Quantity <input name="quantity" value="0.010" required autocomplete="off" inputmode="decimal" /></label>
          <label>Limit price <input name="price" value="50000" required autocomplete="off" inputmode="decimal" /></label>
        </div>
        <button class="primary" ?disabled=${this.busy || !this.chosen}>Sign order</button>
        <p class="muted">Signed in this browser with the chosen account's secret. A demo: nothing is sent to an exchange.</p>
      </form>
    `;
  }

  #result() {
    if (!this.signed) return nothing;
    return html`
      <dl role="status">
        <dt>Order</dt>
        <dd>${this.signed.text}</dd>
        <dt>HMAC-SHA256 signature</dt>
        <dd data-signature>${this.signed.signature}</dd>
      </dl>
    `;
  }

  #submit(event: SubmitEvent) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(typed.get(name) ?? "");
    const order: Order = {
      symbol: text("symbol"),
      side: text("side") === "sell" ? "sell" : "buy",
      quantity: text("quantity"),
      price: text("price"),
    };
    if (this.chosen) void this.#sign(this.chosen, order);
  }

  async #sign(account: CredentialId, order: Order) {
    this.signed = undefined;
    this.failure = undefined;
    this.busy = true;
    try {
      const signature = await this.client.withCredential(account, (credential) => sign(order, credential));
      this.signed = { text: canonical(order), signature };
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    } finally {
      this.busy = false;
    }
  }
}
