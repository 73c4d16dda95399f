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
import type { Change, Entry, Row } from "../store/records.ts";
import { type Likeness, ruleOnTombstone, ruleOnUpsert } from "./versions.ts";

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
    for (let tries = 0; tries < SWAP_TRIES_MAX; tries++) {
      const enrolment = await store.fact("enrolment");
      if (enrolment?.state !== "verified") throw new LockedError("removed");
      const upserts = await Promise.all(page.upserts.map((upsert) => this.#upsert(ring, upsert, epoch, live)));
      const deletes = await Promise.all(page.deletes.map((tombstone) => this.#tombstone(tombstone, epoch)));
      const swaps = [...upserts, ...deletes].flat();
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
      ({ row }) => row?.home === "synced" && row.epoch !== epoch,
      async (id, entry) => ({ row: await this.edits.localRow(id, await this.holdings.openEntry(id, entry)) }),
    );
  }

  async #upsert(ring: KeyRing, upsert: Upsert, epoch: Epoch, live: boolean): Promise<Swap[]> {
    const { id, version } = upsert;
    const seen = await this.holdings.store.entry(id);
    const box = fromBase64Url(upsert.box);
    const plain = await ring.openDown(id, version, box).catch((cause: unknown) => this.#unreadable(id, cause));
    if (!plain) return [];
    const same = await this.#likeness(id, seen, plain);
    const at = same.asChange ? seen.change?.at : live ? Date.now() : undefined;
    const row: Row = { home: "synced", version, epoch, box, ...(at !== undefined && { at }) };
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
      const write = { kind: "change", box: await ring.sealUp(id, version + 1, mine) } as const;
      const change: Change = {
        ...{ token: newId(), base: version, at: Date.now(), write },
        state: { kind: "conflict", version },
      };
      return [{ id, seen, next: { row, change } }];
    }
    return [{ id, seen, next: { row, change: ruled(seen.change, ruling.change, version) } }];
  }

  async #tombstone({ id, version }: Tombstone, epoch: Epoch): Promise<Swap[]> {
    const seen = await this.holdings.store.entry(id);
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
      row && row.home !== "gone" ? this.holdings.openRow(id, row).catch(damaged) : undefined,
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
