/** One browser's storage, lock and rooms, made anew before each test, and a server that the tests speak for. */
import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { beforeEach } from "node:test";

import { concat, fromBase64Url, toBase64Url } from "../src/bytes.ts";
import { Edits } from "../src/edits.ts";
import { Holdings } from "../src/holdings.ts";
import { open, type Plain, seal } from "../src/keys/boxes.ts";
import { KeyRing } from "../src/keys/key-ring.ts";
import * as transcript from "../src/keys/transcript.ts";
import type { ClientMessage, ServerMessage, SyncPage } from "../src/protocol.gen.ts";
import type { Warning } from "../src/state.ts";
import { Incoming } from "../src/sync/incoming.ts";
import { Outgoing } from "../src/sync/outgoing.ts";

export const EPOCH = "epoch";
export const DEVICE = "device";
export const draft = {
  exchange: "bybit",
  kind: "hmac",
  label: "Desk",
  environment: "testnet",
  fields: { secret: "s" },
};
export const plain = (label: string): Plain => ({ ...draft, label, createdAt: 1 });

let users = 0;
let refs = 0;
export let user: string;
export let holdings: Holdings;
export let edits: Edits;
export let incoming: Incoming;
export let outgoing: Outgoing;
export let ring: KeyRing;
export let sent: ClientMessage[];
export let warnings: Warning[];

beforeEach(async () => {
  user = `user ${++users}`;
  const aes = () => crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  ring = new KeyRing(user, { device: DEVICE, unlock: await aes(), local: await aes() });
  sent = [];
  refs = 0;
  warnings = [];
  holdings = await Holdings.open(user, () => {});
  edits = new Edits(holdings);
  incoming = new Incoming(holdings, edits, (warning) => warnings.push(warning));
  outgoing = new Outgoing(
    holdings,
    edits,
    (message) => sent.push(message),
    () => ++refs,
  );
});

export async function verify() {
  await holdings.store.setEnrolment({ device: DEVICE, state: "verified", matchCode: "0000" });
  holdings.lock.unlock(ring);
  await holdings.reload();
}

export async function page(id: string, version: number, label: string): Promise<SyncPage> {
  const box = toBase64Url(await seal(ring.keys.unlock, transcript.downAad(user, DEVICE, id, version), plain(label)));
  return { seq: version, upserts: [{ id, version, seq: version, box }], deletes: [], done: true };
}
/** A page that names a credential without its fields. */
export async function summary(id: string, version: number, label: string): Promise<SyncPage> {
  const { fields: _, createdAt, ...named } = plain(label);
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = transcript.downAad(user, DEVICE, id, version);
  const text = new TextEncoder().encode(JSON.stringify({ ...named, created_at: createdAt }));
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData };
  const box = toBase64Url(
    concat(nonce, new Uint8Array(await crypto.subtle.encrypt(algorithm, ring.keys.unlock, text))),
  );
  return { seq: version, upserts: [{ id, version, seq: version, box, summary: true }], deletes: [], done: true };
}
export const deletion = (id: string, version: number): SyncPage => ({
  seq: version,
  upserts: [],
  deletes: [{ id, version, seq: version }],
  done: true,
});

export async function labels() {
  await holdings.reload();
  return holdings.accounts.map(({ label }) => label);
}

/** Answers the last put as the server would: with its news, and with `done`. */
export async function commit(order: "done first" | "news first") {
  const put = sent.at(-1);
  assert.ok(put?.type === "put");
  const { ref, id, base_version } = put;
  const version = base_version + 1;
  const said = await open(ring.keys.unlock, transcript.upAad(user, DEVICE, id, version), fromBase64Url(put.box));
  const box = toBase64Url(await seal(ring.keys.unlock, transcript.downAad(user, DEVICE, id, version), said));
  const news: SyncPage = { seq: version, upserts: [{ id, version, seq: version, box }], deletes: [], done: true };
  const done = { type: "done", ref, id, version, seq: version } as const satisfies ServerMessage;
  if (order === "done first") await outgoing.done(done);
  await outgoing.recognise(news.upserts);
  await incoming.apply(news, EPOCH);
  if (order === "news first") await outgoing.done(done);
  await holdings.reload();
}

/** Other tabs that forget at once. */
export const tabs = { forget: () => Promise.resolve(true) };
