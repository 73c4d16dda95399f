/** What this browser's tabs say to each other. Handles of keys may be in it; a decrypted credential never is. */

import type { RingKeys } from "../keys/key-ring.ts";
import type { CredentialId, DeviceView, Me, UnixMillis, UserId } from "../protocol.gen.ts";
import type { Revocation } from "../removal.ts";
import type { Connection, Progress, RemovalReason, Warning } from "../state.ts";

export type TabMessage =
  /** I am new: tell me what there is. */
  | { readonly type: "join" }
  /** From the leader: how things are, and the keys while it is unlocked. */
  | { readonly type: "brief"; readonly user: UserId; readonly status: Status; readonly keys?: RingKeys }
  /** Somebody wrote to the storage: these entries, or anything. */
  | { readonly type: "stored"; readonly user: UserId; readonly ids?: readonly CredentialId[] }
  /** Who is logged in changed. */
  | { readonly type: "session"; readonly me?: Me }
  /** To the leader. */
  | { readonly type: "errand"; readonly user: UserId; readonly errand: Errand }
  /** From the leader: forget keys and everything decrypted, and say `forgotten`. */
  | { readonly type: "forget"; readonly user: UserId; readonly revocation: Revocation }
  | { readonly type: "forgotten" };

export type Errand =
  /** There is a change to send. */
  | "send"
  /** The enrolment is new: connect, or connect again. */
  | "connect"
  /** Auto connect was turned on: share what is local, retrieve what is elsewhere. */
  | "connect_all"
  /** Accounts from elsewhere are wanted here. */
  | "retrieve"
  /** Something is to be done at its time: a deletion that can be taken back until then. */
  | "look_for_due"
  /** Devices were changed over HTTP; without a socket nobody tells. */
  | "list_devices"
  /** The server said over HTTP that the owner took this device's keys away. */
  | RemovalReason;

/** What only the tab with the socket knows. */
export interface Status {
  readonly connection: Connection;
  readonly progress?: Progress;
  readonly retrieval?: Progress;
  readonly devices: readonly DeviceView[];
  readonly warnings: readonly Warning[];
  /** When the connection was lost, while it is. */
  readonly lostAt?: UnixMillis;
  readonly graceMs: number;
}

export const NO_STATUS: Status = { connection: { kind: "offline" }, devices: [], warnings: [], graceMs: 0 };
