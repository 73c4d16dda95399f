/** The exchanges as tiles to choose from: radio buttons underneath, so that arrows move and a screen reader counts them. */

import { type Exchange, exchanges } from "@keyleash/client/exchanges";
import { css, html, nothing } from "lit";
import type { Texts } from "../texts/texts.ts";
import { mark } from "./marks.ts";

export const pickerStyles = css`
  .exchanges { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.9rem, 1fr)); gap: 8px; }
  .exchange {
    position: relative; display: flex; align-items: center; gap: 8px; padding: 6px 8px; min-height: 48px; cursor: pointer;
    border: 1px solid var(--line); border-radius: var(--radius-small); background: var(--surface); font-weight: 550; font-size: 0.93rem;
  }
  .exchange:hover { border-color: var(--line-strong); }
  .exchange:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
  .exchange:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
  .exchange input { position: absolute; inset: 0; width: 100%; height: 100%; min-height: 0; margin: 0; opacity: 0; cursor: inherit; }
  .exchange .mark { width: 30px; height: 30px; font-size: 0.8rem; border-radius: 8px; }
  .exchange .name { display: grid; min-width: 0; line-height: 1.3; }
  .exchange .caution { font-size: 0.8rem; }
  @container (max-width: 479px) { .exchange { font-size: 0.87rem; padding-inline: 6px; gap: 6px; } }
`;

interface PickerOptions {
  readonly chosen: Exchange | undefined;
  readonly choose: (exchange: Exchange) => void;
  readonly error: string | undefined;
}

export function exchangePicker({ accountForm }: Texts, { chosen, choose, error }: PickerOptions) {
  return html`
    <fieldset class="field" role="radiogroup" aria-labelledby="exchange-label" aria-invalid=${error ? "true" : "false"} aria-describedby="exchange-note">
      <span class="label" id="exchange-label">${accountForm.exchange}</span>
      <div class="exchanges">
        ${exchanges.map(
          (exchange) => html`
          <label class="exchange">
            <input type="radio" name="exchange" value=${exchange.id} aria-label=${exchange.name} .checked=${exchange === chosen} @change=${() => choose(exchange)} />
            ${mark(exchange.id)}
            <span class="name">${exchange.name}${exchange.closed ? html`<span class="caution">${accountForm.closed}</span>` : nothing}</span>
          </label>`,
        )}
      </div>
      ${error ? html`<p class="error" id="exchange-note" role="alert">${error}</p>` : nothing}
    </fieldset>
  `;
}
