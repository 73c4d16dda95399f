/**
 * This browser's storage of one user, in IndexedDB: the device's key pairs as non-extractable handles, and credentials as
 * ciphertext. One database per user, so that two users of one browser profile never mix.
 *
 * Must never hold plaintext or the unlock key. Every write of credentials is a compare-and-swap against what its writer
 * had read, because sealing is asynchronous, other tabs write too, and a wipe may come in between.
 */

import { type DBSchema, type IDBPDatabase, type IDBPObjectStore, openDB } from "idb";

import { type DeviceKeys, makeDeviceKeys } from "../keys/device-keys.ts";
import { makeBrowserKey } from "../keys/key-ring.ts";
import type { CredentialId, DeviceId, UserId } from "../protocol.gen.ts";
import {
  type Change,
  type Cursor,
  type Enrolment,
  type Entry,
  entryMark,
  type RemovalRecord,
  type Row,
  type Wish,
} from "./records.ts";

interface Schema extends DBSchema {
  keys: { key: "device" | "browser"; value: DeviceKeys | CryptoKey };
  facts: { key: keyof Facts; value: Facts[keyof Facts] };
  rows: { key: CredentialId; value: Row };
  changes: { key: CredentialId; value: Change };
  wishes: { key: CredentialId; value: Wish };
}

interface Facts {
  /** What the owner calls this device; kept when it is removed, for when it comes back. */
  name: string;
  enrolment: Enrolment;
  cursor: Cursor;
  removal: RemovalRecord;
  /** The device whose removal was carried out here, and which the server has no receipt of yet. */
  receiptDue: DeviceId;
}

/** Everything but keys, read at one moment. */
export interface Stored extends Partial<Facts> {
  readonly entries: ReadonlyMap<CredentialId, Entry>;
}

/**
 * One credential's part of a {@link LocalStore.swap}. A `next` that does not name a wish keeps the one that is there, for as
 * long as there is something that it is about.
 */
export interface Swap {
  readonly id: CredentialId;
  readonly seen: Entry;
  readonly next: Entry;
}

const VERSION = 2;
const ALL_BUT_KEYS = ["facts", "rows", "changes", "wishes"] as const;
const EVERYTHING = ["keys", ...ALL_BUT_KEYS] as const;
/** What is stored under a credential's id. */
const ENTRIES = ["rows", "changes", "wishes"] as const;

export class LocalStore {
  private constructor(
    readonly user: UserId,
    private readonly db: IDBPDatabase<Schema>,
  ) {}

  static async open(user: UserId): Promise<LocalStore> {
    const db = await openDB<Schema>(databaseName(user), VERSION, {
      upgrade: (fresh) => {
        for (const name of EVERYTHING) {
          if (!fresh.objectStoreNames.contains(name)) fresh.createObjectStore(name);
        }
      },
      // A newer page wants to change the form of the storage: it must not wait for this one to be closed.
      blocking: (_now, _wanted, event) => (event.target as IDBDatabase).close(),
    });
    return new LocalStore(user, db);
  }

  close(): void {
    this.db.close();
  }

