/**
 * The two key pairs that make this browser a device. Their private halves are made non-extractable and never leave
 * WebCrypto: they can be used here and copied nowhere.
 */

import { type Bytes, toBase64Url } from "../bytes.ts";
import type { Base64Url, DeviceId, Enrol, UserId } from "../protocol.gen.ts";
import * as transcript from "./transcript.ts";

export interface DeviceKeys {
  /** HPKE receive key. Kept as the whole pair: to open with a non-extractable key, `hpke` needs its public half. */
  readonly receive: CryptoKeyPair;
  readonly signing: CryptoKeyPair;
}

const RECEIVE = { name: "ECDH", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

export async function makeDeviceKeys(): Promise<DeviceKeys> {
  const [receive, signing] = await Promise.all([
    crypto.subtle.generateKey(RECEIVE, false, ["deriveBits"]),
    crypto.subtle.generateKey(SIGNING, false, ["sign", "verify"]),
  ]);
  return { receive, signing };
}

/** What registers these keys for `user`, with the proof that their private halves are here. */
export async function enrolment(keys: DeviceKeys, user: UserId): Promise<Omit<Enrol, "name">> {
  const [receiveKey, signingKey] = await Promise.all([
    rawPublicKey(keys.receive.publicKey),
    rawPublicKey(keys.signing.publicKey),
  ]);
  return {
    receive_key: toBase64Url(receiveKey),
    signing_key: toBase64Url(signingKey),
    proof: await sign(keys, transcript.enrol(user, receiveKey, signingKey)),
  };
}

/** Answers the server's challenge. */
export function signHello(keys: DeviceKeys, nonce: Bytes, device: DeviceId): Promise<Base64Url> {
  return sign(keys, transcript.hello(nonce, device));
}

async function sign(keys: DeviceKeys, message: Bytes): Promise<Base64Url> {
  return toBase64Url(new Uint8Array(await crypto.subtle.sign(SIGNATURE, keys.signing.privateKey, message)));
}

async function rawPublicKey(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}
