/**
 * What one tab holds of one user: the storage that all tabs share, this tab's lock, and the list of accounts as it shows it.
 *
 * Owns the only ways from a stored box to a decrypted credential. The list keeps labels and such in memory while unlocked;
 * a credential's fields are opened for one {@link Holdings.lend} and not kept.
 */

import { LockedError, NoSuchAccountError, ProblemError, RemovedError } from "./errors.ts";
import { identityOf } from "./identity.ts";
import type { Plain, Summary } from "./keys/boxes.ts";
import { openLocal } from "./keys/key-ring.ts";
import { byLabel, isAccount, isElsewhere, needsRing, type Shown, shownAccount, shownElsewhere } from "./listing.ts";
import type { CredentialId, UserId } from "./protocol.gen.ts";
import type { Account, Conflict, Credential, Draft, ElsewhereAccount, Lock, LockReason, Sync } from "./state.ts";
import { LocalStore, type Stored } from "./store/local-store.ts";
import {
  type Change,
  type Entry,
  entryMark,
  type FullRow,
  isFull,
  type RemovalRecord,
  type Row,
} from "./store/records.ts";
import { TabLock } from "./tab-lock.ts";

const NOTHING: Stored = { entries: new Map() };

export class Holdings {
  readonly lock: TabLock;
  #stored: Stored = NOTHING;
  #removal: RemovalRecord | undefined;
  #shown = new Map<CredentialId, Shown>();
  #accounts: readonly Account[] = [];
  #elsewhere: readonly ElsewhereAccount[] = [];
  /** How many entries are accounts, whether or not they open. */
  #accountsHere = 0;
  #reloading: Promise<void> | undefined;
  /** What was written since it was read. */
  #stale: "all" | ReadonlySet<CredentialId> | undefined;

  private constructor(
    readonly store: LocalStore,
    private readonly changed: () => void,
  ) {
    this.lock = new TabLock(() => {
      if (!this.lock.ring) this.#show(new Map());
      changed();
    });
  }

  static async open(user: UserId, changed: () => void): Promise<Holdings> {
    const holdings = new Holdings(await LocalStore.open(user), changed);
    await holdings.reload();
    return holdings;
  }

  get user(): UserId {
    return this.store.user;
  }

  get stored(): Stored {
    return this.#stored;
  }

  /** That the owner took this device's keys away; known as soon as it is heard, before the storage says so. */
  get removal(): RemovalRecord | undefined {
    return this.#stored.removal ?? this.#removal;
  }

  /** By label. Empty of what does not open now. */
  get accounts(): readonly Account[] {
    return this.#accounts;
  }

  /** By label, what is on the server and not here. */
  get elsewhere(): readonly ElsewhereAccount[] {
    return this.#elsewhere;
  }

  get sealedAccounts(): number {
    return this.#accountsHere - this.#accounts.length;
  }

  get sync(): Sync {
    const { removal } = this;
    const { enrolment } = this.#stored;
    if (removal) return { kind: "removed", ...removal };
    if (!enrolment) return { kind: "off" };
    const { device, matchCode, mailExpiresAt } = enrolment;
    if (enrolment.state === "verified") return { kind: "verified", device };
    return { kind: "pending", device, matchCode, ...(mailExpiresAt !== undefined && { mailExpiresAt }) };
  }

  get lockState(): Lock {
    const { enrolment } = this.#stored;
    if (this.removal && this.sealedAccounts > 0) return { kind: "locked", why: "removed" };
    if (enrolment?.state !== "verified") return { kind: "unlocked" };
    if (!this.lock.ring) return { kind: "locked", why: this.lock.why };
    const until = this.lock.graceUntil;
    return until === undefined ? { kind: "unlocked" } : { kind: "grace", until };
  }

