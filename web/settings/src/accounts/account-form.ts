/**
 * The form for an account, new or stored: the fields of the chosen exchange and kind, each refusal next to its field. What is
 * pasted or dropped anywhere on it is taken apart (`import-panel.ts`).
 *
 * Owns what is being typed. Of a stored account it holds no secret: one that is left empty stays as it is.
 */

import { type Account, type CredentialId, type Draft, DraftError } from "@keyleash/client";
import {
  checkDraft,
  type DraftWarning,
  draftWarningSentence,
  type Exchange,
  exchangeById,
  type Fault,
  type Field,
  faultSentence,
  type Kind,
} from "@keyleash/client/exchanges";
import { css, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { LiveElement } from "../live.ts";
import { controls } from "../theme.ts";
import { choiceField, draftFieldStyles, textField } from "./draft-field.ts";
import { exchangePicker, pickerStyles } from "./exchange-picker.ts";
import { type Fitted, fit } from "./import/fit.ts";
import type { Found } from "./import/reading.ts";
import type { ImportPanel } from "./import-panel.ts";
import "./import-panel.ts";
import { markStyles } from "./marks.ts";

type Texts = Readonly<Record<string, string>>;
interface Checked {
  readonly errors: Readonly<Record<string, Fault>>;
  readonly warnings: readonly DraftWarning[];
}

@customElement("keyleash-account-form")
export class AccountForm extends LiveElement {
  static override styles = [
    controls,
    markStyles,
    pickerStyles,
    draftFieldStyles,
    css`
      form { position: relative; }
      .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)); gap: 16px; align-items: start; }
      .dropping { outline: 2px dashed var(--accent); outline-offset: -6px; }
      @container (max-width: 479px) { form.inset { padding: 12px; } }
      .banner ul { padding-left: 1.2rem; }
    `,
  ];

  /** To be changed; left out: a new one. */
  @property({ attribute: false }) account: Account | undefined;
  /** Called with the account that was stored, or without one. */
  @property({ attribute: false }) close!: (stored?: CredentialId) => void;
  @state() private exchange: Exchange | undefined;
  @state() private kind: Kind | undefined;
  @state() private environment = "";
  @state() private typed: Texts = {};
  @state() private faults: Checked["errors"] = {};
  /** What the draft that was submitted last should be thought over for; submitting the same again stores it. */
  @state() private remarks: readonly string[] = [];
  @state() private revealed: ReadonlySet<string> = new Set();
  @state() private dropping = false;
  @query("keyleash-import") private importPanel!: ImportPanel | null;

  /** Fields that were left once, and may be found fault with. */
  #visited = new Set<string>();
  #remarkedOn = "";
  #isFilled = false;

  override connectedCallback(): void {
    super.connectedCallback();
    const { account } = this;
    if (!account || this.#isFilled) return;
    this.#isFilled = true;
    void this.attempt(() => this.#load(account));
  }

  /** Forgets what was typed, but not when a list in a new order has taken it out to put it elsewhere. */
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.typed = {};
      this.#isFilled = false;
    });
  }

  protected override firstUpdated(): void {
    if (!this.account) this.renderRoot.querySelector<HTMLElement>(".exchange input")?.focus();
  }

  override render() {
    const { accountForm: texts, words } = this.texts;
    const { exchange, kind } = this;
    const title = this.account ? texts.editTitle(this.account.label) : texts.addTitle;
    return html`
      <form
        class="inset stack ${this.dropping ? "dropping" : ""}" novalidate aria-label=${title} @submit=${this.#submit} @keydown=${this.#keys}
        @paste=${this.#pasted} @dragover=${this.#dragOver} @dragleave=${this.#dragLeave} @drop=${this.#drop}
      >
        <h3>${title}</h3>
        ${this.account && !exchange ? nothing : html`<keyleash-import .exchange=${exchange} .fill=${this.#fill}></keyleash-import>`}
        ${this.account ? nothing : exchangePicker(this.texts, { chosen: exchange, choose: this.#chooseExchange, error: this.#sentence("exchange") })}
        ${exchange && kind ? this.#details(exchange, kind) : nothing}
        ${this.#remarks()} ${this.failure && Object.keys(this.failure.fields).length === 0 ? this.failureView() : nothing}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>${this.remarks.length > 0 ? texts.storeAnyway : this.account ? words.save : texts.store}</button>
          <button type="button" @click=${() => this.close()}>${words.cancel}</button>
        </div>
      </form>
    `;
  }

  #details(exchange: Exchange, kind: Kind) {
    const { texts } = this;
    const { accountForm } = texts;
    const lapses = this.#reminder(exchange);
    const closed = this.#closing(exchange);
    const common = { change: this.#change, leave: this.#leave };
    return html`
      ${closed ? html`<p class="small caution">${closed}</p>` : nothing} ${lapses ? html`<p class="small caution">${lapses}</p>` : nothing}
      <div class="columns">
        ${textField({ ...common, id: "label", label: accountForm.label, value: this.typed.label ?? "", error: this.#sentence("label"), hint: accountForm.labelHint, maxlength: 64 })}
        ${
          exchange.kinds.length > 1 && !this.account
            ? choiceField(texts, {
                id: "kind",
                label: accountForm.kind,
                choices: exchange.kinds,
                value: kind.id,
                change: (_, id) => this.#chooseKind(id),
                error: this.#sentence("kind"),
              })
            : nothing
        }
        ${choiceField(texts, { id: "environment", label: accountForm.environment, choices: exchange.environments, value: this.environment, change: (_, id) => this.#chooseEnvironment(id), error: this.#sentence("environment") })}
      </div>
      ${kind.fields.map((each) => this.#field(each))}
      ${closed ? nothing : html`<p class="small"><a href=${exchange.apiKeyPage} target="_blank" rel="noopener noreferrer">${accountForm.makeKey(exchange.name)}</a> <span class="muted">${accountForm.noWithdrawal}</span></p>`}
    `;
  }

  #field(field: Field) {
    const { texts } = this;
    const { accountForm, terms } = texts;
    const name = terms[field.label] ?? field.label;
    const label = field.optional ? accountForm.optional(name) : name;
    const value = this.typed[field.id] ?? "";
    const error = this.#sentence(field.id);
    if (field.choices) {
      return choiceField(texts, { id: field.id, label, choices: field.choices, value, change: this.#change, error });
    }
    const kept = this.account && field.secret ? { placeholder: accountForm.unchanged } : {};
    return textField({
      ...{ id: field.id, label, value, error, mono: true, change: this.#change, leave: this.#leave, ...kept },
      ...(field.shape === "pem" && { lines: true, placeholder: kept.placeholder ?? "-----BEGIN PRIVATE KEY-----" }),
      ...(field.secret && {
        reveal: {
          on: this.revealed.has(field.id),
          words: this.revealed.has(field.id) ? accountForm.hide : accountForm.show,
          name: texts.accounts.detail.showField(name, this.revealed.has(field.id)),
          flip: () => this.#reveal(field.id),
        },
      }),
    });
  }

  #remarks() {
    if (this.remarks.length === 0) return nothing;
    return html`<div class="banner warn" role="alert"><ul class="stack tight">${this.remarks.map((remark) => html`<li>${remark}</li>`)}</ul></div>`;
  }

  #sentence(id: string): string | undefined {
    const fault = this.faults[id];
    return fault ? faultSentence(fault, this.texts.faults) : this.failure?.fields[id];
  }

  /** Known before anything is typed, and true of every key: said at once, and not asked about. */
  #closing({ name, closed }: Exchange): string | undefined {
    if (!closed) return undefined;
    return draftWarningSentence({ code: "exchange_closed", exchange: name, closed }, this.texts.draftWarnings);
  }

  #reminder({ id, reminder }: Exchange): string | undefined {
    if (!reminder) return undefined;
    return draftWarningSentence({ code: "lapses", exchangeId: id, reminder }, this.texts.draftWarnings);
  }

  // --- What is typed ---

  #chooseExchange = (exchange: Exchange) => {
    this.exchange = exchange;
    this.kind = exchange.kinds[0];
    this.environment = exchange.environments[0]?.id ?? "";
    this.#begin();
  };

  #chooseKind(id: string) {
    this.kind = this.exchange?.kinds.find((each) => each.id === id);
    this.#begin();
  }

  #chooseEnvironment(id: string) {
    this.environment = id;
    this.#forgetRemarks();
  }

  /** Other fields: the first of each choice is chosen, and nothing is found fault with yet. */
  #begin() {
    const choices = this.kind?.fields.flatMap(({ id, choices: of }) => (of?.[0] ? [[id, of[0].id]] : [])) ?? [];
    this.typed = { ...Object.fromEntries(choices), ...this.typed };
    this.#visited.clear();
    this.faults = {};
    this.#forgetRemarks();
  }

  #change = (id: string, text: string) => {
    this.typed = { ...this.typed, [id]: text };
    if (this.remarks.length > 0) this.#forgetRemarks();
    // What was found fault with is looked at again at once, to say when it is right.
    if (this.faults[id]) void this.#look();
  };

  #leave = (id: string) => {
    if (!this.typed[id]) return;
    this.#visited.add(id);
    void this.#look();
  };

  #reveal(id: string) {
    const next = new Set(this.revealed);
    if (!next.delete(id)) next.add(id);
    this.revealed = next;
  }

  #forgetRemarks() {
    this.failure = undefined;
    this.remarks = [];
    this.#remarkedOn = "";
  }

  // --- Reading it in ---

  #fill = (found: Found, exchange: Exchange): Fitted | undefined => {
    if (this.account && this.account.exchange !== exchange.id) return undefined;
    const fitted = fit(found, exchange);
    if (this.account && fitted.kind.id !== this.account.kind) return undefined;
    if (this.exchange !== exchange) this.#chooseExchange(exchange);
    this.kind = fitted.kind;
    if (fitted.environment) this.environment = fitted.environment.id;
    this.#begin();
    this.typed = { ...this.typed, ...fitted.fields, ...(found.label && { label: found.label }) };
    for (const id of Object.keys(fitted.fields)) this.#visited.add(id);
    void this.#look().then(() => this.#focusNext());
    return fitted;
  };

  /** A block pasted into any field is not the text of that field. */
  #pasted(event: ClipboardEvent) {
    const target = event.composedPath()[0];
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!(target instanceof HTMLInputElement) || !/[\n{]/.test(text.trim())) return;
    if (this.importPanel?.read(text)) event.preventDefault();
  }

  #dragOver(event: DragEvent) {
    event.preventDefault();
    this.dropping = true;
  }

  #dragLeave() {
    this.dropping = false;
  }

  #drop(event: DragEvent) {
    event.preventDefault();
    this.dropping = false;
    const [file] = event.dataTransfer?.files ?? [];
    if (file) void this.importPanel?.readFile(file);
    else this.importPanel?.read(event.dataTransfer?.getData("text/plain") ?? "");
  }

  async #focusNext(): Promise<void> {
    await this.updateComplete;
    const inputs = [...this.renderRoot.querySelectorAll<HTMLInputElement>(".draft-field input, .draft-field textarea")];
    const next = inputs.find((input) => input.value === "" || input.getAttribute("aria-invalid") === "true");
    (next ?? this.renderRoot.querySelector<HTMLElement>("button.primary"))?.focus();
  }

  // --- Checking and storing ---

  /** There is no field before what is stored is read in: it would take the place of what was typed meanwhile. */
  async #load(account: Account): Promise<void> {
    this.exchange = undefined;
    const exchange = exchangeById(account.exchange);
    const kind = exchange?.kinds.find(({ id }) => id === account.kind);
    const open = kind?.fields.filter(({ secret }) => !secret).map(({ id }) => id) ?? [];
    const fields = await this.client.withCredential(account.id, (stored) =>
      open.map((id) => [id, stored.fields[id] ?? ""]),
    );
    this.typed = { label: account.label, ...Object.fromEntries(fields) };
    this.exchange = exchange;
    this.kind = kind;
    this.environment = account.environment;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("#label")?.focus();
  }

  #draft(): Draft {
    const { label = "", ...typed } = this.typed;
    const ids = this.kind?.fields
      .filter(({ id, secret }) => !(this.account && secret && !typed[id]))
      .map(({ id }) => id);
    const fields = Object.fromEntries((ids ?? []).map((id) => [id, typed[id] ?? ""]));
    return {
      exchange: this.exchange?.id ?? "",
      kind: this.kind?.id ?? "",
      environment: this.environment,
      label,
      fields,
    };
  }

  /** With what is stored already, which is lent for the length of the check. */
  async #check(draft: Draft): Promise<Checked> {
    if (!this.account) return checkDraft(draft);
    return this.client.withCredential(this.account.id, (stored) => {
      const { errors, warnings } = checkDraft({ ...draft, fields: { ...stored.fields, ...draft.fields } });
      return { errors, warnings };
    });
  }

  async #look(): Promise<void> {
    const { errors } = await this.#check(this.#draft());
    this.faults = Object.fromEntries(Object.entries(errors).filter(([id]) => this.#visited.has(id)));
  }

  #submit(event: SubmitEvent) {
    event.preventDefault();
    const draft = this.#draft();
    let stored: CredentialId | undefined;
    void this.attempt(async () => {
      const { errors, warnings } = await this.#check(draft);
      this.faults = errors;
      if (Object.keys(errors).length > 0) throw new DraftError(errors);
      if (!this.#isToldOf(draft, warnings)) return;
      if (this.account) {
        const { label, environment, fields } = draft;
        await this.client.updateAccount(this.account.id, { label, environment, fields });
        stored = this.account.id;
      } else stored = (await this.client.addAccount(draft)).id;
    }).then((went) => {
      if (stored) this.close(stored);
      else if (!went) this.#focusFault();
    });
  }

  /** Whether everything unusual was said of this very draft, and it was submitted again. */
  #isToldOf(draft: Draft, warnings: readonly DraftWarning[]): boolean {
    const typed = JSON.stringify(draft);
    const remarks = warnings
      .filter(({ code }) => code !== "lapses" && !(this.account && code === "exchange_closed"))
      .map((warning) => draftWarningSentence(warning, this.texts.draftWarnings));
    const twin = this.client.findDuplicate(draft, this.account?.id);
    if (twin) remarks.unshift(this.texts.accountForm.duplicate(twin.label));
    if (remarks.length === 0 || this.#remarkedOn === typed) return true;
    this.remarks = remarks;
    this.#remarkedOn = typed;
    return false;
  }

  async #focusFault(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".draft-field [aria-invalid=true], [aria-invalid=true] input")?.focus();
  }

  #keys(event: KeyboardEvent) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.close();
  }
}
