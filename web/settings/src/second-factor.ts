/**
 * Asks for a fresh code, in place, before something that changes security is done.
 *
 * Six digits are enough to go on, as one knows it from logging in elsewhere, except where something is taken away: there
 * the button that names it is pressed by hand.
 */

import type { SecondFactor } from "@keyleash/client";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Clock } from "./clock.ts";
import "./countdown.ts";
import { type Failure, failureOf } from "./failure.ts";
import { entries } from "./live.ts";
import { type Texts, textsFor } from "./texts/texts.ts";
import { controls } from "./theme.ts";

const CODE_DIGITS = 6;

@customElement("keyleash-second-factor")
export class SecondFactorPrompt extends LitElement {
  static override styles = [
    controls,
    css`
      .inset.danger { border-color: color-mix(in oklab, var(--bad) 35%, var(--line)); }
      input[readonly] { color: var(--muted); }
      .note { min-height: 1.5em; }
    `,
  ];

  /** The words on the button that carries it out. */
  @property() action = "";
  @property({ type: Boolean }) danger = false;
  /** Carries it out. What it throws stands next to the code field. */
  @property({ attribute: false }) confirm!: (factor: SecondFactor) => Promise<unknown>;
  @property({ attribute: false }) cancel: (() => void) | undefined;

  @state() private withRecoveryCode = false;
  @state() private busy = false;
  @state() private failure: Failure | undefined;

  readonly #clock = new Clock(this, (now) => {
    const { retryAt } = this.failure ?? {};
    return retryAt !== undefined && retryAt > now ? retryAt - now : undefined;
  });

  override render() {
    const texts = textsFor(this);
    return html`
      <form class="inset stack ${this.danger ? "danger" : ""}" @submit=${this.#submit} @keydown=${this.#escape} novalidate>
        <slot></slot>
        ${this.#field(texts)}
        <div class="row">
          <button class="primary ${this.danger ? "danger" : ""}" ?disabled=${this.busy || this.#blocked}>${this.busy ? texts.secondFactor.checking : this.action}</button>
          ${this.cancel ? html`<button type="button" @click=${this.cancel}>${texts.words.cancel}</button>` : nothing}
          <button type="button" class="link" ?disabled=${this.busy} @click=${this.#switch}>
            ${this.withRecoveryCode ? texts.secondFactor.useApp : texts.secondFactor.useRecoveryCode}
          </button>
        </div>
      </form>
    `;
  }

  override firstUpdated(): void {
    this.#input?.focus();
  }

  get #input(): HTMLInputElement | null {
    return this.renderRoot.querySelector("input");
  }

  get #blocked(): boolean {
    return (this.failure?.retryAt ?? 0) > this.#clock.now;
  }

  #field(texts: Texts) {
    const { code, recoveryCode } = texts.secondFactor;
    const recovery = this.withRecoveryCode;
    const name = recovery ? "recovery_code" : "totp";
    return html`
      <div class="field">
        <label for="code">${recovery ? recoveryCode : code}</label>
        <input
          id="code" name=${name} class=${recovery ? "mono" : "code"} ?readonly=${this.busy} required spellcheck="false" autocapitalize="off"
          autocomplete=${recovery ? "off" : "one-time-code"} inputmode=${recovery ? "text" : "numeric"}
          aria-invalid=${this.failure ? "true" : "false"} aria-describedby="note" @input=${this.#typed}
        />
        <div class="note small" id="note">${this.#note(texts)}</div>
      </div>
    `;
  }

  #note({ secondFactor }: Texts) {
    if (this.failure) {
      const { message, retryAt } = this.failure;
      return html`
        <p class="error" role="alert">${message}</p>
        ${
          this.#blocked && retryAt !== undefined
            ? html`<p class="error">${secondFactor.againIn} <keyleash-countdown .until=${retryAt} .label=${secondFactor.againIn}></keyleash-countdown></p>`
            : nothing
        }
      `;
    }
    const hint = this.withRecoveryCode ? secondFactor.recoveryHint : this.danger ? "" : secondFactor.goesOn;
    return hint ? html`<p class="muted">${hint}</p>` : nothing;
  }

  #switch = () => {
    this.withRecoveryCode = !this.withRecoveryCode;
    this.failure = undefined;
    const input = this.#input;
    if (input) input.value = "";
    void this.updateComplete.then(() => this.#input?.focus());
  };

  #escape(event: KeyboardEvent) {
    if (event.key !== "Escape" || !this.cancel || this.busy) return;
    event.stopPropagation();
    this.cancel();
  }

  #typed(event: InputEvent) {
    if (this.withRecoveryCode) return;
    const input = event.currentTarget as HTMLInputElement;
    const digits = codeDigits(input.value);
    // Written back only when it differs: setting a value moves the caret.
    if (digits !== input.value) input.value = digits;
    if (digits.length === CODE_DIGITS && !this.danger && !this.#blocked) input.form?.requestSubmit();
  }

  async #submit(event: SubmitEvent) {
    const { totp, recovery_code = "" } = entries(event);
    if (this.busy || this.#blocked) return;
    const { secondFactor } = textsFor(this);
    if (totp !== undefined && totp.length !== CODE_DIGITS) {
      this.failure = { message: secondFactor.incomplete, fields: {} };
      this.#input?.focus();
      return;
    }
    this.busy = true;
    this.failure = undefined;
    try {
      await this.confirm(totp === undefined ? { recovery_code } : { totp });
    } catch (error) {
      this.failure = this.#explain(error);
      // What was typed is spent: typing the next code replaces it.
      this.#input?.select();
    } finally {
      this.busy = false;
    }
  }

  #explain(error: unknown): Failure {
    const texts = textsFor(this);
    const failure = failureOf(error, texts);
    if (failure.code !== "totp_invalid") return failure;
    const { wrong, wrongRecovery } = texts.secondFactor;
    return { ...failure, message: this.withRecoveryCode ? wrongRecovery : wrong };
  }
}

/** The digits of a code as it was typed or pasted: `123 456`, `123-456`. */
export function codeDigits(typed: string): string {
  return typed.replace(/\D/g, "").slice(0, CODE_DIGITS);
}
