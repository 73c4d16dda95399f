import assert from "node:assert/strict";
import { test } from "node:test";

import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256 } from "hpke";

import { type Bytes, fromBase64Url, toBase64Url } from "../src/bytes.ts";
import { DamagedError } from "../src/errors.ts";
import type { Plain } from "../src/keys/boxes.ts";
import { type DeviceKeys, enrolment, makeDeviceKeys, signHello } from "../src/keys/device-keys.ts";
import { makeBrowserKey, openLocal, sealLocal } from "../src/keys/key-ring.ts";
import * as transcript from "../src/keys/transcript.ts";
import { openUnlock } from "../src/keys/unlock.ts";
import { type SealedUnlock, UNLOCK_SUITE } from "../src/protocol.gen.ts";

const place = { user: "user", device: "device", epoch: "epoch" };
const plain: Plain = {
  exchange: "binance",
  kind: "hmac",
  label: "Desk",
  environment: "testnet",
  fields: { key: "a key", secret: "a secret" },
  createdAt: 1,
};

/** What the vault does. */
async function sealUnlock(raw: Bytes, keys: DeviceKeys, to = place): Promise<SealedUnlock> {
  const suite = new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
  const { encapsulatedSecret, ciphertext } = await suite.Seal(keys.receive.publicKey, raw, {
    info: transcript.unlockInfo(to.user, to.device),
    aad: transcript.unlockAad(to.epoch),
  });
  return { suite: UNLOCK_SUITE, enc: text(encapsulatedSecret), ct: text(ciphertext) };
}
const text = (bytes: Uint8Array) => toBase64Url(new Uint8Array(bytes));

async function unlocked() {
  const keys = await makeDeviceKeys();
  const raw = crypto.getRandomValues(new Uint8Array(32));
  return { raw, ring: await openUnlock(keys, await sealUnlock(raw, keys), place) };
}

test("no private key of a device can be taken out of it", async () => {
  const keys = await makeDeviceKeys();
  for (const { privateKey } of [keys.receive, keys.signing]) {
    assert.equal(privateKey.extractable, false);
    await assert.rejects(crypto.subtle.exportKey("pkcs8", privateKey));
  }
});

test("an enrolment proves the possession of both keys, and a hello answers the challenge", async () => {
  const keys = await makeDeviceKeys();
  const { receive_key, signing_key, proof } = await enrolment(keys, place.user);
  const [receive, signing] = [fromBase64Url(receive_key), fromBase64Url(signing_key)];
  assert.equal(receive.length, 65);
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const verify = (signature: string, message: Bytes) =>
    crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, keys.signing.publicKey, fromBase64Url(signature), message);
  assert.ok(await verify(proof, transcript.enrol(place.user, receive, signing)));
  assert.ok(await verify(await signHello(keys, nonce, place.device), transcript.hello(nonce, place.device)));
  assert.ok(!(await verify(await signHello(keys, nonce, "another"), transcript.hello(nonce, place.device))));
});

test("the unlock key opens what was sealed under it in either direction, and cannot be taken out", async () => {
  const { raw, ring } = await unlocked();
  assert.deepEqual(await ring.openUp("id", 3, await ring.sealUp("id", 3, plain)), plain);
  for (const key of [ring.keys.unlock, ring.keys.local]) await assert.rejects(crypto.subtle.exportKey("raw", key));

  const vault = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const box = await ring.sealUp("id", 3, plain);
  const additionalData = transcript.upAad(place.user, place.device, "id", 3);
  const opened = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: box.subarray(0, 12), additionalData },
    vault,
    box.subarray(12),
  );
  assert.equal(JSON.parse(new TextDecoder().decode(opened)).created_at, 1);
});

test("a box opens only in its own place", async () => {
  const { ring } = await unlocked();
  const box = await ring.sealUp("id", 3, plain);
  await assert.rejects(ring.openUp("id", 4, box), DamagedError);
  await assert.rejects(ring.openUp("another", 3, box), DamagedError);
  await assert.rejects(ring.openDown("id", 3, box), DamagedError);
  await assert.rejects(ring.openLocal("id", box), DamagedError);
});

test("an unlock key for another device, user or epoch, or in another suite, is not taken", async () => {
  const keys = await makeDeviceKeys();
  const raw = crypto.getRandomValues(new Uint8Array(32));
  for (const wrong of [{ user: "x" }, { device: "x" }, { epoch: "x" }]) {
    await assert.rejects(openUnlock(keys, await sealUnlock(raw, keys, { ...place, ...wrong }), place));
  }
  const sealed = await sealUnlock(raw, keys);
  await assert.rejects(openUnlock(keys, { ...sealed, suite: "none" }, place));
  await assert.rejects(openUnlock(await makeDeviceKeys(), sealed, place));
  await assert.rejects(openUnlock(keys, await sealUnlock(raw.subarray(0, 16), keys), place));
});

test("a local-only account opens with the browser's key, and with no other", async () => {
  const key = await makeBrowserKey();
  const box = await sealLocal(key, place.user, "id", plain);
  assert.deepEqual(await openLocal(key, place.user, "id", box), plain);
  await assert.rejects(openLocal(await makeBrowserKey(), place.user, "id", box), DamagedError);
  await assert.rejects(openLocal(key, "another user", "id", box), DamagedError);
});

test("what is too large for a box is refused before it is sealed", async () => {
  const { ring } = await unlocked();
  await assert.rejects(ring.sealUp("id", 1, { ...plain, fields: { secret: "x".repeat(16 * 1024) } }), RangeError);
});
