/** Settings > Accounts > ACCOUNTS: every account of this browser, and whether each is shared. */

import type { Account } from "@keyleash/client";
import { exchangeById } from "@keyleash/client/exchanges";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "./account-form.ts";
import { field } from "./field.ts";
import { entries, LiveElement } from "./live.ts";
import { controls } from "./theme.ts";
import { toggle } from "./toggle.ts";

/** What is open below an account's row. */
type Opened = { readonly what: "relabel" | "delete"; readonly id: string };

@customElement("keyleash-accounts")
export class AccountsView extends LiveElement {
  static override styles = [
    controls,
    css`
      .account { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: 4px 16px; align-items: center; padding: 14px 0; }
      .account strong { overflow-wrap: anywhere; }
      .below { padding-bottom: 14px; }
      .share { display: flex; align-items: center; gap: 8px; font-weight: 450; min-width: 8.5rem; justify-content: flex-end; }
      .list { border-top: 1px solid var(--line); list-style: none; }
      .list > li { border-bottom: 1px solid var(--line); }
      .list > li:last-child { border-bottom: 0; }
      @media (max-width: 599px) {
        .account { grid-template-columns: 1fr auto; }
        .account > :first-child { grid-column: 1 / -1; }
        .share { justify-content: flex-start; }
      }
    `,
  ];

  @property({ attribute: false }) openSync!: () => void;
  @state() private adding = false;
  @state() private opened: Opened | undefined;

  override render() {
    const { accounts, sealedAccounts, lock } = this.snapshot;
    return html`
      <div class="stack">
        ${this.#autoConnect()}
        <div class="row spread">
          <h3>Accounts</h3>
          <button class="primary" ?hidden=${this.adding} ?disabled=${lock.kind === "locked"} @click=${() => this.#add(true)}>Add account</button>
        </div>
        ${this.adding ? html`<keyleash-account-form .client=${this.client} .close=${() => this.#add(false)}></keyleash-account-form>` : nothing}
        ${this.failureView()}
        ${sealedAccounts > 0 ? html`<p class="muted">${sealedAccounts} ${sealedAccounts === 1 ? "account is" : "accounts are"} stored here, locked.</p>` : nothing}
        ${accounts.length === 0 && sealedAccounts === 0 && !this.adding ? html`<p class="muted">No accounts yet. A key that you add lives in this browser alone until you share it.</p>` : nothing}
        ${
          accounts.length > 0
            ? html`
          <ul class="list" aria-label="Accounts">
            ${repeat(
              accounts,
              (account) => account.id,
              (account) => html`<li>${this.#row(account)}</li>`,
            )}
          </ul>`
            : nothing
        }
      </div>
    `;
  }

  #add(adding: boolean) {
    this.adding = adding;
  }

  #autoConnect() {
    const { session, sync } = this.snapshot;
    if (sync.kind !== "verified" || session.kind !== "in") {
      return html`
        <div class="banner">
          <div>${sync.kind === "pending" ? "This device waits to be verified; until then its accounts stay in this browser." : "Accounts stay in this browser alone while sync is off."}</div>
          <button class="small" @click=${this.openSync}>${sync.kind === "pending" ? "Verify this device" : "Set up sync"}</button>
        </div>
      `;
    }
    const on = session.me.auto_connect;
    return html`
      <label class="switch inset">
        <span class="stack tight">
          <strong>Auto connect all accounts</strong>
          <span class="muted small">Shares every account of this browser, now and as you add them.</span>
        </span>
        ${toggle({ on, disabled: this.busy, flip: () => void this.attempt(() => this.client.setAutoConnect(!on)) })}
      </label>
    `;
  }

  #row(account: Account): TemplateResult {
    const exchange = exchangeById(account.exchange);
    const environment =
      exchange?.environments.find((each) => each.id === account.environment)?.label ?? account.environment;
    return html`
      <div class="account">
        <div>
          <strong>${account.label}</strong>
          <p class="muted small">
            ${exchange?.name ?? account.exchange} · ${environment}${exchange?.closed ? html` · <span class="caution">closed</span>` : nothing}
          </p>
        </div>
        ${this.#share(account)}
        <div class="row">
          <button class="small" @click=${() => this.#open("relabel", account)} aria-label="Relabel ${account.label}">Relabel</button>
          <button class="small danger" @click=${() => this.#open("delete", account)} aria-label="Delete ${account.label}">Delete</button>
        </div>
      </div>
      ${this.#pending(account)} ${this.#below(account)}
    `;
  }

  #share(account: Account) {
    const words = account.synced ? "Synced" : "Local only";
    if (this.snapshot.sync.kind !== "verified")
      return html`<span class="share"><span class="badge">${words}</span></span>`;
    return html`
      <label class="switch share">
        <span class="small ${account.synced ? "" : "muted"}">${words}</span>
        ${toggle({
          on: account.synced,
          disabled: this.busy,
          flip: () => void this.attempt(() => this.client.setSynced(account.id, !account.synced)),
          label: `Sync ${account.label}`,
        })}
      </label>
    `;
  }

  #open(what: Opened["what"], { id }: Account) {
    this.failure = undefined;
    this.opened = this.opened?.what === what && this.opened.id === id ? undefined : { what, id };
  }

  #below(account: Account) {
    if (this.opened?.id !== account.id) return nothing;
    const close = () => {
      this.opened = undefined;
    };
    const done = (went: boolean) => went && close();
    if (this.opened.what === "relabel") {
      const relabel = (event: SubmitEvent) => {
        const { label = "" } = entries(event);
        void this.attempt(() => this.client.updateAccount(account.id, { label })).then(done);
      };
      return html`
        <form class="below stack" @submit=${relabel}>
          ${field({ name: "label", label: "New label", value: account.label, maxlength: 64, error: this.failure?.fields.label })}
          <div class="row">
            <button class="primary" ?disabled=${this.busy}>Save</button>
            <button type="button" @click=${close}>Cancel</button>
          </div>
        </form>
      `;
    }
    return html`
      <div class="below">
        <div class="banner bad">
          <div>${account.synced ? "Deletes this account on every device that shares it." : "Deletes this account. It is stored nowhere else."}</div>
          <div class="row">
            <button class="danger primary" ?disabled=${this.busy} @click=${() => void this.attempt(() => this.client.deleteAccount(account.id)).then(done)}>Delete ${account.label}</button>
            <button @click=${close}>Cancel</button>
          </div>
        </div>
      </div>
    `;
  }

  #pending({ id, pending }: Account) {
    switch (pending?.kind) {
      case undefined:
        return nothing;
      case "waiting":
        return html`<p class="below small muted">Stored here; goes to the server when it answers.</p>`;
      case "conflict":
        return html`
          <div class="below"><div class="banner warn">
            <div>Another device changed this account first. Nothing was overwritten.</div>
            <div class="row">
              <button class="small" @click=${() => this.attempt(() => this.client.resolveConflict(id, "mine"))}>Keep mine</button>
              <button class="small" @click=${() => this.attempt(() => this.client.resolveConflict(id, "theirs"))}>Use theirs</button>
            </div>
          </div></div>
        `;
      case "refused":
        return html`
          <div class="below"><div class="banner bad">
            <div>The server refused the change: ${pending.detail}</div>
            <button class="small" @click=${() => this.attempt(() => this.client.discardChange(id))}>Discard the change</button>
          </div></div>
        `;
    }
  }
}
