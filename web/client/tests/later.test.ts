/** Deletions that can be taken back, changes to one field, duplicates, conflicts lent, and what no key opens any more. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Departures } from "../src/departures.ts";
import { LockedError } from "../src/errors.ts";
import { KeyRing } from "../src/keys/key-ring.ts";
import { carryOutRevocation } from "../src/removal.ts";
import {
  commit,
  DEVICE,
  draft,
  EPOCH,
  edits,
  holdings,
  incoming,
  labels,
  outgoing,
  page,
  sent,
  tabs,
  user,
  verify,
} from "./bench.ts";

test("a deletion that can be taken back is stored, and shown with its time", async () => {
  const id = await edits.add(draft);
  await edits.removeLater(id, 5_000);
  await holdings.reload();
  assert.deepEqual(holdings.accounts[0]?.pending, { kind: "deleting", until: 5_000 });
  assert.deepEqual(await edits.removeDue(4_999), { due: [], next: 5_000 });
  assert.deepEqual(await labels(), ["Desk"]);
  assert.deepEqual(await edits.removeDue(5_000), { due: [id], next: undefined });
  assert.deepEqual(await labels(), []);
});

test("taken back in time, an account is as it was; later there is nothing to take back", async () => {
  const [kept, gone] = [await edits.add(draft), await edits.add(draft)];
  await edits.removeLater(kept, 5_000);
  await edits.removeLater(gone, 5_000);
  assert.equal(await edits.keep(kept), true);
  await edits.removeDue(5_000);
  assert.equal(await edits.keep(gone), false);
  await holdings.reload();
  assert.deepEqual(
    holdings.accounts.map(({ id, pending }) => [id, pending]),
    [[kept, undefined]],
  );
});

test("a synced account that is to be deleted takes news meanwhile, and goes everywhere then", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.update("id", { label: "Mine" });
  await outgoing.flush();
  await edits.removeLater("id", 5_000);
  await commit("done first");
  assert.deepEqual(await labels(), ["Mine"]);
  assert.equal(holdings.accounts[0]?.pending?.kind, "deleting");
  await edits.removeDue(5_000);
  await outgoing.flush();
  assert.deepEqual(sent.at(-1), { type: "delete", ref: 2, id: "id", base_version: 2 });
});

test("what another device changed after its owner wanted it deleted here is not deleted unseen", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.removeLater("id", 5_000);
  await incoming.apply(await page("id", 2, "Changed elsewhere"), EPOCH);
  await edits.removeDue(5_000);
  await outgoing.flush();
  const put = sent.at(-1);
  assert.ok(put?.type === "delete" && put.base_version === 1, "the server will call it a conflict");
});

test("a change that was never sent does not keep its account from being deleted", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.update("id", { label: "Not sent" });
  await edits.removeLater("id", 5_000);
  await edits.removeDue(5_000);
  await outgoing.flush();
  assert.deepEqual(sent.at(-1), { type: "delete", ref: 1, id: "id", base_version: 1 });
});

test("the leader deletes what came due while no page was open, and waits for the rest", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 10_000 });
  const [overdue, soon] = [await edits.add(draft), await edits.add(draft)];
  await edits.removeLater(overdue, 9_000);
  await edits.removeLater(soon, 12_000);
  const departed: string[][] = [];
  let heard = () => {};
  const departures = new Departures(edits, async (ids) => {
    departed.push([...ids]);
    heard();
  });
  await departures.look();
  assert.deepEqual(departed, [[overdue]]);
  const next = new Promise<void>((resolve) => {
    heard = resolve;
  });
  t.mock.timers.tick(2_000);
  await next;
  assert.deepEqual(departed, [[overdue], [soon]]);
  departures.stop();
});

test("a removal forgets what was to be deleted later with the rest", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Synced"), EPOCH);
  await edits.removeLater("id", 5_000);
  await carryOutRevocation({ reason: "removed", at: 5 }, { holdings, edits, tabs });
  assert.deepEqual(await holdings.store.entry("id"), { row: undefined, change: undefined, wish: undefined });
});

test("one secret is replaced, and the others need not be typed again", async () => {
  const id = await edits.add({ ...draft, fields: { key: "k", secret: "old", passphrase: "p", vault: "v" } });
  await edits.update(id, { fields: { secret: "new", vault: "" } });
  assert.deepEqual(await holdings.lend(id, ({ fields }) => fields), { key: "k", secret: "new", passphrase: "p" });
});

test("a second account with the same key is found, whatever it is called", async () => {
  const mine = { ...draft, fields: { key: "the same key id", secret: "s" } };
  const id = await edits.add(mine);
  await edits.add({ ...draft, label: "Another", fields: { key: "another key id", secret: "s" } });
  await holdings.reload();
  assert.equal(holdings.sameKey({ ...mine, fields: { key: "the same key id" } })?.id, id);
  assert.equal(holdings.sameKey(mine, id), undefined);
  assert.equal(holdings.sameKey({ ...mine, environment: "mainnet" }), undefined);
  assert.equal(holdings.accounts.find((each) => each.id === id)?.keyHint, "the …y id");
});

test("when an account was changed is known from here, and from what arrives live; not from what was missed", async () => {
  await verify();
  await incoming.apply(await page("missed", 1, "Missed"), EPOCH);
  await incoming.apply(await page("live", 2, "Live"), EPOCH, true);
  const id = await edits.add(draft);
  await holdings.reload();
  const at = (wanted: string) => holdings.accounts.find((each) => each.id === wanted)?.updatedAt;
  assert.equal(at("missed"), undefined);
  assert.ok(at("live"));
  const before = at(id) ?? 0;
  await edits.update(id, { label: "Laptop" });
  await holdings.reload();
  assert.ok((at(id) ?? 0) >= before && before > 0);
});

test("both sides of a conflict are lent, a deletion as nothing", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.update("id", { label: "Mine" });
  await incoming.apply(await page("id", 2, "Theirs"), EPOCH);
  const sides = () => holdings.lendConflict("id", ({ mine, theirs }) => [mine?.label, theirs?.label]);
  assert.deepEqual(await sides(), ["Mine", "Theirs"]);

  await incoming.apply({ seq: 3, upserts: [], deletes: [{ id: "id", version: 3, seq: 3 }], done: true }, EPOCH);
  assert.deepEqual(await sides(), ["Mine", undefined]);
  await edits.discard("id");
  await assert.rejects(sides(), { code: "not_found" });
});

test("what is locked by a removal is forgotten when its owner says so, and only then", async () => {
  await verify();
  await edits.add(draft);
  await carryOutRevocation({ reason: "removed", at: 5 }, { holdings, edits, tabs });
  await holdings.reload();
  assert.equal(holdings.sealedAccounts, 1);
  assert.equal((await edits.discardSealed()).length, 1);
  await holdings.reload();
  assert.equal(holdings.sealedAccounts, 0);
});

test("a device that came back too late for its key forgets what that key opened, and nothing else", async () => {
  await verify();
  await edits.add({ ...draft, label: "Old" });
  const aes = () => crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  holdings.lock.unlock(new KeyRing(user, { device: DEVICE, unlock: await aes(), local: await aes() }));
  await edits.add({ ...draft, label: "New" });
  await holdings.reload();
  assert.equal(holdings.sealedAccounts, 1);
  assert.equal((await edits.discardSealed()).length, 1);
  assert.deepEqual(await labels(), ["New"]);
  assert.equal(holdings.sealedAccounts, 0);
});

test("while a browser is only locked nothing is forgotten", async () => {
  await verify();
  await edits.add(draft);
  holdings.lock.forget("grace_over");
  await assert.rejects(edits.discardSealed(), LockedError);
  assert.equal((await holdings.store.read()).entries.size, 1);
});
