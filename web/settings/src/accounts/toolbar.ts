/** Search, filters and order of the list of accounts. */

import { css, html, nothing } from "lit";
import type { Texts } from "../texts/texts.ts";
import { FILTERS, type Filter, type Listed, ORDERS, type Order } from "./listing.ts";

interface ToolbarOptions {
  readonly query: string;
  readonly filter: Filter;
  readonly order: Order;
  readonly counts: Listed["counts"];
  readonly search: (query: string) => void;
  readonly show: (filter: Filter) => void;
  readonly sort: (order: Order) => void;
}

export const toolbarStyles = css`
  .toolbar { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 10px; padding-bottom: 10px; }
  .toolbar select { width: auto; }
  .filters { display: flex; flex-wrap: wrap; gap: 6px; grid-column: 1 / -1; }
  .chip { border-radius: 99px; min-height: 32px; padding: 3px 12px; font-size: 0.87rem; border-color: var(--line); }
  .chip[aria-pressed="true"] { background: var(--text); border-color: var(--text); color: var(--surface); }
  .chip[aria-pressed="true"]:hover:not(:disabled) { background: var(--text); }
  .chip .count { opacity: 0.7; font-weight: 450; }
  @media (pointer: coarse) { .chip { min-height: 44px; } .toolbar input, .toolbar select { min-height: 44px; } }
  @container (max-width: 479px) {
    .toolbar { grid-template-columns: minmax(0, 1fr) 8rem; }
    .toolbar select { width: 100%; }
    /* One line to push along, so that the list begins on the first screen. */
    .filters { flex-wrap: nowrap; overflow-x: auto; padding-block: 3px; margin-block: -3px; scrollbar-width: none; }
    .chip { flex: none; }
  }
`;

export function toolbar({ accounts: { toolbar: texts } }: Texts, options: ToolbarOptions) {
  const { query, filter, order, counts } = options;
  // A filter that shows nothing is of no use, unless it is what one stands on.
  const offered = FILTERS.filter((each) => each === "all" || each === filter || counts[each] > 0);
  return html`
    <div class="toolbar" role="search">
      <input
        type="search" .value=${query} placeholder=${texts.search} aria-label=${texts.search} autocomplete="off" spellcheck="false" enterkeyhint="search"
        @input=${(event: Event) => options.search((event.currentTarget as HTMLInputElement).value)}
      />
      <select aria-label=${texts.order} @change=${(event: Event) => options.sort((event.currentTarget as HTMLSelectElement).value as Order)}>
        ${ORDERS.map((each) => html`<option value=${each} ?selected=${each === order}>${texts.orders[each]}</option>`)}
      </select>
      ${
        offered.length > 1
          ? html`
        <div class="filters" role="group" aria-label=${texts.filters}>
          ${offered.map(
            (each) => html`
            <button class="chip" aria-pressed=${each === filter} @click=${() => options.show(each === filter ? "all" : each)}>
              ${texts.filter[each]} <span class="count">${counts[each]}</span>
            </button>`,
          )}
        </div>`
          : nothing
      }
    </div>
  `;
}
