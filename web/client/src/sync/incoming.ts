/**
 * What the server sends becomes rows: carries out the rulings of `versions.ts`.
 *
 * A box is stored only if it opens with this device's key for exactly this credential and version; a page is applied as a
 * whole, with the cursor, or not at all.
 */

import { fromBase64Url } from "../bytes.ts";
import type { Edits } from "../edits.ts";
import { DamagedError, LockedError } from "../errors.ts";
import type { Holdings } from "../holdings.ts";
import { newId } from "../ids.ts";
import { type Plain, samePlain } from "../keys/boxes.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import { SWAP_TRIES_MAX } from "../limits.ts";
import type { CredentialId, Epoch, SyncPage, Tombstone, Upsert } from "../protocol.gen.ts";
import type { Warning } from "../state.ts";
import type { Swap } from "../store/local-store.ts";
import { type Change, type Entry, isFull, type Row } from "../store/records.ts";
import { isNewsOfKnown, type Likeness, ruleOnTombstone, ruleOnUpsert } from "./versions.ts";

/** A row as the server sends it. */
type Sent = Extract<Row, { home: "synced" | "elsewhere" }>;

/** What cannot be compared counts as different, so that nothing is taken for settled that is not. */
const UNLIKE: Likeness = { asRow: false, asChange: false };

export class Incoming {
  constructor(
    private readonly holdings: Holdings,
    private readonly edits: Edits,
    private readonly warn: (warning: Warning) => void,
  ) {}

  /**
   * Resolves to the entries that changed. `live`: it tells of what happens now, not of what was missed.
   * @throws LockedError while there is no key to open the boxes with, and when the device is removed meanwhile.
   */
  async apply(page: SyncPage, epoch: Epoch, live = false): Promise<CredentialId[]> {
    const { store } = this.holdings;
    const ring = await this.holdings.requireRing();
    const cursor = { epoch, seq: page.seq };
    const ids = [...page.upserts, ...page.deletes].map(({ id }) => id);
    for (let tries = 0; tries < SWAP_TRIES_MAX; tries++) {
      const [enrolment, known] = await Promise.all([store.fact("enrolment"), store.fact("cursor")]);
      if (enrolment?.state !== "verified") throw new LockedError("removed");
      const seen = await store.entries(ids);
      // What was retrieved is from before the cursor, and no change.
      const since = live && known ? known.seq : Number.POSITIVE_INFINITY;
      const entry = (index: number) => seen[index] ?? {};
      const upserts = page.upserts.map((upsert, index) =>
        upsert.summary
          ? this.#summary(ring, upsert, epoch, entry(index))
          : this.#upsert(ring, upsert, epoch, entry(index), upsert.seq > since),
      );
      const deletes = page.deletes.map((tombstone, index) =>
        this.#tombstone(tombstone, epoch, entry(page.upserts.length + index)),
      );
      const swaps = (await Promise.all([...upserts, ...deletes])).flat();
      if (await store.swap(swaps, { enrolment, cursor })) return swaps.map(({ id }) => id);
    }
    throw new Error("the storage kept changing under a page");
  }

  /**
   * After everything was fetched again because the database has another history: what the server did not send exists in
   * this browser alone now, and is kept so.
   */
  localiseOtherEpochs(epoch: Epoch): Promise<void> {
    return this.edits.reviseAll(
      ({ row }) => (row?.home === "synced" || row?.home === "elsewhere") && row.epoch !== epoch,
      async (id, entry) => {
        if (entry.row?.home === "elsewhere" && !entry.change) return {};
        return { row: await this.edits.localRow(id, await this.holdings.openEntry(id, entry)) };
      },
    );
  }

  async #upsert(ring: KeyRing, upsert: Upsert, epoch: Epoch, seen: Entry, live: boolean): Promise<Swap[]> {
    const { id, version } = upsert;
    const box = fromBase64Url(upsert.box);
    const plain = await ring.openDown(id, version, box).catch((cause: unknown) => this.#unreadable(id, cause));
    if (!plain) return [];
    const same = await this.#likeness(id, seen, plain);
    const at = same.asChange ? seen.change?.at : live ? Date.now() : undefined;
    const row: Sent = { home: "synced", version, epoch, box, ...(at !== undefined && { at }) };
    return this.#taken(id, seen, row, same);
  }

