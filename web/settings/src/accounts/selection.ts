/** Which accounts are selected, with ranges as lists everywhere have them: from the one that was touched last. Pure. */

import type { CredentialId } from "@keyleash/client";

export interface Selection {
  readonly ids: ReadonlySet<CredentialId>;
  /** Where a range begins. */
  readonly anchor?: CredentialId;
}

export const NOTHING_SELECTED: Selection = { ids: new Set() };

/** `range`: with the shift key, everything between the anchor and `id`, as it stands in the list. */
export function toggled(
  { ids, anchor }: Selection,
  id: CredentialId,
  { range, inView }: { readonly range: boolean; readonly inView: readonly CredentialId[] },
): Selection {
  const on = !ids.has(id);
  const from = range && anchor !== undefined ? inView.indexOf(anchor) : -1;
  const to = inView.indexOf(id);
  const touched = from < 0 || to < 0 ? [id] : inView.slice(Math.min(from, to), Math.max(from, to) + 1);
  const next = new Set(ids);
  for (const each of touched) on ? next.add(each) : next.delete(each);
  return { ids: next, anchor: id };
}

/** All in view if one of them is not selected yet, else none of them. Those out of view stay as they are. */
export function allToggled({ ids }: Selection, inView: readonly CredentialId[]): Selection {
  const next = new Set(ids);
  const all = inView.every((id) => ids.has(id));
  for (const id of inView) all ? next.delete(id) : next.add(id);
  return { ids: next };
}

/** Without what is not there any more. The same object when nothing went. */
export function pruned(selection: Selection, isThere: (id: CredentialId) => boolean): Selection {
  const left = [...selection.ids].filter(isThere);
  if (left.length === selection.ids.size) return selection;
  return { ...selection, ids: new Set(left) };
}
