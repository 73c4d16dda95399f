/** What stands in place of a form whose link works no more: saying only that, its reader would try the button again. */

import { html, type TemplateResult } from "lit";
import type { Failure } from "../../settings/src/failure.ts";
import type { Texts } from "../../settings/src/texts/texts.ts";

export function isSpent(failure: Failure | undefined): boolean {
  return failure?.code === "link_used_or_expired";
}

/** `next` says how to get another. */
export function spent({ errors, verify }: Texts, next: string): TemplateResult {
  return html`
    <div class="stack">
      <h2>${verify.spent}</h2>
      <p role="alert">${errors.problems.link_used_or_expired} ${next}</p>
      <p><a href="/">${verify.toTerminal}</a></p>
    </div>
  `;
}
