/**
 * What a terminal may want to hear of by name, beside the snapshot as a whole: told from what changed between one snapshot
 * and the next, so that an event never says what the snapshot does not. Pure but for {@link Listeners}.
 */

import type {
  Account,
  Connection,
  ElsewhereAccount,
  Lock,
  Progress,
  Session,
  Snapshot,
  Sync,
  Warning,
} from "./state.ts";

/** What each event's listener is handed. */
export interface ClientEvents {
  readonly session: Session;
  readonly sync: Sync;
  readonly connection: Connection;
  /** The keys do not open any more; in a removal also after `removed`. */
  readonly locked: Extract<Lock, { kind: "locked" }>;
  readonly unlocked: Extract<Lock, { kind: "unlocked" }>;
  /** The server is away: the keys open until `until`. */
  readonly grace: Extract<Lock, { kind: "grace" }>;
  /** The owner took this device's keys away. */
  readonly removed: Extract<Sync, { kind: "removed" }>;
  readonly accounts: readonly Account[];
  readonly elsewhere: readonly ElsewhereAccount[];
  /** Another device changed an account that was changed here: once for each. */
  readonly conflict: Account;
  /** `undefined` once all that was wanted is here. */
  readonly retrieval: Progress | undefined;
  readonly devices: Snapshot["devices"];
  /** The server sent something that was refused: once for each. */
  readonly warning: Warning;
}

export type ClientEvent = {
  readonly [Name in keyof ClientEvents]: readonly [Name, ClientEvents[Name]];
}[keyof ClientEvents];

export function eventsBetween(before: Snapshot, now: Snapshot): ClientEvent[] {
  const events: ClientEvent[] = [];
  if (differ(before.session, now.session)) events.push(["session", now.session]);
  if (differ(before.sync, now.sync)) {
    events.push(["sync", now.sync]);
    if (now.sync.kind === "removed") events.push(["removed", now.sync]);
  }
  const { lock } = now;
  if (differ(before.lock, lock)) {
    if (lock.kind === "locked") events.push(["locked", lock]);
    else if (lock.kind === "grace") events.push(["grace", lock]);
    else events.push(["unlocked", lock]);
  }
  if (differ(before.connection, now.connection)) events.push(["connection", now.connection]);
  if (before.accounts !== now.accounts) {
    events.push(["accounts", now.accounts]);
    const known = new Set(before.accounts.filter(inConflict).map(({ id }) => id));
    for (const account of now.accounts) {
      if (inConflict(account) && !known.has(account.id)) events.push(["conflict", account]);
    }
  }
  if (before.elsewhere !== now.elsewhere) events.push(["elsewhere", now.elsewhere]);
  if (differ(before.retrieval, now.retrieval)) events.push(["retrieval", now.retrieval]);
  if (before.devices !== now.devices) events.push(["devices", now.devices]);
  for (const warning of now.warnings) if (!before.warnings.includes(warning)) events.push(["warning", warning]);
  return events;
}

/** Whoever wants to hear. One that throws is reported as any uncaught error is, and does not keep the others from hearing. */
export class Listeners {
  readonly #toAll = new Set<(state: Snapshot) => void>();
  readonly #named = new Map<keyof ClientEvents, Set<(detail: never) => void>>();

  onChange(listener: (state: Snapshot) => void): () => void {
    return added(this.#toAll, listener);
  }

  on<Name extends keyof ClientEvents>(name: Name, listener: (detail: ClientEvents[Name]) => void): () => void {
    let listeners = this.#named.get(name);
    if (!listeners) {
      listeners = new Set();
      this.#named.set(name, listeners);
    }
    return added(listeners, listener);
  }

  tell(before: Snapshot, now: Snapshot): void {
    for (const listener of [...this.#toAll]) guarded(() => listener(now));
    if (this.#named.size === 0) return;
    for (const [name, detail] of eventsBetween(before, now)) {
      for (const listener of [...(this.#named.get(name) ?? [])]) guarded(() => listener(detail as never));
    }
  }

  clear(): void {
    this.#toAll.clear();
    this.#named.clear();
  }
}

function added<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function guarded(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    reportError(error);
  }
}

function inConflict({ pending }: Account): boolean {
  return pending?.kind === "conflict";
}

/** Whether two small plain values say something different. */
function differ(one: unknown, other: unknown): boolean {
  return one !== other && JSON.stringify(one) !== JSON.stringify(other);
}
