/** Accounts that are elsewhere: listed without their fields, retrieved when wanted, across reloads, and never instead of more. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { LockedError, NoSuchAccountError } from "../src/errors.ts";
import { WRITE_RETRY_MS } from "../src/limits.ts";
import { type ClientMessage, RETRIEVE_IDS_MAX } from "../src/protocol.gen.ts";
import { carryOutRevocation } from "../src/removal.ts";
import type { Progress } from "../src/state.ts";
import { Retrieval } from "../src/sync/retrieval.ts";
import {
  deletion,
  EPOCH,
  edits,
  holdings,
  incoming,
  labels,
  outgoing,
  page,
  sent,
  summary,
  tabs,
  verify,
  warnings,
} from "./bench.ts";

let asked: ClientMessage[];
let shown: (Progress | undefined)[];
let retrieval: Retrieval;

beforeEach(async () => {
  [asked, shown] = [[], []];
  retrieval = begun();
  await verify();
});

/** As another tab that leads, or the same one after a reload, begins. */
function begun(): Retrieval {
  let refs = 100;
  const send = (message: ClientMessage) => void asked.push(message);
  const progress = (now: Progress | undefined) => void shown.push(now);
  return new Retrieval({ holdings, edits, ref: () => ++refs, send, progress, stored: (ids) => holdings.reload(ids) });
}

async function elsewhere() {
  await holdings.reload();
  return holdings.elsewhere.map(({ label, wanted }) => (wanted ? `${label}, wanted` : label));
}
const lent = (id: string) => holdings.lend(id, ({ label }) => label);
const lastAsked = () => {
  const message = asked.at(-1);
  assert.ok(message?.type === "retrieve");
  return message;
};

test("a summary is listed elsewhere, opens nothing, and is neither an account here nor a sealed one", async () => {
  await incoming.apply(await summary("id", 1, "Phone"), EPOCH);
  assert.deepEqual(await elsewhere(), ["Phone"]);
  assert.deepEqual(await labels(), []);
  assert.equal(holdings.sealedAccounts, 0);
  await assert.rejects(lent("id"), NoSuchAccountError);
  holdings.lock.forget("grace_over");
  assert.deepEqual(holdings.elsewhere, [], "not even its label is shown while locked");
  await assert.rejects(lent("id"), NoSuchAccountError);
});

test("what is wanted is asked for, counted as it arrives, and here then", async () => {
  for (const id of ["a", "b", "c"]) await incoming.apply(await summary(id, 1, id), EPOCH);
  assert.deepEqual((await edits.want(["a", "b", "nowhere"])).sort(), ["a", "b"]);
  assert.deepEqual(await elsewhere(), ["a, wanted", "b, wanted", "c"]);
  await retrieval.flush();
  const { ref, ids } = lastAsked();
  assert.deepEqual([...ids].sort(), ["a", "b"]);
  await incoming.apply(await page("a", 1, "a"), EPOCH);
  await retrieval.count();
  assert.deepEqual(shown.at(-1), { received: 1, total: 2 });
  await incoming.apply(await page("b", 1, "b"), EPOCH);
  await retrieval.retrieved(ref);
  assert.equal(shown.at(-1), undefined);
  assert.deepEqual(await labels(), ["a", "b"]);
  assert.deepEqual(await elsewhere(), ["c"]);
  assert.equal(await lent("a"), "a");
});

test("more that is wanted meanwhile is added to the count, and asked for after what is on its way", async () => {
  for (const id of ["a", "b"]) await incoming.apply(await summary(id, 1, id), EPOCH);
  await edits.want(["a"]);
  await retrieval.flush();
  await edits.want("all");
  await retrieval.flush();
  assert.equal(asked.length, 1);
  assert.deepEqual(shown.at(-1), { received: 0, total: 2 });
  await incoming.apply(await page("a", 1, "a"), EPOCH);
  await retrieval.retrieved(lastAsked().ref);
  assert.deepEqual(lastAsked().ids, ["b"]);
  assert.deepEqual(shown.at(-1), { received: 1, total: 2 });
});

test("a reload goes on where it was", async () => {
  await incoming.apply(await summary("id", 1, "Phone"), EPOCH);
  await edits.want("all");
  await retrieval.flush();
  const next = begun();
  await next.flush();
  assert.deepEqual(lastAsked().ids, ["id"]);
});

test("no message asks for more than the server takes", async () => {
  const ids = Array.from({ length: RETRIEVE_IDS_MAX + 1 }, (_, index) => `id ${index}`);
  const pages = await Promise.all(ids.map((id) => summary(id, 1, id)));
  const upserts = pages.flatMap((each) => each.upserts);
  await incoming.apply({ seq: 1, upserts, deletes: [], done: true }, EPOCH);
  await edits.want("all");
  await retrieval.flush();
  assert.equal(lastAsked().ids.length, RETRIEVE_IDS_MAX);
});