  /** Another account with the same key, if one opens here. */
  sameKey(draft: Pick<Draft, "exchange" | "environment" | "fields">, except?: CredentialId): Account | undefined {
    const identity = identityOf(draft);
    if (identity === undefined) return undefined;
    return [...this.#shown].find(([id, shown]) => id !== except && shown.identity === identity)?.[1].account;
  }

  /**
   * Reads the storage anew, after whoever wrote it said so; of the entries only `ids`, if they are given. Calls that come
   * meanwhile are joined into one.
   */
  async reload(ids?: readonly CredentialId[]): Promise<void> {
    if (ids && this.#stale !== "all") this.#stale = new Set([...(this.#stale ?? []), ...ids]);
    else this.#stale = "all";
    this.#reloading ??= this.#loadWhileStale();
    await this.#reloading;
  }

  /** Forgets the keys and everything decrypted, in this very turn. */
  forget(why: LockReason, removal?: RemovalRecord): void {
    this.#removal = removal ?? this.#removal;
    this.lock.forget(why);
  }

  /** Decrypts one credential for the length of `use`. */
  async lend<T>(id: CredentialId, use: (credential: Credential) => T | Promise<T>): Promise<T> {
    const entry = await this.store.entry(id);
    const plain = isAccount(entry) ? await this.openEntry(id, entry) : undefined;
    if (!plain) throw await this.#whyMissing();
    return use(lent(id, plain));
  }

  /** Decrypts both sides of a conflict for the length of `use`. */
  async lendConflict<T>(id: CredentialId, use: (conflict: Conflict) => T | Promise<T>): Promise<T> {
    const { row, change } = await this.store.entry(id);
    if (change?.state.kind !== "conflict") {
      throw new ProblemError({ code: "not_found", detail: "There is no conflict about this account." });
    }
    const [mine, theirs] = await Promise.all([this.openChange(id, change), this.#openTheirs(id, row)]);
    return use({ mine: mine && lent(id, mine), theirs: theirs && lent(id, theirs) });
  }

  /** What the entry says now, with the change that was made here unless that was turned down. */
  async openEntry(id: CredentialId, { row, change }: Entry): Promise<Plain> {
    const inForce = change && (change.state.kind === "waiting" || change.state.kind === "committed");
    if (change && (inForce || !isFull(row))) {
      const plain = await this.openChange(id, change);
      if (plain) return plain;
    }
    if (!isFull(row)) throw new NoSuchAccountError();
    return this.openRow(id, row);
  }

  async openRow(id: CredentialId, row: FullRow): Promise<Plain> {
    if (row.home === "local" && row.under === "browser") {
      return openLocal(await this.store.browserKey(), this.user, id, row.box);
    }
    const ring = await this.requireRing();
    return row.home === "local" ? ring.openLocal(id, row.box) : ring.openDown(id, row.version, row.box);
  }

  /** `undefined` for a change that carries no credential. */
  async openChange(id: CredentialId, { base, write }: Change): Promise<Plain | undefined> {
    if (write.kind === "delete") return undefined;
    const ring = await this.requireRing();
    return write.kind === "unshare" ? ring.openLocal(id, write.keep) : ring.openUp(id, base + 1, write.box);
  }

  /** @throws LockedError, in words that say why */
  async requireRing() {
    const { ring } = this.lock;
    if (ring) return ring;
    const removal = this.removal ?? (await this.store.fact("removal"));
    throw removal ? new RemovedError(removal.reason) : new LockedError(this.lock.why);
  }

  close(): void {
    this.forget("signed_out");
    this.store.close();
  }

  async #whyMissing(): Promise<Error> {
    const removal = this.removal ?? (await this.store.fact("removal"));
    return removal ? new RemovedError(removal.reason) : new NoSuchAccountError();
  }

  async #loadWhileStale(): Promise<void> {
    try {
      for (let stale = this.#stale; stale; stale = this.#stale) {
        this.#stale = undefined;
        await this.#load(stale);
      }
    } finally {
      // In the same turn as the last look at what is stale: a call after it begins anew.
      this.#reloading = undefined;
    }
  }

  async #load(stale: "all" | ReadonlySet<CredentialId>): Promise<void> {
    const { ring } = this.lock;
    const known = this.#shown;
    const stored = stale === "all" ? await this.store.read() : await this.store.readAgain(this.#stored, stale);
    const opened = [...stored.entries].map(async ([id, entry]): Promise<[CredentialId, Shown]> => {
      const before = known.get(id);
      const same = (before?.account ?? before?.elsewhere) && entryMark(before.entry) === entryMark(entry);
      return [id, same ? { ...before, entry } : await this.#opened(id, entry)];
    });
    const shown = new Map(await Promise.all(opened));
    this.#stored = stored;
    // The storage says so itself now, or the device has asked to come back since.
    if (stored.removal || stored.enrolment?.state === "pending") this.#removal = undefined;
    this.#accountsHere = [...stored.entries.values()].filter(isAccount).length;
    // A tab that was locked meanwhile must not show again what it had just forgotten.
    if (this.lock.ring === ring) this.#show(shown);
    else this.#stale = "all";
    this.changed();
  }

  #show(shown: Map<CredentialId, Shown>): void {
    this.#shown = shown;
    this.#accounts = byLabel([...shown.values()].flatMap(({ account }) => account ?? []));
    this.#elsewhere = byLabel([...shown.values()].flatMap(({ elsewhere }) => elsewhere ?? []));
  }

  async #opened(id: CredentialId, entry: Entry): Promise<Shown> {
    const { row } = entry;
    try {
      if (needsRing(entry) && !this.lock.ring) return { entry };
      if (isAccount(entry)) return shownAccount(id, entry, await this.openEntry(id, entry));
      if (row?.home !== "elsewhere" || !isElsewhere(entry)) return { entry };
      return shownElsewhere(id, entry, await this.#openSummary(id, row));
    } catch {
      // Damaged, or locked meanwhile: counted as sealed, and said when it is asked for.
      return { entry };
    }
  }

  /** A credential that was not retrieved is shown without its fields. */
  async #openTheirs(id: CredentialId, row: Row | undefined): Promise<Plain | undefined> {
    if (row?.home === "elsewhere") return { ...(await this.#openSummary(id, row)), fields: {} };
    return isFull(row) ? this.openRow(id, row) : undefined;
  }

  async #openSummary(id: CredentialId, { version, box }: Extract<Row, { home: "elsewhere" }>): Promise<Summary> {
    return (await this.requireRing()).openSummary(id, version, box);
  }
}

function lent(id: CredentialId, { createdAt: _, ...draft }: Plain): Credential {
  return { id, ...draft };
}
