/** Above the rows: select all in view, and what can be done with what is selected; while it is being done, how far it is. */

import type { CredentialId, Snapshot } from "@keyleash/client";
import { css, html, nothing } from "lit";
import type { Texts } from "../texts/texts.ts";
import type { Item } from "./listing.ts";
import type { Selection } from "./selection.ts";

interface BulkOptions {
  readonly snapshot: Snapshot;
  readonly selection: Selection;
  readonly inView: readonly CredentialId[];
  readonly selected: readonly Item[];
  readonly shown: number;
  readonly selectAll: () => void;
  readonly clear: () => void;
  readonly setSynced: (ids: readonly CredentialId[], on: boolean) => void;
  readonly retrieve: (ids: readonly CredentialId[]) => void;
  readonly delete: (ids: readonly CredentialId[]) => void;
}

export const bulkStyles = css`
  .bulk { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: center; min-height: 46px; border-top: 1px solid var(--line); }
  .bulk.active { position: sticky; top: 0; z-index: 1; background: var(--surface); }
  .bulk .row { gap: 6px; padding: 4px; }
  .bulk .grow { flex: 1 1 4rem; }
  .bulk progress { flex: 1 1 6rem; min-width: 0; }
  @media (pointer: coarse) { .bulk button { min-height: 44px; } }
`;

export function bulkBar(texts: Texts, options: BulkOptions) {
  const { selection, inView, snapshot, selected, shown } = options;
  const { bulk } = texts.accounts;
  const all = inView.length > 0 && inView.every((id) => selection.ids.has(id));
  const some = selection.ids.size > 0;
  return html`
    <div class="bulk ${some || snapshot.bulk ? "active" : ""}">
      <label class="pick">
        <input type="checkbox" aria-label=${bulk.selectAll} .checked=${all} .indeterminate=${some && !all} @click=${(
          event: Event,
        ) => {
          (event.currentTarget as HTMLInputElement).checked = all;
          options.selectAll();
        }} />
      </label>
      ${snapshot.bulk ? progress(texts, snapshot.bulk) : some ? actions(texts, options, selected) : html`<span class="muted small">${bulk.shown(shown)}</span>`}
    </div>
  `;
}

function progress({ accounts: { bulk } }: Texts, { what, done, total }: NonNullable<Snapshot["bulk"]>) {
  return html`
    <div class="row">
      <span class="small" role="status">${bulk.progress[what](done, total)}</span>
      <progress .value=${done} .max=${total} aria-label=${bulk.progress[what](done, total)}></progress>
    </div>
  `;
}

function actions({ accounts: { bulk } }: Texts, options: BulkOptions, selected: readonly Item[]) {
  const { snapshot, selection } = options;
  const canSync = snapshot.sync.kind === "verified" && snapshot.lock.kind !== "locked";
  const local = idsOf(selected, (item) => item.place === "here" && !item.account.synced);
  const synced = idsOf(selected, (item) => item.place === "here" && item.account.synced);
  const elsewhere = idsOf(selected, (item) => item.place === "elsewhere" && !item.account.wanted);
  return html`
    <div class="row">
      <strong class="small grow" role="status">${bulk.selected(selection.ids.size)}</strong>
      ${canSync && local.length > 0 ? html`<button class="small" @click=${() => options.setSynced(local, true)}>${bulk.sync(local.length)}</button>` : nothing}
      ${canSync && synced.length > 0 ? html`<button class="small" @click=${() => options.setSynced(synced, false)}>${bulk.keepLocal(synced.length)}</button>` : nothing}
      ${elsewhere.length > 0 ? html`<button class="small" @click=${() => options.retrieve(elsewhere)}>${bulk.retrieve(elsewhere.length)}</button>` : nothing}
      <button class="small danger" @click=${() => options.delete(idsOf(selected, () => true))}>${bulk.delete(selected.length)}</button>
      <button class="small link" @click=${options.clear}>${bulk.clear}</button>
    </div>
  `;
}

function idsOf(items: readonly Item[], wanted: (item: Item) => boolean): CredentialId[] {
  return items.filter(wanted).map(({ id }) => id);
}
