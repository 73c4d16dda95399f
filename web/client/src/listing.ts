/**
 * What the lists show of one stored entry, and under which circumstances. Pure: it is handed what was opened.
 */

import { identityOf, keyHint } from "./identity.ts";
import type { Plain, Summary } from "./keys/boxes.ts";
import type { CredentialId } from "./protocol.gen.ts";
import type { Account, ElsewhereAccount, PendingChange } from "./state.ts";
import { type Entry, isFull } from "./store/records.ts";

/** One entry as it is shown, and what that was read from. */
export interface Shown {
  readonly entry: Entry;
  readonly account?: Account;
  readonly elsewhere?: ElsewhereAccount;
  /** What names the key at its exchange, to find a second account with the same. */
  readonly identity?: string | undefined;
}

export function shownAccount(id: CredentialId, entry: Entry, plain: Plain): Shown {
  const hint = keyHint(plain);
  const updatedAt = changedAt(entry);
  const account: Account = {
    ...described(id, entry, plain),
    ...(hint && { keyHint: hint }),
    ...(updatedAt !== undefined && { updatedAt }),
    synced: isSynced(entry),
  };
  return { entry, account, identity: identityOf(plain) };
}

export function shownElsewhere(id: CredentialId, entry: Entry, summary: Summary): Shown {
  return { entry, elsewhere: { ...described(id, entry, summary), wanted: entry.wish?.kind === "retrieve" } };
}

/** In the order of lists. */
export function byLabel<T extends { label: string; id: CredentialId }>(all: Iterable<T>): readonly T[] {
  return [...all].sort((one, other) => LABELS.compare(one.label, other.label) || (one.id < other.id ? -1 : 1));
}

const LABELS = new Intl.Collator();

/** Whether there is a credential to sign with, once it opens. */
export function isAccount({ row, change }: Entry): boolean {
  if (isDeleted(change)) return false;
  const carries = change !== undefined && change.write.kind !== "delete";
  return carries || isFull(row);
}

export function isElsewhere({ row, change }: Entry): boolean {
  return row?.home === "elsewhere" && (change === undefined || change.write.kind === "delete") && !isDeleted(change);
}

export function needsRing({ row, change }: Entry): boolean {
  return change !== undefined || row?.home !== "local" || row.under !== "browser";
}

function isDeleted(change: Entry["change"]): boolean {
  return change?.state.kind === "committed" && change.write.kind === "delete";
}

function described(id: CredentialId, entry: Entry, summary: Summary) {
  const { exchange, kind, label, environment, createdAt } = summary;
  const pending = pendingOf(entry);
  return {
    ...{ id, exchange, kind, label, environment, createdAt },
    version: versionOf(entry),
    ...(pending && { pending }),
  };
}

function isSynced({ row, change }: Entry): boolean {
  if (change?.state.kind === "committed") return change.write.kind !== "unshare";
  return row !== undefined && row.home !== "local";
}

function versionOf({ row }: Entry): number {
  if (row === undefined) return 0;
  return row.home === "local" ? (row.tombstone?.version ?? 0) : row.version;
}

function changedAt({ row, change }: Entry): number | undefined {
  if (change?.state.kind === "waiting" || change?.state.kind === "committed") return change.at;
  return row?.home === "gone" ? undefined : row?.at;
}

function pendingOf({ change, wish }: Entry): PendingChange | undefined {
  if (wish?.kind === "delete") return { kind: "deleting", until: wish.until };
  if (!change || change.state.kind === "committed") return undefined;
  const what = change.write.kind;
  switch (change.state.kind) {
    case "waiting":
    case "conflict":
      return { kind: change.state.kind, what };
    case "refused":
      return { kind: "refused", what, code: change.state.code, detail: change.state.detail };
  }
}
