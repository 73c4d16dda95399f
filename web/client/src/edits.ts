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
import type { CredentialId } from "./protocol.gen.ts";
import type { Draft } from "./state.ts";
import type { Change, Entry, Row, Write } from "./store/records.ts";

type LocalRow = Extract<Row, { home: "local" }>;
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

  update(id: CredentialId, edited: Edited): Promise<Entry> {
    return this.revise(id, async (entry) => {
      const { row, change } = entry;
      const plain = { ...(await this.holdings.openEntry(id, entry)), ...edited };
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
    return this.revise(id, async (entry) => {
      const { row } = entry;
      if (row === undefined) return {};
      if (row.home === "local") return row.tombstone ? { row: { home: "gone", ...row.tombstone } } : {};
      return { row, change: row.home === "gone" ? undefined : renewed(baseOf(entry), { kind: "delete" }) };
    });
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
    throw new Error("This account is being changed elsewhere at the same time. Try again.");
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

function renewed(base: number, write: Write): Change {
  return { token: newId(), base, at: Date.now(), write, state: { kind: "waiting" } };
}

/** What the next write of a synced credential is based on. */
function baseOf({ row, change }: Entry): number {
  if (change?.state.kind === "committed") return change.state.version;
  if (change?.state.kind === "waiting") return change.base;
  return row === undefined || row.home === "local" ? 0 : row.version;
}
