/**
 * What becomes of the entry under a credential's id when the server says something about it. Pure: nothing is opened,
 * sealed or stored here.
 *
 * Rules: an older version is never taken for new; a change made here is never overwritten silently; what exists in this
 * browser alone is never lost.
 */

import type { Epoch, Version } from "../protocol.gen.ts";
import type { Entry } from "../store/records.ts";

/** A version that the server sent. */
export interface Incoming {
  readonly version: Version;
  readonly epoch: Epoch;
}

/** Whether what came in says the same as what is here; only opened boxes can tell. */
export interface Likeness {
  readonly asRow: boolean;
  readonly asChange: boolean;
}

/** What becomes of the change that was made here. */
export type ChangeRuling = "keep" | "drop" | "conflict";

export type UpsertRuling =
  | { readonly kind: "rollback" }
  | {
      readonly kind: "take";
      readonly change: ChangeRuling;
      /**
       * What becomes of a differing credential that is here in the row: `copy` keeps it local-only under a new id,
       * `dispute` keeps it as a change in conflict.
       */
      readonly mine: "replace" | "copy" | "dispute";
    };

export type TombstoneRuling =
  | { readonly kind: "rollback" }
  | {
      readonly kind: "take";
      readonly change: ChangeRuling;
      /** `gone`; `unshare`: what the change kept becomes local-only; `localise`: the row does; `note`: it is so already. */
      readonly row: "gone" | "unshare" | "localise" | "note";
    };

/**
 * A summary: what this browser has in full already is left as it is, unless there is a later version, which then has to be
 * retrieved.
 */
export function isNewsOfKnown({ row }: Entry, { version, epoch }: Incoming): boolean {
  return row?.home !== "synced" || row.epoch !== epoch || row.version < version;
}

export function ruleOnUpsert(entry: Entry, incoming: Incoming, same: Likeness): UpsertRuling {
  if (isRollback(entry, incoming)) return { kind: "rollback" };
  const { row, change } = entry;
  const sharing = change?.write.kind === "share";
  let mine: "replace" | "copy" | "dispute" = "replace";
  if (row?.home === "local" && !same.asRow && !same.asChange && !isSettledBy(entry, incoming)) mine = "copy";
  if (row?.home === "synced" && row.version > incoming.version && !same.asRow && !change) mine = "dispute";
  // A share that met another content under its id is settled by the copy: both are here.
  const ruling = mine === "copy" && sharing ? "drop" : ruleOnChange(entry, incoming, same.asChange);
  return { kind: "take", change: ruling, mine };
}

export function ruleOnTombstone(entry: Entry, incoming: Incoming): TombstoneRuling {
  if (isRollback(entry, incoming)) return { kind: "rollback" };
  const { row, change } = entry;
  const write = change?.write.kind;
  // Deleting is all that `delete` wants, whoever did it; `unshare` wants it to stay here.
  if (write === "delete") return { kind: "take", change: "drop", row: "gone" };
  if (write === "unshare") return { kind: "take", change: "drop", row: "unshare" };
  const ruling = ruleOnChange(entry, incoming, false);
  if (row?.home === "local") return { kind: "take", change: ruling, row: "note" };
  // Only a restored backup can know fewer versions than this browser.
  if (row?.home === "synced" && row.version > incoming.version)
    return { kind: "take", change: ruling, row: "localise" };
  return { kind: "take", change: ruling, row: "gone" };
}

/** Versions of one credential only grow, within one history of the database. */
function isRollback({ row }: Entry, incoming: Incoming): boolean {
  if (row === undefined) return false;
  const known = row.home === "local" ? row.tombstone : row;
  return known !== undefined && known.epoch === incoming.epoch && known.version > incoming.version;
}

function ruleOnChange(entry: Entry, incoming: Incoming, same: boolean): ChangeRuling {
  const { change } = entry;
  if (change === undefined) return "keep";
  if (same || isSettledBy(entry, incoming)) return "drop";
  return change.base < incoming.version ? "conflict" : "keep";
}

/** The server said `done` to the change, and this is that version or a later one. */
function isSettledBy({ change }: Entry, incoming: Incoming): boolean {
  return change?.state.kind === "committed" && change.state.version <= incoming.version;
}