  async read(): Promise<Stored> {
    const tx = this.db.transaction(ALL_BUT_KEYS);
    const entries = new Map<CredentialId, Entry>();
    const collect = async (name: (typeof ENTRIES)[number], part: keyof Entry) => {
      const store = tx.objectStore(name);
      const [ids, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
      ids.forEach((id, index) => {
        entries.set(id, { ...entries.get(id), [part]: values[index] });
      });
    };
    const [facts] = await Promise.all([
      readFacts(tx.objectStore("facts")),
      ...[collect("rows", "row"), collect("changes", "change"), collect("wishes", "wish")],
    ]);
    return { entries, ...facts };
  }

  /** What is stored now, if since `before` nothing but `ids` was written. */
  async readAgain(before: Stored, ids: Iterable<CredentialId>): Promise<Stored> {
    const tx = this.db.transaction(ALL_BUT_KEYS);
    const entries = new Map(before.entries);
    const [facts] = await Promise.all([
      readFacts(tx.objectStore("facts")),
      ...[...ids].map(async (id) => {
        const entry = await readEntry(tx, id);
        if (entry.row || entry.change) entries.set(id, entry);
        else entries.delete(id);
      }),
    ]);
    return { entries, ...facts };
  }

  async changes(): Promise<[CredentialId, Change][]> {
    const { store } = this.db.transaction("changes");
    const [ids, changes] = await Promise.all([store.getAllKeys(), store.getAll()]);
    return ids.flatMap((id, index) => {
      const change = changes[index];
      return change ? [[id, change]] : [];
    });
  }

  /** The ids of what is to be retrieved. */
  async wanted(): Promise<CredentialId[]> {
    const { store } = this.db.transaction("wishes");
    const [ids, wishes] = await Promise.all([store.getAllKeys(), store.getAll()]);
    return ids.filter((_, index) => wishes[index]?.kind === "retrieve");
  }

  async entry(id: CredentialId): Promise<Entry> {
    return readEntry(this.db.transaction(ENTRIES), id);
  }

  /** All of them at one moment, in the order of `ids`. */
  async entries(ids: readonly CredentialId[]): Promise<Entry[]> {
    const tx = this.db.transaction(ENTRIES);
    return Promise.all(ids.map((id) => readEntry(tx, id)));
  }

  async fact<K extends keyof Facts>(key: K): Promise<Facts[K] | undefined> {
    return (await this.db.get("facts", key)) as Facts[K] | undefined;
  }

  /**
   * Writes all of `swaps` and the cursor, or, if any entry is not what its writer saw or the enrolment changed meanwhile,
   * nothing.
   */
  async swap(swaps: readonly Swap[], seen: { enrolment: Enrolment | undefined; cursor?: Cursor }): Promise<boolean> {
    const tx = this.db.transaction(ALL_BUT_KEYS, "readwrite");
    const facts = tx.objectStore("facts");
    const [enrolment, ...present] = await Promise.all([
      facts.get("enrolment") as Promise<Enrolment | undefined>,
      ...swaps.map(({ id }) => readEntry(tx, id)),
    ]);
    const untouched =
      enrolment?.device === seen.enrolment?.device &&
      enrolment?.state === seen.enrolment?.state &&
      swaps.every((swap, index) => entryMark(present[index] ?? {}) === entryMark(swap.seen));
    if (untouched) {
      for (const { id, seen: before, next } of swaps) {
        const { row, change } = next;
        const wish = "wish" in next ? next.wish : row || change ? before.wish : undefined;
        for (const [name, value] of [
          ["rows", row],
          ["changes", change],
          ["wishes", wish],
        ] as const) {
          const store = tx.objectStore(name);
          // The value belongs to the store beside whose name it stands.
          void (value ? store.put(value as never, id) : store.delete(id));
        }
      }
      if (seen.cursor) void facts.put(seen.cursor, "cursor");
    }
    await tx.done;
    return untouched;
  }

  /** The device's keys, made now if there are none. Read back, because a browser killed while writing loses them. */
  async deviceKeys(): Promise<DeviceKeys> {
    const made = (await this.db.get("keys", "device")) ?? (await makeDeviceKeys());
    const tx = this.db.transaction("keys", "readwrite", { durability: "strict" });
    if ((await tx.store.getKey("device")) === undefined) void tx.store.put(made, "device");
    await tx.done;
    return (await this.db.get("keys", "device")) as DeviceKeys;
  }

  /** The key of local-only accounts before enrolment, made now if there is none. */
  async browserKey(): Promise<CryptoKey> {
    const made = (await this.db.get("keys", "browser")) ?? (await makeBrowserKey());
    const tx = this.db.transaction("keys", "readwrite");
    if ((await tx.store.getKey("browser")) === undefined) void tx.store.put(made, "browser");
    await tx.done;
    return (await this.db.get("keys", "browser")) as CryptoKey;
  }

  /** Once every account is under the unlock key, nothing is to be left that opens without the server. */
  async dropBrowserKeyIfUnused(): Promise<void> {
    const tx = this.db.transaction(["keys", "rows"], "readwrite");
    const rows = await tx.objectStore("rows").getAll();
    const used = rows.some((row) => row.home === "local" && row.under === "browser");
    if (!used) void tx.objectStore("keys").delete("browser");
    await tx.done;
  }

  async setName(name: string): Promise<void> {
    await this.db.put("facts", name, "name");
  }

  async setEnrolment(enrolment: Enrolment): Promise<void> {
    const tx = this.db.transaction("facts", "readwrite", { durability: "strict" });
    void tx.store.put(enrolment, "enrolment");
    void tx.store.delete("removal");
    void tx.store.delete("receiptDue");
    await tx.done;
  }

  async receiptSent(): Promise<void> {
    await this.db.delete("facts", "receiptDue");
  }

  /** Another history of the database: fetch everything again, delete nothing. */
  async setCursor(cursor: Cursor): Promise<void> {
    await this.db.put("facts", cursor, "cursor");
  }

  /**
   * Takes this browser out of sync. Synced ciphertext goes; local-only ciphertext stays, which without the unlock key does
   * not open. `erased` takes that and the device's keys too. Changes that were never committed are boxes under the same
   * key: what they began from is in the rows or on the server.
   */
  async wipe(removal: RemovalRecord | undefined): Promise<void> {
    const tx = this.db.transaction(EVERYTHING, "readwrite", { durability: "strict" });
    const [rows, facts] = [tx.objectStore("rows"), tx.objectStore("facts")];
    const enrolment = (await facts.get("enrolment")) as Enrolment | undefined;
    void tx.objectStore("changes").clear();
    void tx.objectStore("wishes").clear();
    void facts.delete("enrolment");
    void facts.delete("cursor");
    if (removal) void facts.put(removal, "removal");
    if (removal && enrolment) void facts.put(enrolment.device, "receiptDue");
    if (removal?.reason === "erased") {
      // Without keys nothing can be confirmed later.
      void facts.delete("receiptDue");
      void rows.clear();
      void tx.objectStore("keys").clear();
    } else {
      for await (const row of rows) if (row.value.home !== "local") void row.delete();
    }
    await tx.done;
  }
}

/** The parts of an entry, in a transaction that reaches all of them. */
async function readEntry(
  tx: { objectStore(name: (typeof ENTRIES)[number]): { get(id: CredentialId): Promise<unknown> } },
  id: CredentialId,
): Promise<Entry> {
  const [row, change, wish] = await Promise.all(ENTRIES.map((name) => tx.objectStore(name).get(id)));
  return { row, change, wish } as Entry;
}

async function readFacts(facts: IDBPObjectStore<Schema, typeof ALL_BUT_KEYS, "facts">): Promise<Partial<Facts>> {
  const [keys, values] = await Promise.all([facts.getAllKeys(), facts.getAll()]);
  return Object.fromEntries(keys.map((key, index) => [key, values[index]])) as Partial<Facts>;
}

function databaseName(user: UserId): string {
  return `keyleash/${user}`;
}
