/**
 * What a terminal can see: one immutable snapshot of this browser's part in Keyleash.
 *
 * Owns the words. Must never hold a secret: no credential's fields, no key, no code.
 */

import type { CredentialId, DeviceId, DeviceView, Me, ProblemCode, RevokeReason, UnixMillis } from "./protocol.gen.ts";

/** Replaced as a whole at each change, so `before !== after` tells that something changed. The same in every tab. */
export interface Snapshot {
  readonly session: Session;
  readonly sync: Sync;
  readonly lock: Lock;
  readonly connection: Connection;
  /** While a catch-up with the server is being received. */
  readonly progress?: Progress;
  /** While accounts from elsewhere are being retrieved; it goes on in whichever tab is left, and after a restart. */
  readonly retrieval?: Progress;
  /** While a change to many accounts at once is being carried out, in the tab that was asked to. */
  readonly bulk?: Bulk;
  /** What opens here now, by label. */
  readonly accounts: readonly Account[];
  /** The user's other accounts, by label: shared from another device, and not retrieved here. */
  readonly elsewhere: readonly ElsewhereAccount[];
  /** How many accounts are stored here that do not open now, because this browser is locked. */
  readonly sealedAccounts: number;
  /** Every device of the user; empty until the server told. */
  readonly devices: readonly DeviceView[];
  /** What the server sent and this browser refused to store, since the page was opened. */
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly id: CredentialId;
  /** An older version than the one here, or data that does not open with this device's key. */
  readonly kind: "rollback" | "unreadable";
}

export type Session =
  /** The server has not answered yet, and nobody is known to have been logged in here. */
  | { readonly kind: "unknown" }
  /** `refusal`: the vendor's login was not accepted, and why. */
  | { readonly kind: "none"; readonly refusal?: { readonly code: ProblemCode; readonly detail: string } }
  /** The vendor's login was accepted, and the user's two-factor code is still to come: `giveSecondFactor`. */
  | { readonly kind: "second_factor" }
  /** `confirmed` is false while this is what was known before the page was opened, and the server has not answered. */
  | { readonly kind: "in"; readonly me: Me; readonly confirmed: boolean };

/** This browser's part in the user's sync. Whether sync is on for the user at all is `session.me.sync_enabled`. */
export type Sync =
  | { readonly kind: "off" }
  /** Keys are being made and registered. */
  | { readonly kind: "enrolling" }
  /** Waits for the owner's approval. The code stands in the mail and on the approving page too. */
  | {
      readonly kind: "pending";
      readonly device: DeviceId;
      readonly matchCode: string;
      /** When the link of the last verification mail stops working. */
      readonly mailExpiresAt?: UnixMillis;
    }
  | { readonly kind: "verified"; readonly device: DeviceId }
  /** The owner took this device's keys away; `enableSync` asks to come back. */
  | { readonly kind: "removed"; readonly reason: RemovalReason; readonly at: UnixMillis };

export type RemovalReason = Exclude<RevokeReason, "signed_out" | "sync_off">;

export type Lock =
  | { readonly kind: "unlocked" }
  /** The server is away; this browser goes on until `until`, then forgets its keys. */
  | { readonly kind: "grace"; readonly until: UnixMillis }
  | { readonly kind: "locked"; readonly why: LockReason };

export type LockReason =
  | "signed_out"
  /** The unlock key comes from the server, which has not given it yet. */
  | "server_needed"
  /** The server was away for longer than the grace time. */
  | "grace_over"
  | "removed";

export type Connection =
  /** There is no reason to be connected: signed out, or this browser does not take part in sync. */
  | { readonly kind: "offline" }
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "reconnecting"; readonly nextTryAt: UnixMillis }
  /** The server closed for good; coming back unchanged is pointless. `detail` is a sentence. */
  | { readonly kind: "stopped"; readonly why: StopReason; readonly detail: string };

export type StopReason =
  /** The page is older than the server, or they do not understand each other: reload. */
  | "outdated"
  | "not_understood"
  | "closed_for_good"
  /** The server does not know this device: turn sync on again. */
  | "unknown_device";

export interface Progress {
  readonly received: number;
  readonly total: number;
}

export interface Bulk {
  readonly what: "share" | "unshare" | "delete";
  readonly done: number;
  readonly total: number;
}

/** What there is to say of an account without any of its fields. */
interface Described {
  readonly id: CredentialId;
  readonly exchange: string;
  readonly kind: string;
  readonly label: string;
  readonly environment: string;
  readonly createdAt: UnixMillis;
  /** As the server counts it; 0 while it never was there. */
  readonly version: number;
}

/** One exchange API credential, without its secrets. */
export interface Account extends Described {
  /** A piece of what names the key at the exchange, to tell two accounts apart: "abcd…wxyz". Never of a secret. */
  readonly keyHint?: string;
  /** When this browser last changed it, or saw it changed. */
  readonly updatedAt?: UnixMillis;
  /** Shared with the user's other devices, or in this browser alone. */
  readonly synced: boolean;
  /** A change made here that the server has not committed. It is stored, and outlives the page. */
  readonly pending?: PendingChange;
}

/** A synced account whose fields were never sent to this browser. */
export interface ElsewhereAccount extends Described {
  /** Asked for, and on its way once there is a connection. */
  readonly wanted: boolean;
  readonly pending?: PendingChange;
}

export type ChangeKind = "share" | "change" | "delete" | "unshare";

export type PendingChange =
  /** Goes at `until`, everywhere if it is synced; `undoDelete` keeps it. */
  | { readonly kind: "deleting"; readonly until: UnixMillis }
  /** On its way, or waiting for the connection. */
  | { readonly kind: "waiting"; readonly what: ChangeKind }
  /** Another device changed it first; `resolveConflict` decides. Nothing was overwritten. */
  | { readonly kind: "conflict"; readonly what: ChangeKind }
  /** The server refused it; the stored state is as it was. `discardChange` forgets it. */
  | { readonly kind: "refused"; readonly what: ChangeKind; readonly code: ProblemCode; readonly detail: string };

/** A credential as it is typed into a form. */
export interface Draft {
  readonly exchange: string;
  readonly kind: string;
  readonly label: string;
  readonly environment: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A credential in the clear, as `withCredential` lends it. Do not keep it. */
export interface Credential extends Draft {
  readonly id: CredentialId;
}

/** Both sides of a conflict, as `withConflict` lends them. Do not keep them. */
export interface Conflict {
  /** As it was changed here; `undefined`: deleted here. */
  readonly mine: Credential | undefined;
  /** As it stands now; `undefined`: deleted elsewhere. */
  readonly theirs: Credential | undefined;
}

/** What became of a change to many accounts: those that failed are as they were. */
export interface ManyOutcome {
  readonly done: number;
  readonly failed: readonly { readonly id: CredentialId; readonly error: Error }[];
}