  async #summary(ring: KeyRing, upsert: Upsert, epoch: Epoch, seen: Entry): Promise<Swap[]> {
    const { id, version } = upsert;
    if (!isNewsOfKnown(seen, { version, epoch })) return [];
    const box = fromBase64Url(upsert.box);
    const readable = await ring.openSummary(id, version, box).catch((cause: unknown) => this.#unreadable(id, cause));
    if (!readable) return [];
    const swaps = await this.#taken(id, seen, { home: "elsewhere", version, epoch, box }, UNLIKE);
    // What was here in full is to be so again.
    const wish = seen.wish ?? (seen.row?.home === "synced" ? ({ kind: "retrieve" } as const) : undefined);
    return swaps.map((swap) => (swap.id === id ? { ...swap, next: { ...swap.next, wish } } : swap));
  }

  /** Takes a row that the server sent for what is here, or not. */
  async #taken(id: CredentialId, seen: Entry, row: Sent, same: Likeness): Promise<Swap[]> {
    const { version, epoch } = row;
    const ruling = ruleOnUpsert(seen, { version, epoch }, same);
    if (ruling.kind === "rollback") {
      this.warn({ id, kind: "rollback" });
      return [];
    }
    if (ruling.mine === "copy" && seen.row?.home === "local") {
      const copyId = newId();
      const copy: Entry = { row: await this.edits.localRow(copyId, await this.holdings.openRow(id, seen.row)) };
      return [
        { id, seen, next: { row } },
        { id: copyId, seen: {}, next: copy },
      ];
    }
    if (ruling.mine === "dispute" && seen.row?.home === "synced") {
      const mine = await this.holdings.openRow(id, seen.row);
      const ring = await this.holdings.requireRing();
      const write = { kind: "change", box: await ring.sealUp(id, version + 1, mine) } as const;
      const change: Change = {
        ...{ token: newId(), base: version, at: Date.now(), write },
        state: { kind: "conflict", version },
      };
      return [{ id, seen, next: { row, change } }];
    }
    const wish = row.home === "synced" && seen.wish?.kind === "retrieve" ? undefined : seen.wish;
    return [{ id, seen, next: { row, change: ruled(seen.change, ruling.change, version), wish } }];
  }

  async #tombstone({ id, version }: Tombstone, epoch: Epoch, seen: Entry): Promise<Swap[]> {
    const ruling = ruleOnTombstone(seen, { version, epoch });
    if (ruling.kind === "rollback") {
      this.warn({ id, kind: "rollback" });
      return [];
    }
    const tombstone = { version, epoch };
    const change = ruled(seen.change, ruling.change, version);
    switch (ruling.row) {
      case "gone":
        return [{ id, seen, next: { row: { home: "gone", ...tombstone }, change, wish: undefined } }];
      case "note":
        if (seen.row?.home !== "local") return [];
        return [{ id, seen, next: { row: { ...seen.row, tombstone }, change } }];
      case "unshare":
        if (seen.change?.write.kind !== "unshare") return [];
        return [
          { id, seen, next: { row: { home: "local", under: "unlock", box: seen.change.write.keep, tombstone } } },
        ];
      case "localise": {
        const kept = await this.edits.localRow(id, await this.holdings.openEntry(id, seen));
        return [{ id, seen, next: { row: { ...kept, tombstone } } }];
      }
    }
  }

  async #likeness(id: CredentialId, { row, change }: Entry, plain: Plain): Promise<Likeness> {
    const [mine, changed] = await Promise.all([
      isFull(row) ? this.holdings.openRow(id, row).catch(damaged) : undefined,
      change ? this.holdings.openChange(id, change).catch(damaged) : undefined,
    ]);
    const carriesOut = change?.write.kind === "share" || change?.write.kind === "change";
    return {
      asRow: mine !== undefined && samePlain(mine, plain),
      asChange: carriesOut && changed !== undefined && samePlain(changed, plain),
    };
  }

  #unreadable(id: CredentialId, cause: unknown): undefined {
    damaged(cause);
    this.warn({ id, kind: "unreadable" });
  }
}

/** What does not open is like nothing; anything else than that is not for here. */
function damaged(cause: unknown): undefined {
  if (!(cause instanceof DamagedError)) throw cause;
}

function ruled(change: Change | undefined, ruling: "keep" | "drop" | "conflict", version: number): Change | undefined {
  if (!change || ruling === "drop") return undefined;
  return ruling === "keep" ? change : { ...change, state: { kind: "conflict", version } };
}
