/** An account opened: its fields, where it is held, what to look out for, and what can be done with it. */

import type { Account, ProblemCode } from "@keyleash/client";
import { draftWarningSentence, exchangeById, type Kind } from "@keyleash/client/exchanges";
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { field } from "../field.ts";
import { entries, LiveElement } from "../live.ts";
import { controls } from "../theme.ts";
import "./account-form.ts";
import "./conflict.ts";
import type { Item } from "./listing.ts";
import "./secret.ts";
import { day, nameOf } from "./terms.ts";

type Doing = "reading" | "editing" | "relabelling";

@customElement("keyleash-account-detail")
export class AccountDetail extends LiveElement {
  static override styles = [
    controls,
    css`
      .detail { padding: 4px 12px 16px 52px; background: var(--raised); }
      dl { display: grid; grid-template-columns: minmax(7rem, auto) minmax(0, 1fr); gap: 8px 20px; align-items: start; }
      dt { color: var(--muted); font-size: 0.87rem; padding-top: 5px; }
      dd { padding-top: 4px; overflow-wrap: anywhere; }
      dd:has(keyleash-secret) { padding-top: 0; }
      ul.notes.stack { list-style: none; padding: 0; }
      .relabel { max-width: 26rem; }
      @container (max-width: 599px) {
        .detail { padding-inline: 12px; }
        dl { grid-template-columns: minmax(0, 1fr); gap: 2px; }
        dd { padding-bottom: 8px; }
      }
    `,
  ];

  @property({ attribute: false }) item!: Extract<Item, { place: "here" }>;
  @property({ attribute: false }) heldBy: readonly string[] | undefined;
  @property({ attribute: false }) copy!: (text: string, what: string) => Promise<void>;
  /** Deletes it, with a way back. */
  @property({ attribute: false }) delete!: () => void;
  @property({ attribute: false }) close!: () => void;
  @state() private doing: Doing = "reading";

  override render() {
    const { account } = this.item;
    if (account.pending?.kind === "conflict") {
      return html`<div class="detail"><keyleash-conflict .client=${this.client} .account=${account}></keyleash-conflict></div>`;
    }
    if (this.doing === "editing") {
      return html`<div class="detail"><keyleash-account-form .client=${this.client} .account=${account} .close=${this.#read}></keyleash-account-form></div>`;
    }
    return html`
      <div class="detail stack" @keydown=${this.#keys}>
        ${this.#refused(account)} ${this.#facts()} ${this.#notes()} ${this.failureView(["label"])}
        ${this.doing === "relabelling" ? this.#relabelling(account) : this.#actions(account)}
      </div>
    `;
  }

  #facts() {
    const { texts } = this;
    const { detail } = texts.accounts;
    const { account, environmentName, exchangeName } = this.item;
    const kind = kindOf(account);
    const added = day(texts, account.createdAt);
    const changed = day(texts, account.updatedAt ?? account.createdAt);
    return html`
      <dl>
        <dt>${detail.exchange}</dt>
        <dd>${exchangeName} · ${environmentName}${kind ? html` · ${nameOf(texts, kind)}` : nothing}</dd>
        ${kind?.fields.map((each) => {
          const label = nameOf(texts, each);
          const read = () =>
            this.client.withCredential(account.id, ({ fields }) => {
              const text = fields[each.id] ?? "";
              return nameOf(texts, each.choices?.find(({ id }) => id === text) ?? { label: text });
            });
          return html`
            <dt>${label}</dt>
            <dd><keyleash-secret .label=${label} ?secret=${each.secret} ?without-copy=${each.choices !== undefined} .read=${read} .copy=${this.copy} data-field=${each.id}></keyleash-secret></dd>
          `;
        })}
        <dt>${detail.added}</dt>
        <dd>${added}${changed === added ? nothing : html` <span class="muted">${detail.changed(changed)}</span>`}</dd>
        ${this.#held()}
      </dl>
    `;
  }

  #held() {
    const { detail } = this.texts.accounts;
    if (!this.item.account.synced) return html`<dt>${detail.heldBy}</dt><dd>${detail.onlyHere}</dd>`;
    if (!this.heldBy) return nothing;
    return html`<dt>${detail.heldBy}</dt><dd>${this.heldBy.join(", ")}</dd>`;
  }

  #notes() {
    const { warnings } = this.item;
    if (warnings.length === 0) return nothing;
    return html`
      <ul class="notes stack tight small caution">
        ${warnings.map((warning) => html`<li>${draftWarningSentence(warning, this.texts.draftWarnings)}</li>`)}
      </ul>
    `;
  }

  #refused({ id, pending }: Account) {
    if (pending?.kind !== "refused") return nothing;
    const { accounts, errors } = this.texts;
    const { detail } = accounts;
    const problems: Partial<Record<ProblemCode, string>> = errors.problems;
    return html`
      <div class="banner bad">
        <div>${detail.refused(problems[pending.code] ?? pending.detail)}</div>
        <button class="small" ?disabled=${this.busy} @click=${() => this.attempt(() => this.client.discardChange(id))}>${detail.discard}</button>
      </div>
    `;
  }

  #actions({ label, exchange: id }: Account) {
    const { detail } = this.texts.accounts;
    const exchange = exchangeById(id);
    return html`
      <div class="row">
        <button class="small" aria-label=${detail.editOf(label)} @click=${() => this.#do("editing")}>${detail.edit}</button>
        <button class="small" aria-label=${detail.relabelOf(label)} @click=${() => this.#do("relabelling")}>${detail.relabel}</button>
        <button class="small danger" aria-label=${detail.deleteOf(label)} @click=${this.delete}>${detail.delete}</button>
        ${exchange ? html`<a class="small" href=${exchange.apiKeyPage} target="_blank" rel="noopener noreferrer">${detail.manageAt(exchange.name)}</a>` : nothing}
      </div>
    `;
  }

  #relabelling({ id, label }: Account) {
    const { words, accounts } = this.texts;
    const relabel = (event: SubmitEvent) => {
      const { label: next = "" } = entries(event);
      void this.attempt(() => this.client.updateAccount(id, { label: next })).then((done) => done && this.#read());
    };
    return html`
      <form class="relabel stack" @submit=${relabel}>
        ${field({ name: "label", label: accounts.detail.newLabel, value: label, maxlength: 64, error: this.failure?.fields.label })}
        <div class="row">
          <button class="primary small" ?disabled=${this.busy}>${words.save}</button>
          <button type="button" class="small" @click=${this.#read}>${words.cancel}</button>
        </div>
      </form>
    `;
  }

  async #do(doing: Doing) {
    this.failure = undefined;
    this.doing = doing;
    await this.updateComplete;
    const input = this.renderRoot.querySelector("input");
    if (doing === "relabelling") input?.select();
    if (doing === "reading") this.renderRoot.querySelector<HTMLElement>(".row button")?.focus();
  }

  #read = () => void this.#do("reading");

  #keys(event: KeyboardEvent) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (this.doing === "reading") this.close();
    else this.#read();
  }
}

function kindOf(account: Account): Kind | undefined {
  return exchangeById(account.exchange)?.kinds.find((each) => each.id === account.kind);
}
