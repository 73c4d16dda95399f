/**
 * Writes that the user makes in this browser. Each is stored here first, sealed, and only then, if it concerns a synced
 * account, sent by the tab that leads (see `sync/outgoing.ts`); so a write outlives the page, the tab and the network.
 */

import { DamagedError, NoSuchAccountError } from "./errors.ts";
import type { Holdings } from "./holdings.ts";
import { newId } from "./ids.ts";
import type { Plain } from "./keys/boxes.ts";
import { sealLocal } from "./keys/key-ring.ts";
import { SWAP_TRIES_MAX } from "./limits.ts";
import type { CredentialId, UnixMillis } from "./protocol.gen.ts";
import type { Draft } from "./state.ts";
import { type Change, type Entry, entryMark, type Row, type Write } from "./store/records.ts";

type LocalRow = Extract<Row, { home: "local" }>;
/** Of `fields` those that are named are replaced; one that is "" goes. */
export type Edited = Partial<Pick<Draft, "label" | "environment" | "fields">>;

export class Edits {
  constructor(private readonly holdings: Holdings) {}

  /** Every account begins local. */
  async add(draft: Draft): Promise<CredentialId> {
    const id = newId();
    await this.revise(id, async () => {
      const now = Date.now();
      return { row: { ...(await this.localRow(id, { ...draft, createdAt: now })), at: now } };
    });
    return id;
  }

