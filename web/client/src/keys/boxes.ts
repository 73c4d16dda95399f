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

export async function seal(key: CryptoKey, aad: Bytes, plain: Plain): Promise<Bytes> {
  const nonce = crypto.getRandomValues(new Uint8Array(BOX_NONCE_BYTES));
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: aad };
  return concat(nonce, new Uint8Array(await crypto.subtle.encrypt(algorithm, key, encode(plain))));
}

/** @throws DamagedError when the box was not made with this key for this place. */
export async function open(key: CryptoKey, aad: Bytes, box: Bytes): Promise<Plain> {
  const algorithm = { name: "AES-GCM", iv: box.subarray(0, BOX_NONCE_BYTES), additionalData: aad };
  try {
    return decode(await crypto.subtle.decrypt(algorithm, key, box.subarray(BOX_NONCE_BYTES)));
  } catch (cause) {
    throw new DamagedError(cause);
  }
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

function decode(bytes: ArrayBuffer): Plain {
  const json: unknown = JSON.parse(fromUtf8(bytes));
  if (!isRecord(json)) throw new TypeError("not a credential");
  const { exchange, kind, label, environment, fields, created_at: createdAt } = json;
  if (
    typeof exchange !== "string" ||
    typeof kind !== "string" ||
    typeof label !== "string" ||
    typeof environment !== "string" ||
    typeof createdAt !== "number" ||
    !isRecord(fields)
  ) {
    throw new TypeError("not a credential");
  }
  const texts = Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return { exchange, kind, label, environment, fields: Object.fromEntries(texts), createdAt };
}

function canonical(plain: Plain): string {
  const fields = Object.entries(plain.fields).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([plain.exchange, plain.kind, plain.label, plain.environment, plain.createdAt, fields]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
