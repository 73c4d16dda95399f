/**
 * The login of a page on another origin than the server: a bearer token, since browsers keep third-party cookies away. One
 * for all tabs of the origin, kept in IndexedDB as ciphertext under a key that cannot be taken out of the browser, so that
 * it stands nowhere on disk in the clear; each tab holds it in memory.
 */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import { type Bytes, fromUtf8, toUtf8 } from "./bytes.ts";
import { BOX_NONCE_BYTES } from "./protocol.gen.ts";

interface Kept {
  readonly key: CryptoKey;
  readonly nonce: Bytes;
  readonly sealed: ArrayBuffer;
}

interface Schema extends DBSchema {
  tokens: { key: string; value: Kept };
}

const NAME = "keyleash login";
const AES = { name: "AES-GCM", length: 256 } as const;

export class Token {
  #current: string | undefined;
  #db: Promise<IDBPDatabase<Schema>> | undefined;

  constructor(private readonly server: string) {}

  get current(): string | undefined {
    return this.#current;
  }

  /** Reads what any tab kept last. */
  async load(): Promise<void> {
    const kept = await (await this.#open()).get("tokens", this.server);
    this.#current = kept && (await opened(kept, toUtf8(this.server)));
  }

  /** For all tabs; `undefined` ends it. */
  async keep(token: string | undefined): Promise<void> {
    this.#current = token;
    const db = await this.#open();
    if (token === undefined) await db.delete("tokens", this.server);
    else await db.put("tokens", await sealed(token, toUtf8(this.server)), this.server);
  }

  close(): void {
    this.#current = undefined;
    void this.#db?.then((db) => db.close());
    this.#db = undefined;
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    this.#db ??= openDB<Schema>(NAME, 1, { upgrade: (fresh) => void fresh.createObjectStore("tokens") });
    return this.#db;
  }
}

/** Under a key of its own each time: it is as short-lived as the token. */
async function sealed(token: string, server: Bytes): Promise<Kept> {
  const key = await crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
  const nonce = crypto.getRandomValues(new Uint8Array(BOX_NONCE_BYTES));
  const algorithm = { name: AES.name, iv: nonce, additionalData: server };
  return { key, nonce, sealed: await crypto.subtle.encrypt(algorithm, key, toUtf8(token)) };
}

/** `undefined` for what does not open: whoever it was has to log in again. */
async function opened({ key, nonce, sealed }: Kept, server: Bytes): Promise<string | undefined> {
  try {
    const algorithm = { name: AES.name, iv: nonce, additionalData: server };
    return fromUtf8(await crypto.subtle.decrypt(algorithm, key, sealed));
  } catch {
    return undefined;
  }
}
