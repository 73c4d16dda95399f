/**
 * How a removal is carried out in this browser. Begun by the leader when `revoked` comes over the socket, or when any
 * answer of the server says `device_removed`.
 *
 * The order is the point: this tab's keys are forgotten in the very turn in which the news is handled, the other tabs hear
 * of it in the same turn, then the storage is wiped, and only then a receipt says so. Nothing here waits for the server,
 * and nothing here is what locks the device out: the server took its half of the key before it said anything.
 */

import type { Edits } from "./edits.ts";
import type { Holdings } from "./holdings.ts";
import { TABS_FORGET_MS } from "./limits.ts";
import type { RevokeReason, UnixMillis } from "./protocol.gen.ts";
import type { LockReason } from "./state.ts";

export interface OtherTabs {
  /** Tells every other tab to forget, at once; resolves true when all of them confirmed within `ms`. */
  forget(reason: RevokeReason, ms: number): Promise<boolean>;
}

/** Resolves with whether everything is known to be forgotten in every tab: what the receipt claims. */
export async function carryOutRevocation(
  reason: RevokeReason,
  at: UnixMillis,
  { holdings, edits, tabs }: { holdings: Holdings; edits: Edits; tabs: OtherTabs },
): Promise<boolean> {
  // The owner's own switch, not a lost device: what never was shared goes on working here without sync.
  if (reason === "sync_off") await releaseLocalAccounts(holdings, edits).catch(stayLocked);
  holdings.forget(lockReasonOf(reason));
  const forgotten = tabs.forget(reason, TABS_FORGET_MS);
  switch (reason) {
    case "signed_out":
      break;
    case "sync_off":
      await holdings.store.wipe(undefined);
      break;
    case "removed":
    case "erased":
    case "panic":
      await holdings.store.wipe({ reason, at });
      break;
  }
  return forgotten;
}

/** Why a tab that was told to forget is locked. */
export function lockReasonOf(reason: RevokeReason): LockReason {
  return reason === "signed_out" ? "signed_out" : "removed";
}

function stayLocked(cause: unknown): void {
  console.error("keyleash: local-only accounts stay locked until sync is on again.", cause);
}

/** Puts local-only accounts back under the browser's own key, while the unlock key is still here to open them. */
async function releaseLocalAccounts(holdings: Holdings, edits: Edits): Promise<void> {
  if (!holdings.lock.ring) return;
  await edits.reviseAll(
    ({ row }) => row?.home === "local" && row.under === "unlock",
    async (id, entry) => {
      if (entry.row?.home !== "local") return entry;
      const plain = await holdings.openRow(id, entry.row);
      return { row: { ...entry.row, ...(await edits.browserRow(id, plain)) } };
    },
  );
}
