/** What a browser profile keeps in IndexedDB, read by a script in the page, as malicious software there would. */
import type { Page } from "playwright-core";

export interface LocalData {
  /** Every string and every run of bytes (as Latin-1), wherever it lies. */
  readonly texts: readonly string[];
  readonly keys: readonly { type: string; algorithm: string; extractable: boolean; usages: readonly string[] }[];
  /** How many records each object store of each database holds. */
  readonly counts: Readonly<Record<string, number>>;
}

export function localData(page: Page): Promise<LocalData> {
  return page.evaluate(async () => {
    const texts: string[] = [];
    const keys: { type: string; algorithm: string; extractable: boolean; usages: string[] }[] = [];
    const counts: Record<string, number> = {};
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const walk = (value: unknown): void => {
      if (typeof value === "string") texts.push(value);
      else if (value instanceof CryptoKey) {
        const { type, algorithm, extractable, usages } = value;
        keys.push({ type, algorithm: algorithm.name, extractable, usages: [...usages] });
      } else if (value instanceof ArrayBuffer) {
        texts.push(new TextDecoder("latin1").decode(value));
      } else if (ArrayBuffer.isView(value)) {
        texts.push(new TextDecoder("latin1").decode(value));
      } else if (typeof value === "object" && value !== null) {
        for (const part of Object.values(value)) walk(part);
      }
    };
    for (const { name } of await indexedDB.databases()) {
      if (!name) continue;
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const records = await done(database.transaction(store).objectStore(store).getAll());
        const place = `${name}/${store}`;
        counts[place] = records.length;
        records.forEach(walk);
      }
      database.close();
    }
    return { texts, keys, counts };
  });
}

/**
 * How many of the local-only accounts in IndexedDB open with a key that lies there too. Before a browser takes part in sync
 * all of them do; afterwards half of the key is at the server, and none does.
 */
export function openedWithStoredKeys(page: Page): Promise<{ stored: number; opened: number }> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    let stored = 0;
    let opened = 0;
    for (const { name } of await indexedDB.databases()) {
      const user = name?.match(/^keyleash\/(.+)$/)?.[1];
      if (!name || !user) continue;
      const database = await done(indexedDB.open(name));
      const read = database.transaction(["keys", "rows"]);
      const [keys, ids, rows] = await Promise.all([
        done(read.objectStore("keys").getAll()),
        done(read.objectStore("rows").getAllKeys()),
        done(read.objectStore("rows").getAll()),
      ]);
      database.close();
      const secrets = keys.filter((key): key is CryptoKey => key instanceof CryptoKey && key.type === "secret");
      for (const [index, row] of rows.entries()) {
        if (row.home !== "local") continue;
        stored += 1;
        const additionalData = new TextEncoder().encode(`keyleash/v1/local-only\0${user}\0${String(ids[index])}`);
        for (const key of secrets) {
          const algorithm = { name: "AES-GCM", iv: row.box.subarray(0, 12), additionalData };
          opened += await crypto.subtle.decrypt(algorithm, key, row.box.subarray(12)).then(
            () => 1,
            () => 0,
          );
        }
      }
    }
    return { stored, opened };
  });
}