test("what the server does not have any more is not asked for again", async () => {
  await incoming.apply(await summary("id", 1, "Phone"), EPOCH);
  await edits.want("all");
  await retrieval.flush();
  await retrieval.retrieved(lastAsked().ref);
  assert.equal(asked.length, 1);
  assert.equal(shown.at(-1), undefined);
  assert.deepEqual(await elsewhere(), ["Phone"]);
});

test("a refusal is waited out, and ends nothing else", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await incoming.apply(await summary("id", 1, "Phone"), EPOCH);
  await edits.want("all");
  await retrieval.flush();
  assert.equal(retrieval.refused(undefined), false);
  assert.equal(retrieval.refused(7), false);
  assert.equal(retrieval.refused(lastAsked().ref), true);
  await retrieval.flush();
  assert.equal(asked.length, 1, "not asked again during the pause");
  t.mock.timers.tick(WRITE_RETRY_MS);
  await holdings.reload();
  assert.equal(asked.length, 2);
});

test("a summary takes nothing away that is here in full; a later one has it retrieved anew", async () => {
  await incoming.apply(await page("id", 1, "Here"), EPOCH);
  await incoming.apply(await summary("id", 1, "Here"), EPOCH);
  assert.equal(await lent("id"), "Here");
  await incoming.apply(await summary("id", 2, "Later"), EPOCH);
  assert.deepEqual(await elsewhere(), ["Later, wanted"]);
});

test("a summary under the id of a local-only account leaves that as it is, beside it", async () => {
  const id = await edits.add({ exchange: "bybit", kind: "hmac", label: "Mine", environment: "testnet", fields: {} });
  await incoming.apply(await summary(id, 1, "Theirs"), EPOCH);
  assert.deepEqual(await labels(), ["Mine"]);
  assert.deepEqual(await elsewhere(), ["Theirs"]);
});

test("an older summary is refused as any older version is", async () => {
  await incoming.apply(await page("id", 3, "New"), EPOCH);
  await incoming.apply(deletion("id", 4), EPOCH);
  await incoming.apply(await summary("id", 2, "Old"), EPOCH);
  assert.deepEqual(await elsewhere(), []);
  assert.deepEqual(warnings, [{ id: "id", kind: "rollback" }]);
});

test("an account elsewhere is deleted without being retrieved", async () => {
  await incoming.apply(await summary("id", 3, "Phone"), EPOCH);
  await edits.remove("id");
  await outgoing.flush();
  assert.deepEqual(sent.at(-1), { type: "delete", ref: 1, id: "id", base_version: 3 });
  await holdings.reload();
  assert.deepEqual(holdings.elsewhere[0]?.pending, { kind: "waiting", what: "delete" });
  await outgoing.done({ type: "done", ref: 1, id: "id", version: 4, seq: 4 });
  assert.deepEqual(await elsewhere(), []);
  await incoming.apply(deletion("id", 4), EPOCH);
  assert.deepEqual(await elsewhere(), []);
});

test("one that is wanted and then deleted is not wanted any more", async () => {
  await incoming.apply(await summary("id", 3, "Phone"), EPOCH);
  await edits.want("all");
  await edits.remove("id");
  assert.deepEqual(await holdings.store.wanted(), []);
});

test("when another device changes it, what is elsewhere is called by its new name, and stays wanted", async () => {
  await incoming.apply(await summary("id", 1, "Phone"), EPOCH);
  await edits.want("all");
  await incoming.apply(await summary("id", 2, "Tablet"), EPOCH);
  assert.deepEqual(await elsewhere(), ["Tablet, wanted"]);
});

test("a restored database: what is elsewhere and was not sent again is not listed", async () => {
  await incoming.apply(await summary("id", 1, "Phone"), EPOCH);
  await incoming.localiseOtherEpochs("restored");
  assert.deepEqual(await elsewhere(), []);
});

test("a full box that holds no fields is not taken for an account", async () => {
  const { upserts, ...rest } = await summary("id", 1, "Phone");
  await incoming.apply({ ...rest, upserts: upserts.map(({ summary: _, ...upsert }) => upsert) }, EPOCH);
  assert.deepEqual(warnings, [{ id: "id", kind: "unreadable" }]);
});

test("a removal takes what is elsewhere too, and what was wanted", async () => {
  await incoming.apply(await summary("id", 1, "Phone"), EPOCH);
  await edits.want("all");
  await carryOutRevocation({ reason: "removed", at: 5 }, { holdings, edits, tabs });
  assert.deepEqual(await elsewhere(), []);
  assert.deepEqual(await holdings.store.wanted(), []);
  await assert.rejects(lent("id"), LockedError);
});
