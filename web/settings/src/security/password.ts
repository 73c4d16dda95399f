/** Changing the password. Advice is about length, which is what counts; there are no rules about kinds of characters. */

import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, ProblemError, type SecondFactor } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { note } from "../field.ts";
import { ReturningFocus } from "../focus.ts";
import { entries, LiveElement } from "../live.ts";
import "../second-factor.ts";
import { controls } from "../theme.ts";
import { type Judgement, judgePassword } from "./password-advice.ts";

type Stage =
  | { readonly kind: "rest"; readonly changed: boolean }
  | { readonly kind: "typing" }
  /** What was typed, until the second factor has been given. */
  | { readonly kind: "code"; readonly present: string; readonly wanted: string };

@customElement("keyleash-password")
export class PasswordView extends LiveElement {
  static override styles = [
    controls,
    css`
      .advice { display: grid; grid-template-columns: minmax(4rem, 9rem) minmax(0, 1fr); gap: 0 var(--space-3); align-items: center; min-height: 1.6em; }
      meter { width: 100%; height: 8px; }
      .show { display: flex; gap: var(--space-2); align-items: center; font-weight: 400; cursor: pointer; width: fit-content; }
      .show input { width: 18px; height: 18px; min-height: 18px; margin: 0; accent-color: var(--accent); }
    `,
  ];

  @state() private stage: Stage = { kind: "rest", changed: false };
  @state() private shown = false;
  @state() private typed = { present: "", wanted: "" };

  readonly #focus = new ReturningFocus(this);

  override render() {
    const texts = this.texts.password;
    const { session } = this.snapshot;
    if (session.kind === "in" && session.me.login === "vendor") {
      return html`
        <section class="stack" aria-label=${texts.title}>
          <h3>${texts.title}</h3>
          <p class="muted">${texts.elsewhere}</p>
        </section>
      `;
    }
    return html`
      <section class="stack" aria-label=${texts.title}>
        <div class="row spread">
          <h3>${texts.title}</h3>
          ${this.stage.kind === "rest" ? html`<button id="change" @click=${this.#begin}>${texts.change}</button>` : nothing}
        </div>
        ${this.#stage(this.stage)}
      </section>
    `;
  }

  #stage(stage: Stage) {
    const texts = this.texts.password;
    switch (stage.kind) {
      case "rest":
        return html`<div role="status">${stage.changed ? html`<span class="badge good dot">${texts.changed}</span> ${texts.changedMeans}` : nothing}</div>`;
      case "typing":
        return this.#form();
      case "code":
        return html`
          <keyleash-second-factor action=${texts.change} .confirm=${(factor: SecondFactor) => this.#change(stage.present, stage.wanted, factor)} .cancel=${this.#cancel}>
            <p>${texts.codeToo}</p>
          </keyleash-second-factor>
        `;
    }
  }

  #form() {
    const texts = this.texts.password;
    const { session } = this.snapshot;
    const address = session.kind === "in" ? session.me.email : "";
    const judgement = judgePassword(this.typed.wanted, { present: this.typed.present, address });
    const wrong = this.failure?.code === "bad_credentials";
    const fields = wrong ? { password: texts.wrong } : this.failure?.fields;
    return html`
      <form class="inset stack" @submit=${this.#submit} @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.#cancel()}>
        <input type="text" name="username" autocomplete="username" .value=${address} hidden readonly />
        ${this.#input("password", texts.present, "current-password", fields?.password, (present) => {
          this.typed = { ...this.typed, present };
        })}
        <div class="field">
          ${this.#input("new_password", texts.new, "new-password", fields?.new_password, (wanted) => {
            this.typed = { ...this.typed, wanted };
          })}
          <div class="advice small" id="advice">
            <meter min="0" max="1" .value=${judgement.measure} aria-hidden="true"></meter>
            <span class=${judgement.kind === "enough" || judgement.kind === "strong" ? "good" : "muted"}>${this.#advice(judgement)}</span>
          </div>
          <p class="muted small">${texts.advice}</p>
        </div>
        <label class="show small">
          <input type="checkbox" .checked=${this.shown} @change=${(event: Event) => {
            this.shown = (event.currentTarget as HTMLInputElement).checked;
          }} />
          ${texts.showLabel}
        </label>
        ${wrong ? nothing : this.failureView(["password", "new_password"])}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>${texts.change}</button>
          <button type="button" @click=${this.#cancel}>${this.texts.words.cancel}</button>
        </div>
      </form>
    `;
  }

  #input(
    name: string,
    label: string,
    autocomplete: AutoFill,
    error: string | undefined,
    typed: (text: string) => void,
  ) {
    return html`
      <div class="field">
        <label for=${name}>${label}</label>
        <input
          id=${name} name=${name} type=${this.shown ? "text" : "password"} autocomplete=${autocomplete} required maxlength=${PASSWORD_CHARS_MAX}
          minlength=${name === "new_password" ? PASSWORD_CHARS_MIN : nothing} spellcheck="false" autocapitalize="off"
          passwordrules=${name === "new_password" ? `minlength: ${PASSWORD_CHARS_MIN};` : nothing}
          aria-invalid=${error ? "true" : "false"} aria-describedby="${name}-note advice"
          @input=${(event: Event) => typed((event.currentTarget as HTMLInputElement).value)}
        />
        ${note(name, undefined, error)}
      </div>
    `;
  }

  #advice(judgement: Judgement): string {
    const texts = this.texts.password;
    switch (judgement.kind) {
      case "empty":
        return texts.atLeast(PASSWORD_CHARS_MIN);
      case "short":
        return texts.toGo(judgement.missing);
      case "same":
        return texts.same;
      case "guessable":
        return texts.guessable;
      case "enough":
        return texts.enough(judgement.length);
      case "strong":
        return texts.strong(judgement.length);
    }
  }

  #begin = () => {
    this.#focus.opened();
    this.failure = undefined;
    this.typed = { present: "", wanted: "" };
    this.stage = { kind: "typing" };
    void this.focusOn("#password");
  };

  #cancel = () => {
    this.#rest(false);
  };

  #rest(changed: boolean) {
    this.failure = undefined;
    this.typed = { present: "", wanted: "" };
    this.shown = false;
    this.stage = { kind: "rest", changed };
    void this.#focus.closed("#change");
  }

  #submit(event: SubmitEvent) {
    const { password: present = "", new_password: wanted = "" } = entries(event);
    void this.attempt(async () => {
      try {
        await this.#change(present, wanted);
      } catch (error) {
        // The password is right; so a wrong one is said here, next to its field, and before a code is spent.
        if (!(error instanceof ProblemError && error.code === "totp_required")) throw error;
        this.stage = { kind: "code", present, wanted };
      }
    });
  }

  async #change(present: string, wanted: string, factor?: SecondFactor): Promise<void> {
    await this.client.changePassword(present, wanted, factor);
    this.#rest(true);
  }
}
