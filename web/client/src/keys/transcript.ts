/**
 * The exact byte strings that are signed and sealed, the same as `crates/protocol/src/transcript.rs`: parts joined by one
 * zero byte, the first one saying what it is for, so that a box made for one purpose is worth nothing for another.
 */

import { type Bytes, concat, toUtf8 } from "../bytes.ts";
import type { CredentialId, DeviceId, Epoch, UserId, Version } from "../protocol.gen.ts";

/** Signed to enrol: whoever enrols these public keys holds the private ones. */
export function enrol(user: UserId, receiveKey: Bytes, signingKey: Bytes): Bytes {
  return join("keyleash/v1/enrol", user, receiveKey, signingKey);
}

/** Signed in `hello`. */
export function hello(nonce: Bytes, device: DeviceId): Bytes {
  return join("keyleash/v1/hello", nonce, device);
}

/** HPKE `info` (RFC 9180, 6.1) of the sealed unlock key. */
export function unlockInfo(user: UserId, device: DeviceId): Bytes {
  return join("keyleash/v1/unlock", user, device);
}

/** HPKE associated data of the sealed unlock key. */
export function unlockAad(epoch: Epoch): Bytes {
  return toUtf8(epoch);
}

/** Associated data of a box from the browser to the vault. */
export function upAad(user: UserId, device: DeviceId, credential: CredentialId, version: Version): Bytes {
  return join("keyleash/v1/up", user, device, credential, String(version));
}

/** Associated data of a box from the vault, as it is also stored here. */
export function downAad(user: UserId, device: DeviceId, credential: CredentialId, version: Version): Bytes {
  return join("keyleash/v1/down", user, device, credential, String(version));
}

/** HKDF `info` of the key for local-only accounts. Never leaves this browser. */
export function localKeyInfo(user: UserId, device: DeviceId): Bytes {
  return join("keyleash/v1/local-only", user, device);
}

/** Associated data of a local-only account's box. Never leaves this browser. */
export function localAad(user: UserId, credential: CredentialId): Bytes {
  return join("keyleash/v1/local-only", user, credential);
}

const ZERO: Bytes = new Uint8Array(1);

function join(...parts: readonly (string | Bytes)[]): Bytes {
  const bytes = parts.map((part) => (typeof part === "string" ? toUtf8(part) : part));
  return concat(...bytes.flatMap((part, index) => (index === 0 ? [part] : [ZERO, part])));
}
