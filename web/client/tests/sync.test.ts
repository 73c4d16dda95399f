import assert from "node:assert/strict";
import { test } from "node:test";

import { LockedError, NoSuchAccountError, RemovedError } from "../src/errors.ts";
import { WRITE_RETRY_MS } from "../src/limits.ts";
import { carryOutRevocation } from "../src/removal.ts";
import {
  commit,
  deletion,
  draft,
  EPOCH,
  edits,
  holdings,
  incoming,
  labels,
  outgoing,
  page,
  ring,
  sent,
  tabs,
  verify,
  warnings,
} from "./bench.ts";

test("an account lives in this browser alone, encrypted, without any server", async () => {
  const id = await edits.add(draft);
  await outgoing.flush();
  assert.deepEqual(sent, []);
  assert.deepEqual(await labels(), ["Desk"]);
  assert.equal(await holdings.lend(id, ({ fields }) => fields.secret), "s");
  const { row } = await holdings.store.entry(id);
  assert.ok(row?.home === "local" && row.under === "browser");
  assert.ok(!Buffer.from(row.box).includes("Desk"));
});

test("two tabs that change one account at the same time lose neither change", async () => {
  const id = await edits.add(draft);
  await Promise.all([edits.update(id, { label: "Laptop" }), edits.update(id, { environment: "mainnet" })]);
  const { label, environment } = await holdings.lend(id, (credential) => credential);
  assert.deepEqual({ label, environment }, { label: "Laptop", environment: "mainnet" });
});

for (const order of ["done first", "news first"] as const) {
  test(`an account is shared and changed, ${order}`, async () => {
    await verify();
    const id = await edits.add(draft);
    await edits.share(id);
    await outgoing.flush();
    await commit(order);
    assert.equal(holdings.accounts[0]?.synced, true);
    assert.equal(holdings.accounts[0]?.pending, undefined);

    await edits.update(id, { label: "Laptop" });
    await outgoing.flush();
    // While that is on its way the user changes it again.
    await edits.update(id, { label: "Phone" });
    await commit(order);
    assert.deepEqual(await labels(), ["Phone"]);
    await outgoing.flush();
    await commit(order);
    assert.deepEqual(await labels(), ["Phone"]);
    const { row, change } = await holdings.store.entry(id);
    assert.equal(change, undefined);
    assert.ok(row?.home === "synced" && row.version === 3);
  });
}

test("a write without an answer is settled by what the server then sends", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.update("id", { label: "Mine" });
  await outgoing.flush();
  outgoing.reset();
  await incoming.apply({ ...(await page("id", 2, "Mine")) }, EPOCH);
  assert.equal((await holdings.store.entry("id")).change, undefined);
});

test("a change that another device forestalled is kept until the user decides", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.update("id", { label: "Mine" });
  await incoming.apply(await page("id", 2, "Theirs"), EPOCH);
  assert.deepEqual(await labels(), ["Theirs"]);
  assert.equal(holdings.accounts[0]?.pending?.kind, "conflict");

  await edits.insist("id");
  assert.deepEqual(await labels(), ["Mine"]);
  await outgoing.flush();
  assert.equal(sent.at(-1)?.type === "put" && sent.at(-1), sent.at(-1));
  await commit("done first");
  assert.deepEqual(await labels(), ["Mine"]);
});

test("a refused write leaves the stored state as it was", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.update("id", { label: "Mine" });
  await outgoing.flush();
  await outgoing.refused({ type: "error", ref: 1, code: "quota_exceeded", detail: "full" });
  assert.deepEqual(await labels(), ["Desk"]);
  assert.equal(holdings.accounts[0]?.pending?.kind, "refused");
  await edits.discard("id");
  assert.deepEqual(await labels(), ["Desk"]);
});

test("a server that asks for a pause is given one, and nothing is refused or lost", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.update("id", { label: "Mine" });
  await outgoing.flush();
  await outgoing.refused({ type: "error", ref: 1, code: "too_many_requests", detail: "wait" });
  await outgoing.flush();
  assert.equal(sent.length, 1, "not sent again during the pause");
  assert.equal((await holdings.store.entry("id")).change?.state.kind, "waiting");
  t.mock.timers.tick(WRITE_RETRY_MS);
  await holdings.reload();
  assert.equal(sent.length, 2);
});

test("set to local only, an account stays here and goes elsewhere; shared again, it goes on where it was", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Desk"), EPOCH);
  await edits.unshare("id");
  await outgoing.flush();
  assert.deepEqual(sent.at(-1), { type: "delete", ref: 1, id: "id", base_version: 1 });
  await outgoing.done({ type: "done", ref: 1, id: "id", version: 2, seq: 2 });
  await incoming.apply(deletion("id", 2), EPOCH);
  assert.deepEqual(await labels(), ["Desk"]);
  assert.equal(holdings.accounts[0]?.synced, false);

  await edits.share("id");
  await outgoing.flush();
  const put = sent.at(-1);
  assert.ok(put?.type === "put" && put.base_version === 2);
});

