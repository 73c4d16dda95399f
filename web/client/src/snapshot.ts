/** What a terminal sees, put together from what this tab knows. */

import type { Holdings } from "./holdings.ts";
import type { Bulk, Lock, Session, Snapshot } from "./state.ts";
import type { Status } from "./tabs/messages.ts";

export interface Known {
  readonly session: Session;
  readonly holdings: Holdings | undefined;
  readonly status: Status;
  readonly enrolling: boolean;
  readonly bulk: Bulk | undefined;
}

export function compose({ session, holdings, status, enrolling, bulk }: Known): Snapshot {
  const { connection, progress, retrieval, devices, warnings } = status;
  return {
    session,
    sync: enrolling ? { kind: "enrolling" } : (holdings?.sync ?? { kind: "off" }),
    lock: lockOf(session, holdings),
    connection,
    ...(progress && { progress }),
    ...(retrieval && { retrieval }),
    ...(bulk && { bulk }),
    elsewhere: session.kind === "in" && holdings ? holdings.elsewhere : [],
    accounts: session.kind === "in" && holdings ? holdings.accounts : [],
    sealedAccounts: holdings?.sealedAccounts ?? 0,
    devices,
    warnings,
  };
}

function lockOf(session: Session, holdings: Holdings | undefined): Lock {
  if (session.kind === "in" && holdings) return holdings.lockState;
  if (holdings?.removal) return { kind: "locked", why: "removed" };
  return { kind: "locked", why: session.kind === "unknown" ? "server_needed" : "signed_out" };
}
