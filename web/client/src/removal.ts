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
import type { RemovalRecord } from "./store/records.ts";

/** What the server said. */
export interface Revocation {
  readonly reason: RevokeReason;
  readonly at: UnixMillis;
}

export interface OtherTabs {
  /** Tells every other tab to forget, at once; resolves true when all of them confirmed within `ms`. */
  forget(revocation: Revocation, ms: number): Promise<boolean>;
}

/** Resolves with whether everything is known to be forgotten in every tab: what the receipt claims. */
export async function carryOutRevocation(
  revocation: Revocation,
  { holdings, edits, tabs }: { holdings: Holdings; edits: Edits; tabs: OtherTabs },
): Promise<boolean> {
  // The owner's own switch, not a lost device: what never was shared goes on working here without sync.
  if (revocation.reason === "sync_off") await releaseLocalAccounts(holdings, edits).catch(stayLocked);
  forget(holdings, revocation);
  const forgotten = tabs.forget(revocation, TABS_FORGET_MS);
  if (revocation.reason !== "signed_out") await holdings.store.wipe(removalBy(revocation));
  return forgotten;
}

/** One tab's part: in the turn in which it hears of it. */
export function forget(holdings: Holdings, revocation: Revocation): void {
  holdings.forget(revocation.reason === "signed_out" ? "signed_out" : "removed", removalBy(revocation));
}

/** What is remembered and shown of it; neither a logout nor the owner's switch makes this a removed device. */
function removalBy({ reason, at }: Revocation): RemovalRecord | undefined {
  return reason === "signed_out" || reason === "sync_off" ? undefined : { reason, at };
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
