/** What this browser stores of one user. Every credential in it is a sealed box; no key that opens a synced one is here. */

import type { Bytes } from "../bytes.ts";
import { markOf } from "../keys/boxes.ts";
import type { DeviceId, Epoch, ProblemCode, Seq, UnixMillis, Version } from "../protocol.gen.ts";
import type { RemovalReason } from "../state.ts";

/** A credential as it stands. */
export type Row =
  /** As the server sent it: a box down, under the unlock key. */
  | {
      readonly home: "synced";
      readonly version: Version;
      readonly epoch: Epoch;
      readonly box: Bytes;
      readonly at?: UnixMillis;
    }
  /** On the server, and here only what it is called: a box down without the credential's fields. */
  | {
      readonly home: "elsewhere";
      readonly version: Version;
      readonly epoch: Epoch;
      readonly box: Bytes;
      readonly at?: UnixMillis;
    }
  /** In this browser alone. */
  | {
      readonly home: "local";
      /** Under the browser's own key before enrolment, under a key derived from the unlock key after it. */
      readonly under: LocalKey;
      readonly box: Bytes;
      /** When it was changed last, as far as this browser saw that happen. */
      readonly at?: UnixMillis;
      /** The tombstone that it left on the server when it was set to local only: to share it again is a put on that. */
      readonly tombstone?: Tombstone;
    }
  /** Deleted; remembered so that an older version is not taken for new. */
  | ({ readonly home: "gone" } & Tombstone);

export type LocalKey = "browser" | "unlock";

export interface Tombstone {
  readonly version: Version;
  readonly epoch: Epoch;
}

/** A write made here that is not yet known to be committed. At most one per credential. */
export interface Change {
  /** Names this very change, so that an answer to an earlier one is not taken for its own. */
  readonly token: string;
  readonly base: Version;
  /** When it was made. */
  readonly at: UnixMillis;
  readonly write: Write;
  readonly state: ChangeState;
}

export type Write =
  /** A box up, sealed for version `base + 1`. */
  | { readonly kind: "share" | "change"; readonly box: Bytes }
  | { readonly kind: "delete" }
  /** Deleted on the server; `keep` is the local-only box that stays here. */
  | { readonly kind: "unshare"; readonly keep: Bytes };

export type ChangeState =
  | { readonly kind: "waiting" }
  /** The server said `done`; the sync page that carries it is still to come. */
  | { readonly kind: "committed"; readonly version: Version }
  | { readonly kind: "conflict"; readonly version: Version }
  | { readonly kind: "refused"; readonly code: ProblemCode; readonly detail: string };

/** A row that a credential can be read from. */
export type FullRow = Extract<Row, { home: "synced" | "local" }>;

/** What the user wants done with a credential later: kept, so that it outlives the tab in which it was said. */
export type Wish =
  /** Sent to this browser in full, as soon as there is a connection. */
  | { readonly kind: "retrieve" }
  /** Deleted from `until` on, unless it is taken back before. `base`: the version that the user saw. */
  | { readonly kind: "delete"; readonly until: UnixMillis; readonly base: Version };

/** All that is stored under one credential id. */
export interface Entry {
  readonly row?: Row | undefined;
  readonly change?: Change | undefined;
  readonly wish?: Wish | undefined;
}

export interface Enrolment {
  readonly device: DeviceId;
  readonly state: "pending" | "verified";
  readonly matchCode: string;
  readonly mailExpiresAt?: UnixMillis;
}

/** How far this browser has applied the user's changes. */
export interface Cursor {
  readonly epoch: Epoch;
  readonly seq: Seq;
}

/** That, why and when the owner took this device's keys away. */
export interface RemovalRecord {
  readonly reason: RemovalReason;
  readonly at: UnixMillis;
}

/** Tells whether what is stored under an id is still what was read. */
export function entryMark({ row, change, wish }: Entry): string {
  const rowMark =
    row === undefined ? "" : row.home === "gone" ? `gone ${row.version}` : `${row.home} ${markOf(row.box)}`;
  const wishMark = wish?.kind === "delete" ? `delete ${wish.until}` : (wish?.kind ?? "");
  return `${rowMark} / ${change?.token ?? ""} ${change?.state.kind ?? ""} / ${wishMark}`;
}

/** Whether a credential can be read from it. */
export function isFull(row: Row | undefined): row is FullRow {
  return row?.home === "synced" || row?.home === "local";
}
