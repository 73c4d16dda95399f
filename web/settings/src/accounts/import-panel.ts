/**
 * Takes a pasted text or a file apart, has the form filled with what it found, and says what it did and did not understand.
 *
 * Nothing leaves the browser, and nothing is shown of what was pasted: the text is gone from here as soon as it was read.
 */

import type { Exchange } from "@keyleash/client/exchanges";
import { exchangeById } from "@keyleash/client/exchanges";
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { textsFor } from "../texts/texts.ts";
import { controls } from "../theme.ts";
import type { Fitted } from "./import/fit.ts";
import { type Found, IMPORT_CHARS_MAX, type Reading, readCredentials, type Unread } from "./import/reading.ts";
import { nameOf } from "./terms.ts";

type Said =
  | { readonly kind: "refused"; readonly why: Exclude<Reading["kind"], "found"> | "unreadable" }
  | { readonly kind: "several"; readonly credentials: readonly Found[]; readonly unread: Unread }
  /** The text does not say of which exchange it is. */
  | { readonly kind: "of_which"; readonly found: Found; readonly unread: Unread }
  | { readonly kind: "other_exchange"; readonly exchange: string }
  | { readonly kind: "filled"; readonly fitted: Fitted; readonly exchange: string; readonly unread: Unread };

@customElement("keyleash-import")
export class ImportPanel extends LitElement {
  static override styles = [
    controls,
    css`
      .take { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px; align-items: start; }
      /* One line until there is something in it; what is pasted is not for onlookers. */
      textarea { min-height: 40px; height: 40px; resize: none; overflow: hidden; -webkit-text-security: disc; }
      textarea:placeholder-shown { font: inherit; white-space: nowrap; -webkit-text-security: none; }
      .result { min-height: 1.5em; }
      @media (pointer: coarse) { textarea { height: 48px; } }
      @container (max-width: 479px) {
        .take { grid-template-columns: minmax(0, 1fr); }
        /* The hint in it takes two lines there. */
        textarea { height: 64px; }
        textarea:placeholder-shown { white-space: normal; }
      }
    `,
  ];

  /** Of the form at the moment. */
  @property({ attribute: false }) exchange: Exchange | undefined;
  /** Fills the form; `undefined` when it is for another exchange. */
  @property({ attribute: false }) fill!: (found: Found, exchange: Exchange) => Fitted | undefined;
  @state() private said: Said | undefined;

  /** Reads a text that was pasted or dropped anywhere. Whether there was a credential in it. */
  read(text: string): boolean {
    const reading = readCredentials(text);
    if (reading.kind !== "found") {
      this.said = { kind: "refused", why: reading.kind };
      return false;
    }
    const { credentials, unread } = reading;
    const [first] = credentials;
    if (credentials.length === 1 && first) this.#take(first, unread);
    else this.said = { kind: "several", credentials, unread };
    return true;
  }

  async readFile(file: File): Promise<void> {
    if (file.size > IMPORT_CHARS_MAX) {
      this.said = { kind: "refused", why: "too_large" };
      return;
    }
    try {
      this.read(await file.text());
    } catch {
      this.said = { kind: "refused", why: "unreadable" };
    }
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("exchange") && this.exchange && this.said?.kind === "of_which") {
      this.#take(this.said.found, this.said.unread);
    }
  }

  override render() {
    const { importing } = textsFor(this);
    return html`
      <div class="field">
        <label for="block">${importing.label}</label>
        <div class="take">
          <textarea id="block" rows="1" spellcheck="false" autocomplete="off" aria-describedby="import-result" placeholder=${importing.placeholder} @input=${this.#pasted}></textarea>
          <button type="button" @click=${this.#choose}>${importing.chooseFile}</button>
          <input type="file" hidden tabindex="-1" aria-label=${importing.chooseFile} accept=".pem,.key,.json,.env,.txt,text/plain,application/json" @change=${this.#chosen} />
        </div>
        <div class="result small" id="import-result" role="status">${this.#result()}</div>
      </div>
    `;
  }

  #result() {
    const texts = textsFor(this);
    const { importing } = texts;
    switch (this.said?.kind) {
      case undefined:
        return html`<span class="muted">${importing.hint}</span>`;
      case "refused":
        return html`<span class="error">${importing.refused[this.said.why]}</span>`;
      case "several":
        return this.#several(this.said.credentials, this.said.unread);
      case "of_which":
        return html`<strong>${importing.ofWhich}</strong>`;
      case "other_exchange":
        return html`<span class="error">${importing.otherExchange(this.said.exchange)}</span>`;
      case "filled": {
        const { fitted, exchange, unread } = this.said;
        const fields = fitted.kind.fields.filter(({ id }) => id in fitted.fields).map((field) => nameOf(texts, field));
        const filled = fitted.environment ? [...fields, nameOf(texts, fitted.environment)] : fields;
        const names = [...fitted.unused, ...unread.names];
        return html`
          <p><strong>${importing.filled(exchange)}</strong> ${filled.join(", ")}.</p>
          ${names.length + unread.lines > 0 ? html`<p class="muted">${importing.notUnderstood(names, unread.lines)}</p>` : nothing}
        `;
      }
    }
  }

  #several(credentials: readonly Found[], unread: Unread) {
    const { importing } = textsFor(this);
    return html`
      <div class="row">
        <strong>${importing.several(credentials.length)}</strong>
        ${credentials.map((found) => {
          const exchange = exchangeById(found.exchange ?? "")?.name;
          const name = found.label ?? found.parts.find((part) => part.name)?.name ?? "";
          return html`<button type="button" class="small" @click=${() => this.#take(found, unread)}>${[exchange, name].filter(Boolean).join(" · ")}</button>`;
        })}
      </div>
    `;
  }

  #take(found: Found, unread: Unread): void {
    const exchange = exchangeById(found.exchange ?? "") ?? this.exchange;
    if (!exchange) {
      this.said = { kind: "of_which", found, unread };
      return;
    }
    const fitted = this.fill(found, exchange);
    this.said = fitted
      ? { kind: "filled", fitted, exchange: exchange.name, unread }
      : { kind: "other_exchange", exchange: exchange.name };
  }

  #pasted(event: Event) {
    const textarea = event.currentTarget as HTMLTextAreaElement;
    const { value } = textarea;
    // Typed by hand, it is read once it is one.
    const inputType = event instanceof InputEvent ? event.inputType : "";
    const wasTyped = inputType === "insertText" || inputType === "insertLineBreak" || inputType.startsWith("delete");
    if (wasTyped && readCredentials(value).kind !== "seed_phrase") return;
    textarea.value = "";
    this.read(value);
  }

  #choose() {
    this.renderRoot.querySelector<HTMLInputElement>("input[type=file]")?.click();
  }

  #chosen(event: Event) {
    const input = event.currentTarget as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file) void this.readFile(file);
    input.value = "";
  }
}
