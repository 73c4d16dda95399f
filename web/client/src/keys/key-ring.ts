/**
 * The unlock key and what is derived from it, in memory only: this is what a removal takes away.
 *
 * Owns the two non-extractable keys of an unlocked tab. They may be handed to this browser's other tabs, and must never
 * be written to IndexedDB. The raw unlock key lives for the length of one call.
 */

import type { Bytes } from "../bytes.ts";
import type { CredentialId, DeviceId, UserId, Version } from "../protocol.gen.ts";
import { open, openSummary, type Plain, type Summary, seal } from "./boxes.ts";
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

export const AES = { name: "AES-GCM", length: 256 } as const;
