/** One labelled input with its hint, and the refusal next to it. */

import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";

export interface FieldOptions {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "password" | "email" | "number";
  readonly value?: string;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly autocomplete?: AutoFill;
  readonly inputmode?: "numeric" | "decimal";
  readonly maxlength?: number;
  readonly required?: boolean;
  readonly className?: string;
}

export function field(options: FieldOptions): TemplateResult {
  const { name, label, error } = options;
  return html`
    <div class="field">
      <label for=${name}>${label}</label>
      <input
        id=${name} name=${name} type=${options.type ?? "text"} class=${options.className ?? ""} .value=${options.value ?? ""}
        autocomplete=${options.autocomplete ?? "off"} inputmode=${ifDefined(options.inputmode)}
        maxlength=${ifDefined(options.maxlength)} ?required=${options.required ?? true} spellcheck="false"
        autocapitalize="off" aria-invalid=${error ? "true" : "false"} aria-describedby=${`${name}-note`}
      />
      ${note(name, options.hint, error)}
    </div>
  `;
}

/** The line under an input: its fault if there is one, its hint otherwise. */
export function note(name: string, hint: string | undefined, error: string | undefined) {
  if (error) return html`<p class="error" id="${name}-note" role="alert">${error}</p>`;
  if (hint) return html`<p class="muted small" id="${name}-note">${hint}</p>`;
  return nothing;
}
