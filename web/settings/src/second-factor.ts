/** Asks for a fresh code, in place, before something that changes security is done. */

import type { SecondFactor } from "@keyleash/client";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { field } from "./field.ts";
import { entries, type Failure, failureOf } from "./live.ts";
import { controls } from "./theme.ts";

@customElement("keyleash-second-factor")
export class SecondFactorPrompt extends LitElement {
  static override styles = [
    controls,
    css`
      .inset.danger { border-color: color-mix(in oklab, var(--bad) 35%, var(--line)); }
    `,
  ];

  /** The words on the button that carries it out. */
  @property() action = "Confirm";
  @property({ type: Boolean }) danger = false;
  /** Carries it out. What it throws stands next to the code field. */
  @property({ attribute: false }) confirm!: (factor: SecondFactor) => Promise<unknown>;
  @property({ attribute: false }) cancel: (() => void) | undefined;

  @state() private withRecoveryCode = false;
  @state() private busy = false;
  @state() private failure: Failure | undefined;

  override render() {
    return html`
      <form class="inset stack ${this.danger ? "danger" : ""}" @submit=${this.#submit}>
        <slot></slot>
        ${this.withRecoveryCode ? this.#recoveryField() : this.#codeField()}
        <div class="row">
          <button class="primary ${this.danger ? "danger" : ""}" ?disabled=${this.busy}>${this.action}</button>
          ${this.cancel ? html`<button type="button" @click=${this.cancel}>Cancel</button>` : nothing}
          <button type="button" class="link" @click=${this.#switch}>
            ${this.withRecoveryCode ? "Use the authenticator app" : "Use a recovery code"}
          </button>
        </div>
      </form>
    `;
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  #codeField() {
    return field({
      name: "totp",
      label: "Code from your authenticator app",
      className: "code",
      autocomplete: "one-time-code",
      inputmode: "numeric",
      maxlength: 7,
      error: this.failure?.message,
    });
  }

  #recoveryField() {
    return field({ name: "recovery_code", label: "Recovery code", className: "mono", error: this.failure?.message });
  }

  #switch() {
    this.withRecoveryCode = !this.withRecoveryCode;
    this.failure = undefined;
  }

  async #submit(event: SubmitEvent) {
    const typed = entries(event);
    this.busy = true;
    this.failure = undefined;
    try {
      await this.confirm(
        typed.totp === undefined ? { recovery_code: typed.recovery_code ?? "" } : { totp: typed.totp },
      );
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.busy = false;
    }
  }
}