test("an older version and a box that does not open are refused, and nothing is overwritten", async () => {
  await verify();
  await incoming.apply(await page("id", 2, "New"), EPOCH);
  await incoming.apply(await page("id", 1, "Old"), EPOCH);
  const swapped = await page("another", 3, "Swapped");
  await incoming.apply({ ...swapped, upserts: swapped.upserts.map((upsert) => ({ ...upsert, id: "id" })) }, EPOCH);
  assert.deepEqual(await labels(), ["New"]);
  assert.deepEqual(warnings, [
    { id: "id", kind: "rollback" },
    { id: "id", kind: "unreadable" },
  ]);
});

test("a restored database takes nothing away from this browser", async () => {
  await verify();
  await incoming.apply(await page("kept", 3, "Newer here"), EPOCH);
  await incoming.apply(await page("unknown there", 1, "Only here"), EPOCH);
  await incoming.apply(await page("kept", 2, "Older there"), "restored");
  await incoming.localiseOtherEpochs("restored");
  assert.deepEqual((await labels()).sort(), ["Older there", "Only here"]);
  assert.equal(holdings.accounts.find(({ id }) => id === "kept")?.pending?.kind, "conflict");
  assert.equal(holdings.accounts.find(({ id }) => id === "unknown there")?.synced, false);
  await edits.insist("kept");
  assert.ok((await labels()).includes("Newer here"));
});

test("a local-only account that meets another under its id is kept beside it", async () => {
  await verify();
  const id = await edits.add({ ...draft, label: "Mine" });
  await incoming.apply(await page(id, 1, "Theirs"), EPOCH);
  assert.deepEqual(await labels(), ["Mine", "Theirs"]);
});

test("a removal takes the synced accounts, and locks the local ones", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Synced"), EPOCH);
  const local = await edits.add({ ...draft, label: "Local" });
  await edits.update("id", { label: "Not sent" });
  assert.ok(await carryOutRevocation({ reason: "removed", at: 5 }, { holdings, edits, tabs }));
  assert.deepEqual(await labels(), []);
  assert.equal(holdings.sealedAccounts, 1);
  assert.deepEqual(holdings.sync, { kind: "removed", reason: "removed", at: 5 });
  await assert.rejects(
    holdings.lend("id", () => {}),
    RemovedError,
  );
  await assert.rejects(
    holdings.lend(local, () => {}),
    RemovedError,
  );

  // Verified again within the restore window, it gets the same unlock key.
  await verify();
  assert.deepEqual(await labels(), ["Local"]);
});

test("a removal is known in the turn in which it is carried out", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Synced"), EPOCH);
  await holdings.reload();
  void carryOutRevocation({ reason: "panic", at: 5 }, { holdings, edits, tabs });
  assert.deepEqual(holdings.accounts, []);
  assert.equal(holdings.lock.ring, undefined);
  await assert.rejects(
    holdings.lend("id", () => {}),
    LockedError,
  );
});

test("an erasure takes the local accounts too", async () => {
  await verify();
  await edits.add(draft);
  const before = await holdings.store.deviceKeys();
  await carryOutRevocation({ reason: "erased", at: 5 }, { holdings, edits, tabs });
  await holdings.reload();
  assert.equal(holdings.sealedAccounts, 0);
  const after = await holdings.store.deviceKeys();
  const [one, other] = await Promise.all(
    [before, after].map(({ signing }) => crypto.subtle.exportKey("jwk", signing.publicKey)),
  );
  assert.notDeepEqual(one, other);
});

test("when sync is turned off, local-only accounts go on working without the server", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Synced"), EPOCH);
  await edits.add({ ...draft, label: "Local" });
  await carryOutRevocation({ reason: "sync_off", at: 5 }, { holdings, edits, tabs });
  assert.deepEqual(await labels(), ["Local"]);
  assert.deepEqual(holdings.sync, { kind: "off" });
  assert.deepEqual(holdings.lockState, { kind: "unlocked" });
  await assert.rejects(
    holdings.lend("id", () => {}),
    NoSuchAccountError,
  );
});

test("signing out locks, and keeps the ciphertext", async () => {
  await verify();
  await incoming.apply(await page("id", 1, "Synced"), EPOCH);
  await carryOutRevocation({ reason: "signed_out", at: 5 }, { holdings, edits, tabs });
  await assert.rejects(
    holdings.lend("id", () => {}),
    LockedError,
  );
  holdings.lock.unlock(ring);
  assert.deepEqual(await labels(), ["Synced"]);
});

test("a page that was being applied when the removal came leaves nothing behind", async () => {
  await verify();
  const late = incoming.apply(await page("id", 1, "Late"), EPOCH);
  await carryOutRevocation({ reason: "removed", at: 5 }, { holdings, edits, tabs });
  await late.catch(() => {});
  assert.equal((await holdings.store.entry("id")).row, undefined);
});
