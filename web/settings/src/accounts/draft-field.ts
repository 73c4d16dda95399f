/** The inputs of the account form. A secret is masked while it is typed, and can be looked at. */

import type { Choice } from "@keyleash/client/exchanges";
import { css, html, nothing } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { note } from "../field.ts";
import type { Texts } from "../texts/texts.ts";
import { nameOf } from "./terms.ts";

interface Common {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly change: (id: string, text: string) => void;
}

interface TextOptions extends Common {
  readonly leave: (id: string) => void;
  readonly hint?: string;
  readonly placeholder?: string;
  readonly mono?: boolean;
  /** A text of several lines. */
  readonly lines?: boolean;
  readonly maxlength?: number;
  /** Of a secret. */
  readonly reveal?: { readonly on: boolean; readonly words: string; readonly name: string; readonly flip: () => void };
}

export const draftFieldStyles = css`
  .with-button { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px; align-items: start; }
  .with-button button { min-width: 4.6rem; min-height: 40px; }
  .masked:not(:placeholder-shown) { -webkit-text-security: disc; }
`;

/**
 * Masked by style and not as a password: browsers offer to keep what stands in a password field, and an exchange's secret is
 * not to end up among the passwords of the terminal's site. A browser without that style gets the password field.
 */
const masksByStyle = typeof CSS !== "undefined" && CSS.supports("-webkit-text-security", "disc");

export function textField(options: TextOptions) {
  const { id, label, error, hint, reveal } = options;
  return html`
    <div class="field draft-field">
      <label for=${id}>${label}</label>
      <div class=${reveal ? "with-button" : ""}>
        ${options.lines ? textarea(options) : input(options)}
        ${reveal ? html`<button type="button" class="small" aria-pressed=${reveal.on} aria-label=${reveal.name} @click=${reveal.flip}>${reveal.words}</button>` : nothing}
      </div>
      ${note(id, hint, error)}
    </div>
  `;
}

function input(options: TextOptions) {
  const { id, value, error, reveal } = options;
  const masked = reveal && !reveal.on;
  return html`
    <input
      id=${id} type=${masked && !masksByStyle ? "password" : "text"} class="${options.mono ? "mono" : ""} ${masked ? "masked" : ""}" .value=${value}
      placeholder=${options.placeholder ?? " "} maxlength=${ifDefined(options.maxlength)} autocomplete="off" autocapitalize="off"
      autocorrect="off" spellcheck="false" data-1p-ignore data-lpignore="true" data-bwignore
      aria-invalid=${error ? "true" : "false"} aria-describedby="${id}-note" @input=${changed(options)} @blur=${() => options.leave(id)}
    />
  `;
}

function textarea(options: TextOptions) {
  const { id, value, error, reveal } = options;
  return html`
    <textarea
      id=${id} class=${reveal && !reveal.on ? "masked" : ""} .value=${value} placeholder=${options.placeholder ?? " "} autocomplete="off"
      autocapitalize="off" autocorrect="off" spellcheck="false"
      aria-invalid=${error ? "true" : "false"} aria-describedby="${id}-note" @input=${changed(options)} @blur=${() => options.leave(id)}
    ></textarea>
  `;
}

interface ChoiceOptions extends Common {
  readonly choices: readonly Choice[];
}

export function choiceField(texts: Texts, { id, label, choices, value, change, error }: ChoiceOptions) {
  return html`
    <div class="field draft-field">
      <label for=${id}>${label}</label>
      <select
        id=${id} aria-invalid=${error ? "true" : "false"} aria-describedby="${id}-note"
        @change=${(event: Event) => change(id, (event.currentTarget as HTMLSelectElement).value)}
      >
        ${choices.map((each) => html`<option value=${each.id} ?selected=${each.id === value}>${nameOf(texts, each)}</option>`)}
      </select>
      ${note(id, undefined, error)}
    </div>
  `;
}

function changed({ id, change }: Common) {
  return (event: Event) => change(id, (event.currentTarget as HTMLInputElement | HTMLTextAreaElement).value);
}
