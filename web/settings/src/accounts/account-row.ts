/** One line of the list of accounts. A function of what it is given, so that the list can leave alone what did not change. */

import { css, html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import type { Texts } from "../texts/texts.ts";
import { toggle } from "../toggle.ts";
import { badgesOf } from "./badges.ts";
import type { Item } from "./listing.ts";
import { mark } from "./marks.ts";
import { day } from "./terms.ts";

export interface RowState {
  readonly open: boolean;
  readonly selected: boolean;
  /** A change of it is under way in this view. */
  readonly busy: boolean;
  /** This browser takes part in sync, and its accounts open. */
  readonly canSync: boolean;
  /** Names of the devices that hold it, this one among them; `undefined`: not known. */
  readonly heldBy: readonly string[] | undefined;
}

export interface RowActions {
  open(item: Item): void;
  select(item: Item, range: boolean): void;
  setSynced(item: Item, on: boolean): void;
  retrieve(item: Item): void;
}

export function accountRow(texts: Texts, item: Item, state: RowState, actions: RowActions): TemplateResult {
  const { account, exchangeName, environmentName, place } = item;
  const { row } = texts.accounts;
  const hint = place === "here" ? item.account.keyHint : undefined;
  const added = day(texts, account.createdAt);
  const held = state.heldBy
    ? html`<span class="extra" title=${state.heldBy.join("\n")}>${row.onDevices(state.heldBy.length)}</span>`
    : nothing;
  const select = (event: MouseEvent) => {
    actions.select(item, event.shiftKey);
    // The list says what is selected, a range too.
    (event.currentTarget as HTMLInputElement).checked = state.selected;
  };
  return html`
    <div class="line ${state.open ? "open" : ""} ${state.selected ? "selected" : ""}">
      <label class="pick"><input type="checkbox" aria-label=${row.select(account.label)} .checked=${state.selected} @click=${select} /></label>
      <button
        class="main" data-row=${account.id} aria-expanded=${state.open}
        aria-controls=${ifDefined(state.open ? `detail-${account.id}` : undefined)} @click=${() => actions.open(item)}
      >
        ${mark(account.exchange)}
        <span class="what">
          <strong class="label" title=${account.label}>${account.label}</strong>
          <span class="sub muted small">
            <span>${exchangeName}</span> <span>${environmentName}</span>${hint ? html` <span class="mono">${hint}</span>` : nothing}
            ${held} <span class="extra">${added}</span>
          </span>
        </span>
        <span class="badges">${badgesOf(texts, item).map(({ tone, words }) => html`<span class="badge ${tone}">${words}</span>`)}</span>
        <span class="facts muted small" aria-hidden="true">${held}<span>${added}</span></span>
      </button>
      ${share(texts, item, state, actions)}
    </div>
  `;
}

function share({ accounts: { row } }: Texts, item: Item, { busy, canSync }: RowState, actions: RowActions) {
  const { account, place } = item;
  if (place === "elsewhere") {
    if (item.account.wanted) return html`<span class="share"><span class="badge">${row.onItsWay}</span></span>`;
    return html`
      <span class="share">
        <button class="small" ?disabled=${busy} aria-label=${row.retrieveOf(account.label)} @click=${() => actions.retrieve(item)}>${row.retrieve}</button>
      </span>
    `;
  }
  const { synced } = item.account;
  const words = synced ? row.synced : row.localOnly;
  if (!canSync) return html`<span class="share"><span class="badge">${words}</span></span>`;
  return html`
    <label class="switch share">
      <span class="small words ${synced ? "" : "muted"}">${words}</span>
      ${toggle({ on: synced, disabled: busy, flip: () => actions.setSynced(item, !synced), label: row.syncOf(account.label) })}
    </label>
  `;
}

/** By the width of the panel, which a terminal may have put into a narrow column of a wide window. */
export const rowStyles = css`
  .rows { list-style: none; }
  .rows > li {
    border-top: 1px solid var(--line);
    /* Off the screen a row costs nothing but its height, which is remembered once it was seen. */
    content-visibility: auto; contain-intrinsic-size: auto 65px;
  }
  .line { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: center; column-gap: 4px; min-height: 64px; }
  .line:hover { background: color-mix(in oklab, var(--raised) 60%, transparent); }
  .line.open, .line.selected { background: var(--raised); }
  .pick { display: grid; place-items: center; width: 36px; align-self: stretch; cursor: pointer; }
  .pick input { width: 17px; height: 17px; min-height: 17px; margin: 0; accent-color: var(--accent); cursor: inherit; }
  .main {
    display: grid; grid-template-columns: auto minmax(10rem, 1fr) fit-content(24rem) auto auto; align-items: center; column-gap: 12px; align-self: stretch;
    padding: 8px 4px; border: 0; background: none; text-align: start; font-weight: 400; min-width: 0; outline-offset: -2px;
  }
  .main:hover:not(:disabled) { background: none; }
  .what { display: grid; gap: 1px; min-width: 0; }
  .label { display: block; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .sub { display: flex; align-items: baseline; column-gap: 6px; white-space: nowrap; overflow: hidden; }
  .sub > :last-child { overflow: hidden; text-overflow: ellipsis; }
  .sub > :not(:first-child)::before { content: "·"; margin-right: 6px; font-family: system-ui, sans-serif; }
  .main::after {
    content: ""; width: 7px; height: 7px; margin: 0 6px; border: solid var(--muted); border-width: 0 1.5px 1.5px 0;
    transform: translateY(-2px) rotate(45deg); transition: transform 120ms;
  }
  .main[aria-expanded="true"]::after { transform: translateY(2px) rotate(225deg); }
  .badges { display: flex; flex-wrap: wrap; gap: 4px; justify-content: flex-end; }
  .facts { display: grid; justify-items: end; gap: 1px; min-width: 6.5rem; white-space: nowrap; }
  .share { display: flex; align-items: center; gap: 10px; justify-content: flex-end; font-weight: 450; min-width: 9rem; padding: 6px 4px; }
  /* Once in the line below the label, and once in a column of their own where there is room for one. */
  .sub .extra { display: none; }
  @container (min-width: 520px) and (max-width: 759px) {
    .sub .extra { display: inline; }
  }
  @container (max-width: 759px) {
    .facts { display: none; }
    .main { grid-template-columns: auto minmax(0, 1fr) auto; }
    .main > .mark { grid-row: 1 / span 2; }
    .main::after { grid-area: 1 / 3 / span 2; }
    .badges:empty { display: none; }
    .badges { grid-area: 2 / 2; justify-content: flex-start; margin-top: 2px; }
  }
  @container (max-width: 599px) {
    .sub { flex-wrap: wrap; }
    .share { min-width: 0; }
    .share .words { display: none; }
    .label { white-space: normal; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
  }
  @container (max-width: 419px) {
    .main { grid-template-columns: auto minmax(0, 1fr); column-gap: 10px; }
    .main::after { display: none; }
    .sub .mono { flex-basis: 100%; }
    .sub > .mono::before { content: none; }
  }
  @media (pointer: coarse) { .pick { width: 44px; } .share, .share button { min-height: 44px; } }
`;
