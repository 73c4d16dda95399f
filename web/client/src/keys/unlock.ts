/** How the unlock key comes into this browser: sealed to its device by the vault (HPKE, RFC 9180), opened for one call. */

import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256 } from "hpke";

import { type Bytes, fromBase64Url } from "../bytes.ts";
import {
  type DeviceId,
  type Epoch,
  type SealedUnlock,
  UNLOCK_KEY_BYTES,
  UNLOCK_SUITE,
  type UserId,
} from "../protocol.gen.ts";
import type { DeviceKeys } from "./device-keys.ts";
import { AES, KeyRing, type RingKeys } from "./key-ring.ts";
import * as transcript from "./transcript.ts";

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