  update(id: CredentialId, edit: Edited): Promise<Entry> {
    return this.revise(id, async (entry) => {
      const { row, change } = entry;
      const plain = edited(await this.holdings.openEntry(id, entry), edit);
      if (change?.write.kind === "unshare" && change.state.kind === "waiting") {
        const { box: keep } = await this.localRow(id, plain);
        return { row, change: renewed(change.base, { kind: "unshare", keep }) };
      }
      if (row?.home === "local") {
        const resealed = { ...row, ...(await this.localRow(id, plain)), at: Date.now() };
        const sharing = change?.write.kind === "share" ? await this.#put("share", id, change.base, plain) : undefined;
        return { row: resealed, change: sharing };
      }
      return { row, change: await this.#put("change", id, baseOf(entry), plain) };
    });
  }

  remove(id: CredentialId): Promise<Entry> {
    return this.revise(id, async (entry) => removed(entry, baseOf(entry)));
  }

  /** Notes that it is to be deleted at `until`; {@link removeDue} does it. */
  removeLater(id: CredentialId, until: UnixMillis): Promise<Entry> {
    return this.revise(id, async (entry) => {
      if (!entry.row && !entry.change) throw new NoSuchAccountError();
      // What is on its way becomes the next version, and is what the user saw too.
      const base = baseOf(entry) + (entry.change?.state.kind === "waiting" ? 1 : 0);
      return { ...entry, wish: { kind: "delete", until, base } };
    });
  }

  /** Takes {@link removeLater} back; resolves to whether it was in time. */
  async keep(id: CredentialId): Promise<boolean> {
    let inTime = false;
    await this.revise(id, async (entry) => {
      inTime = entry.wish?.kind === "delete";
      return inTime ? { ...entry, wish: undefined } : entry;
    });
    return inTime;
  }

  /** Deletes what was to be deleted by `now`; resolves to what that was, and to when there is more. */
  async removeDue(now: UnixMillis): Promise<{ due: CredentialId[]; next: UnixMillis | undefined }> {
    const due: CredentialId[] = [];
    const later: UnixMillis[] = [];
    for (const [id, { wish }] of (await this.holdings.store.read()).entries) {
      if (wish?.kind !== "delete") continue;
      if (wish.until <= now) due.push(id);
      else later.push(wish.until);
    }
    for (const id of due) {
      await this.revise(id, async (entry) => {
        const { wish } = entry;
        if (wish?.kind !== "delete" || wish.until > now) return entry;
        // On the version that the user saw: if another device changed it since, that is a conflict, and nothing is lost.
        return removed(entry, Math.min(wish.base, baseOf(entry)));
      });
    }
    return { due, next: later.length > 0 ? Math.min(...later) : undefined };
  }

  /** Notes that these, or all that are elsewhere, are wanted in full; resolves to those that were not before. */
  async want(wanted: readonly CredentialId[] | "all"): Promise<CredentialId[]> {
    const { store } = this.holdings;
    for (let tries = 0; tries < SWAP_TRIES_MAX; tries++) {
      const [enrolment, { entries }] = await Promise.all([store.fact("enrolment"), store.read()]);
      const swaps = (wanted === "all" ? [...entries.keys()] : wanted).flatMap((id) => {
        const seen = entries.get(id);
        if (seen?.row?.home !== "elsewhere" || seen.change || seen.wish) return [];
        return [{ id, seen, next: { ...seen, wish: { kind: "retrieve" } as const } }];
      });
      if (await store.swap(swaps, { enrolment })) return swaps.map(({ id }) => id);
    }
    throw busy();
  }

  /** The server does not have these any more: they are not wanted either. */
  async unwant(ids: readonly CredentialId[]): Promise<void> {
    const unwanted = (entry: Entry) => (entry.wish?.kind === "retrieve" ? { ...entry, wish: undefined } : entry);
    await Promise.all(ids.map((id) => this.revise(id, async (entry) => unwanted(entry))));
  }

  /** Forgets what no key opens any more. @throws LockedError while this browser is only locked */
  async discardSealed(): Promise<CredentialId[]> {
    const { holdings } = this;
    const gone = holdings.removal !== undefined;
    if (!gone) await holdings.requireRing();
    const discarded: CredentialId[] = [];
    for (const [id, entry] of (await holdings.store.read()).entries) {
      const { row } = entry;
      if (row?.home !== "local" || row.under !== "unlock") continue;
      if (!gone && (await holdings.openRow(id, row).then(() => true, isOnlyLocked))) continue;
      const next = await this.revise(id, async (seen) => (entryMark(seen) === entryMark(entry) ? {} : seen));
      if (!next.row) discarded.push(id);
    }
    return discarded;
  }

  share(id: CredentialId): Promise<Entry> {
    return this.revise(id, (entry) => this.#shared(id, entry));
  }

  shareAll(): Promise<void> {
    return this.reviseAll(
      ({ row, change }) => row?.home === "local" && !change,
      (id, entry) => this.#shared(id, entry),
    );
  }

  unshare(id: CredentialId): Promise<Entry> {
    return this.revise(id, async (entry) => {
      const { row } = entry;
      if (row?.home === "local") return { row };
      const { box: keep } = await this.localRow(id, await this.holdings.openEntry(id, entry));
      return { row, change: renewed(baseOf(entry), { kind: "unshare", keep }) };
    });
  }

  /** Sends the change that met a conflict again, on top of what it met. */
  insist(id: CredentialId): Promise<Entry> {
    return this.revise(id, async ({ row, change }) => {
      if (change?.state.kind !== "conflict") return { row, change };
      return { row, change: await this.rebased(id, change, change.state.version) };
    });
  }

  discard(id: CredentialId): Promise<Entry> {
    return this.revise(id, async ({ row }) => ({ row }));
  }

  /** The same change on another base version: boxes are bound to the version that they are to become. */
  async rebased(id: CredentialId, change: Change, base: number): Promise<Change> {
    const { write } = change;
    if (write.kind === "delete" || write.kind === "unshare") return renewed(base, write);
    const plain = await this.holdings.openChange(id, change);
    if (!plain) throw new NoSuchAccountError();
    return this.#put(write.kind, id, base, plain);
  }

  /** A local-only row, under the key that is right for this browser now. */
  async localRow(id: CredentialId, plain: Plain): Promise<LocalRow> {
    const enrolment = await this.holdings.store.fact("enrolment");
    if (enrolment?.state === "verified") {
      const ring = await this.holdings.requireRing();
      return { home: "local", under: "unlock", box: await ring.sealLocal(id, plain) };
    }
    return this.browserRow(id, plain);
  }

  /** A local-only row that opens without the server. */
  async browserRow(id: CredentialId, plain: Plain): Promise<LocalRow> {
    const key = await this.holdings.store.browserKey();
    return { home: "local", under: "browser", box: await sealLocal(key, this.holdings.user, id, plain) };
  }

  /**
   * Reads an entry, lets `plan` make the next one, and stores that unless the entry changed meanwhile; then again.
   * `plan` gives back the very entry it got to change nothing.
   */
  async revise(id: CredentialId, plan: (entry: Entry) => Promise<Entry>): Promise<Entry> {
    const { store } = this.holdings;
    for (let tries = 0; tries < SWAP_TRIES_MAX; tries++) {
      const enrolment = await store.fact("enrolment");
      const seen = await store.entry(id);
      const next = await plan(seen);
      if (next === seen || (await store.swap([{ id, seen, next }], { enrolment }))) return next;
    }
    throw busy();
  }

  /** Revises every entry that `wants` it, now and again when its turn comes. One that does not open is left as it is. */
  async reviseAll(
    wants: (entry: Entry) => boolean,
    plan: (id: CredentialId, entry: Entry) => Promise<Entry>,
  ): Promise<void> {
    for (const [id, entry] of (await this.holdings.store.read()).entries) {
      if (!wants(entry)) continue;
      try {
        await this.revise(id, async (seen) => (wants(seen) ? plan(id, seen) : seen));
      } catch (cause) {
        if (!(cause instanceof DamagedError)) throw cause;
      }
    }
  }

  async #shared(id: CredentialId, entry: Entry): Promise<Entry> {
    const { row, change } = entry;
    if (change?.write.kind === "unshare" && change.state.kind !== "committed") return { row };
    if (row?.home !== "local") return entry;
    const plain = await this.holdings.openRow(id, row);
    return { row, change: await this.#put("share", id, row.tombstone?.version ?? 0, plain) };
  }

  async #put(kind: "share" | "change", id: CredentialId, base: number, plain: Plain): Promise<Change> {
    const ring = await this.holdings.requireRing();
    return renewed(base, { kind, box: await ring.sealUp(id, base + 1, plain) });
  }
}

export function edited<P extends Draft>(plain: P, { fields, ...rest }: Edited): P {
  const merged = Object.entries({ ...plain.fields, ...fields }).filter(([, text]) => text !== "");
  return { ...plain, ...rest, fields: Object.fromEntries(merged) };
}

/** What is left of an entry that its owner deletes. */
function removed({ row }: Entry, base: number): Entry {
  if (row === undefined) return {};
  if (row.home === "local") return row.tombstone ? { row: { home: "gone", ...row.tombstone }, wish: undefined } : {};
  return { row, change: row.home === "gone" ? undefined : renewed(base, { kind: "delete" }), wish: undefined };
}

function renewed(base: number, write: Write): Change {
  return { token: newId(), base, at: Date.now(), write, state: { kind: "waiting" } };
}

/** What the next write of a synced credential is based on. */
function baseOf({ row, change }: Entry): number {
  if (change?.state.kind === "committed") return change.state.version;
  if (change?.state.kind === "waiting") return change.base;
  return row === undefined || row.home === "local" ? 0 : row.version;
}

function busy(): Error {
  return new Error("This account is being changed elsewhere at the same time. Try again.");
}

/** Whether what did not open may open later. */
function isOnlyLocked(cause: unknown): boolean {
  return !(cause instanceof DamagedError);
}
