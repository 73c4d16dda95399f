/** The form for a new account: the fields of the chosen exchange and kind, each refusal next to its field. */

import { type Draft, DraftError } from "@keyleash/client";
import {
  type Choice,
  checkDraft,
  type Exchange,
  exchangeById,
  exchanges,
  type Field,
  type Kind,
} from "@keyleash/client/exchanges";
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { failureOf } from "./failure.ts";
import { field, note } from "./field.ts";
import { entries, LiveElement } from "./live.ts";
import { controls } from "./theme.ts";

const EXCHANGES: readonly Choice[] = exchanges.map(({ id, name, closed }) => ({
  id,
  label: closed ? `${name} (closed)` : name,
}));

@customElement("keyleash-account-form")
export class AccountForm extends LiveElement {
  static override styles = [
    controls,
    css`
      .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 16px; align-items: start; }
    `,
  ];

  @property({ attribute: false }) close!: () => void;
  @state() private exchange: Exchange | undefined;
  @state() private kind: Kind | undefined;
  /** What looks unusual in the draft that was submitted last; submitting the same again stores it. */
  @state() private warnings: readonly string[] = [];

  #warnedAbout = "";

  override render() {
    const { exchange, kind } = this;
    return html`
      <form class="inset stack" @submit=${this.#submit} novalidate>
        <h3>Add an account</h3>
        <div class="columns">
          ${this.#select("exchange", "Exchange", EXCHANGES, exchange?.id, this.#chooseExchange)}
          ${exchange ? this.#select("kind", "Kind of key", exchange.kinds, kind?.id, this.#chooseKind) : nothing}
          ${exchange ? this.#select("environment", "Environment", exchange.environments, exchange.environments[0]?.id) : nothing}
          ${field({ name: "label", label: "Label", hint: "What you want to call it.", error: this.failure?.fields.label })}
        </div>
        ${keyed(
          kind,
          kind?.fields.map((each) => this.#input(each)),
        )}
        ${exchange ? whereToMake(exchange) : nothing} ${this.#warnings()} ${this.failureView(this.#fieldNames())}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>${this.warnings.length > 0 ? "Store it anyway" : "Store in this browser"}</button>
          <button type="button" @click=${this.close}>Cancel</button>
        </div>
      </form>
    `;
  }

  #select(
    name: string,
    label: string,
    choices: readonly Choice[],
    value: string | undefined,
    choose?: (id: string) => void,
  ) {
    const error = this.failure?.fields[name];
    return html`
      <div class="field">
        <label for=${name}>${label}</label>
        <select
          id=${name} name=${name} aria-invalid=${error ? "true" : "false"} aria-describedby="${name}-note"
          @change=${(event: Event) => choose?.((event.currentTarget as HTMLSelectElement).value)}
        >
          ${value === undefined ? html`<option value="">Choose…</option>` : nothing}
          ${choices.map((each) => html`<option value=${each.id} ?selected=${each.id === value}>${each.label}</option>`)}
        </select>
        ${note(name, undefined, error)}
      </div>
    `;
  }

  #input(each: Field) {
    const error = this.failure?.fields[each.id];
    const label = each.optional ? `${each.label} (optional)` : each.label;
    if (each.choices) return this.#select(each.id, label, each.choices, each.choices[0]?.id);
    if (each.shape !== "pem") {
      const type = each.secret ? "password" : "text";
      return field({ name: each.id, label, type, error, className: "mono", required: !each.optional });
    }
    return html`
      <div class="field">
        <label for=${each.id}>${label}</label>
        <textarea
          id=${each.id} name=${each.id} spellcheck="false" autocomplete="off" placeholder="-----BEGIN PRIVATE KEY-----"
          aria-invalid=${error ? "true" : "false"} aria-describedby="${each.id}-note"
        ></textarea>
        ${note(each.id, undefined, error)}
      </div>
    `;
  }

  #warnings() {
    if (this.warnings.length === 0) return nothing;
    return html`
      <div class="banner warn" role="alert">
        <ul class="stack tight">${this.warnings.map((warning) => html`<li>${warning}</li>`)}</ul>
      </div>
    `;
  }

  #fieldNames(): string[] {
    return ["exchange", "kind", "environment", "label", ...(this.kind?.fields.map((each) => each.id) ?? [])];
  }

  #chooseExchange = (id: string) => {
    this.exchange = exchangeById(id);
    this.kind = this.exchange?.kinds[0];
    this.#forgetRemarks();
  };

  #chooseKind = (id: string) => {
    this.kind = this.exchange?.kinds.find((each) => each.id === id);
    this.#forgetRemarks();
  };

  #forgetRemarks() {
    this.failure = undefined;
    this.warnings = [];
    this.#warnedAbout = "";
  }

  #submit(event: SubmitEvent) {
    const { exchange = "", kind = "", environment = "", label = "", ...fields } = entries(event);
    const draft: Draft = { exchange, kind, environment, label, fields };
    const { errors, warnings } = checkDraft(draft);
    if (Object.keys(errors).length > 0) {
      this.warnings = [];
      this.failure = failureOf(new DraftError(errors));
      return;
    }
    const typed = JSON.stringify(draft);
    if (warnings.length > 0 && this.#warnedAbout !== typed) {
      this.failure = undefined;
      this.warnings = warnings.map(({ message }) => message);
      this.#warnedAbout = typed;
      return;
    }
    void this.attempt(() => this.client.addAccount(draft)).then((stored) => stored && this.close());
  }
}

function whereToMake(exchange: Exchange) {
  return html`
    <p class="small">
      <a href=${exchange.apiKeyPage} target="_blank" rel="noopener noreferrer">Make a key on ${exchange.name}</a>
      <span class="muted">Give it no permission to withdraw.</span>
    </p>
  `;
}
