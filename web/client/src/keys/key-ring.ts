/**
 * The unlock key and what is derived from it, in memory only: this is what a removal takes away.
 *
 * Owns the two non-extractable keys of an unlocked tab. They may be handed to this browser's other tabs, and must never
 * be written to IndexedDB. The raw unlock key lives for the length of one call.
 */

import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256 } from "hpke";

import { type Bytes, fromBase64Url } from "../bytes.ts";
import {
  type CredentialId,
  type DeviceId,
  type Epoch,
  type SealedUnlock,
  UNLOCK_KEY_BYTES,
  UNLOCK_SUITE,
  type UserId,
  type Version,
} from "../protocol.gen.ts";
import { open, openSummary, type Plain, type Summary, seal } from "./boxes.ts";
import type { DeviceKeys } from "./device-keys.ts";
import * as transcript from "./transcript.ts";

/** What passes from tab to tab; the keys are handles that cannot be exported. */
export interface RingKeys {
  readonly device: DeviceId;
  readonly unlock: CryptoKey;
  readonly local: CryptoKey;
}

export class KeyRing {
  constructor(
    readonly user: UserId,
    readonly keys: RingKeys,
  ) {}

  /** A local-only account's key is derived from the unlock key, so that a removal disables those accounts too. */
  sealLocal(id: CredentialId, plain: Plain): Promise<Bytes> {
    return sealLocal(this.keys.local, this.user, id, plain);
  }

  openLocal(id: CredentialId, box: Bytes): Promise<Plain> {
    return openLocal(this.keys.local, this.user, id, box);
  }

  /** `version` is the one that this write is to become. */
  sealUp(id: CredentialId, version: Version, plain: Plain): Promise<Bytes> {
    return seal(this.keys.unlock, transcript.upAad(this.user, this.keys.device, id, version), plain);
  }

  openUp(id: CredentialId, version: Version, box: Bytes): Promise<Plain> {
    return open(this.keys.unlock, transcript.upAad(this.user, this.keys.device, id, version), box);
  }

  openDown(id: CredentialId, version: Version, box: Bytes): Promise<Plain> {
    return open(this.keys.unlock, transcript.downAad(this.user, this.keys.device, id, version), box);
  }

  openSummary(id: CredentialId, version: Version, box: Bytes): Promise<Summary> {
    return openSummary(this.keys.unlock, transcript.downAad(this.user, this.keys.device, id, version), box);
  }
}

export function sealLocal(key: CryptoKey, user: UserId, id: CredentialId, plain: Plain): Promise<Bytes> {
  return seal(key, transcript.localAad(user, id), plain);
}

export function openLocal(key: CryptoKey, user: UserId, id: CredentialId, box: Bytes): Promise<Plain> {
  return open(key, transcript.localAad(user, id), box);
}

/** The key of local-only accounts in a browser that is not enrolled: it works without any server. */
export function makeBrowserKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
}

const AES = { name: "AES-GCM", length: 256 } as const;

export interface UnlockPlace {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly epoch: Epoch;
}

/** @throws when the key was not sealed to this device, for this user and epoch, by the one suite that is spoken. */
export async function openUnlock(keys: DeviceKeys, sealed: SealedUnlock, place: UnlockPlace): Promise<KeyRing> {
  if (sealed.suite !== UNLOCK_SUITE) throw new TypeError(`unknown suite ${sealed.suite}`);
  const suite = new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
  const raw = (await suite.Open(keys.receive, fromBase64Url(sealed.enc), fromBase64Url(sealed.ct), {
    info: transcript.unlockInfo(place.user, place.device),
    aad: transcript.unlockAad(place.epoch),
  })) as Bytes;
  try {
    if (raw.length !== UNLOCK_KEY_BYTES) throw new TypeError("not an unlock key");
    return new KeyRing(place.user, await ringKeys(raw, place));
  } finally {
    raw.fill(0);
  }
}

async function ringKeys(raw: Bytes, { user, device }: UnlockPlace): Promise<RingKeys> {
  const unlock = crypto.subtle.importKey("raw", raw, AES, false, ["encrypt", "decrypt"]);
  const root = crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]);
  const info = transcript.localKeyInfo(user, device);
  // The unlock key is uniformly random, so extraction needs no salt (RFC 5869, 3.1).
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const local = crypto.subtle.deriveKey(hkdf, await root, AES, false, ["encrypt", "decrypt"]);
  return { device, unlock: await unlock, local: await local };
}
