/**
 * A box: nonce (12 bytes) ‖ AES-256-GCM ciphertext of one credential, bound by its associated data to its place.
 * Nothing else in this library turns a credential into bytes or back.
 */

import { type Bytes, concat, fromUtf8, toUtf8 } from "../bytes.ts";
import { DamagedError } from "../errors.ts";
import { BOX_NONCE_BYTES, PLAINTEXT_BYTES_MAX, type UnixMillis } from "../protocol.gen.ts";
import type { Draft } from "../state.ts";

/** A credential in the clear: what is in a box. */
export interface Plain extends Draft {
  readonly createdAt: UnixMillis;
}

/** What is in a box that tells of a credential without its fields. */
export type Summary = Omit<Plain, "fields">;

export async function seal(key: CryptoKey, aad: Bytes, plain: Plain): Promise<Bytes> {
  const nonce = crypto.getRandomValues(new Uint8Array(BOX_NONCE_BYTES));
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: aad };
  return concat(nonce, new Uint8Array(await crypto.subtle.encrypt(algorithm, key, encode(plain))));
}

/** @throws DamagedError when the box was not made with this key for this place, or holds no credential. */
export function open(key: CryptoKey, aad: Bytes, box: Bytes): Promise<Plain> {
  return opened(key, aad, box, plainOf);
}

/** The same for a box without the fields. */
export function openSummary(key: CryptoKey, aad: Bytes, box: Bytes): Promise<Summary> {
  return opened(key, aad, box, summaryOf);
}

/** Tells one box from another: no two have the same nonce. */
export function markOf(box: Bytes): string {
  return String.fromCharCode(...box.subarray(0, BOX_NONCE_BYTES));
}

/** Whether two credentials say the same, whatever the order of their fields. */
export function samePlain(one: Plain, other: Plain): boolean {
  return canonical(one) === canonical(other);
}

function encode(plain: Plain): Bytes {
  const { exchange, kind, label, environment, fields, createdAt } = plain;
  const bytes = toUtf8(JSON.stringify({ exchange, kind, label, environment, fields, created_at: createdAt }));
  if (bytes.length > PLAINTEXT_BYTES_MAX)
    throw new RangeError(`An account holds at most ${PLAINTEXT_BYTES_MAX} bytes.`);
  return bytes;
}

async function opened<T>(key: CryptoKey, aad: Bytes, box: Bytes, read: (json: unknown) => T): Promise<T> {
  const algorithm = { name: "AES-GCM", iv: box.subarray(0, BOX_NONCE_BYTES), additionalData: aad };
  try {
    const bytes = await crypto.subtle.decrypt(algorithm, key, box.subarray(BOX_NONCE_BYTES));
    return read(JSON.parse(fromUtf8(bytes)));
  } catch (cause) {
    throw new DamagedError(cause);
  }
}

function plainOf(json: unknown): Plain {
  const { fields } = record(json);
  const texts = Object.entries(record(fields)).filter((entry): entry is [string, string] => isText(entry[1]));
  return { ...summaryOf(json), fields: Object.fromEntries(texts) };
}

function summaryOf(json: unknown): Summary {
  const { exchange, kind, label, environment, created_at: createdAt } = record(json);
  if (isText(exchange) && isText(kind) && isText(label) && isText(environment) && typeof createdAt === "number") {
    return { exchange, kind, label, environment, createdAt };
  }
  throw new TypeError("not a credential");
}

function canonical(plain: Plain): string {
  const fields = Object.entries(plain.fields).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([plain.exchange, plain.kind, plain.label, plain.environment, plain.createdAt, fields]);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("not a credential");
  return value as Record<string, unknown>;
}
