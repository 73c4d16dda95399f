import assert from "node:assert/strict";
import { test } from "node:test";

import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS } from "../src/limits.ts";
import type { Change, Entry, Row } from "../src/store/records.ts";
import { backoffMs } from "../src/sync/backoff.ts";
import { graceLeftMs } from "../src/sync/grace.ts";
import { type Incoming, ruleOnTombstone, ruleOnUpsert } from "../src/sync/versions.ts";

test("the wait grows, is jittered, and is bounded", () => {
  for (let attempt = 0; attempt < 100; attempt++) {
    const [least, most] = [backoffMs(attempt, 0), backoffMs(attempt, 0.999999)];
    assert.ok(least >= BACKOFF_FIRST_MS / 2 && most <= BACKOFF_MAX_MS && least < most);
  }
  assert.ok(backoffMs(3, 0) > backoffMs(1, 0.999));
});

test("grace ends by whichever clock went further", () => {
  const lost = { wallMs: 1_000, monotonicMs: 50 };
  assert.equal(graceLeftMs(lost, { wallMs: 1_400, monotonicMs: 450 }, 1_000), 600);
  // The laptop slept: only the wall clock went on.
  assert.equal(graceLeftMs(lost, { wallMs: 9_000, monotonicMs: 60 }, 1_000), 0);
  // Somebody set the clock back.
  assert.equal(graceLeftMs(lost, { wallMs: -9_000, monotonicMs: 1_050 }, 1_000), 0);
  assert.equal(graceLeftMs(lost, { wallMs: 1_000, monotonicMs: 50 }, 0), 0);
});

const box = new Uint8Array(12);
const synced = (version: number, epoch = "e"): Row => ({ home: "synced", version, epoch, box });
const local = (tombstone?: number): Row => ({
  home: "local",
  under: "unlock",
  box,
  ...(tombstone !== undefined && { tombstone: { version: tombstone, epoch: "e" } }),
});
const gone = (version: number): Row => ({ home: "gone", version, epoch: "e" });
const change = (
  kind: "share" | "change" | "delete" | "unshare",
  base: number,
  state: Change["state"] = { kind: "waiting" },
): Change => ({
  token: "t",
  base,
  at: 1,
  write: kind === "delete" ? { kind } : kind === "unshare" ? { kind, keep: box } : { kind, box },
  state,
});
const at = (version: number, epoch = "e"): Incoming => ({ version, epoch });
const DIFFERENT = { asRow: false, asChange: false };
const upsert = (entry: Entry, incoming: Incoming, same = DIFFERENT) => ruleOnUpsert(entry, incoming, same);

test("news are taken", () => {
  assert.deepEqual(upsert({}, at(1)), { kind: "take", change: "keep", mine: "replace" });
  assert.deepEqual(upsert({ row: synced(1) }, at(2)), { kind: "take", change: "keep", mine: "replace" });
  assert.deepEqual(upsert({ row: gone(2) }, at(3)), { kind: "take", change: "keep", mine: "replace" });
  assert.deepEqual(ruleOnTombstone({ row: synced(1) }, at(2)), { kind: "take", change: "keep", row: "gone" });
});

test("an older version is never taken for new", () => {
  assert.equal(upsert({ row: synced(3) }, at(2)).kind, "rollback");
  assert.equal(upsert({ row: gone(3) }, at(2)).kind, "rollback");
  assert.equal(upsert({ row: local(3) }, at(2)).kind, "rollback");
  assert.equal(ruleOnTombstone({ row: synced(3) }, at(2)).kind, "rollback");
});

test("a database that was restored takes nothing away", () => {
  assert.deepEqual(upsert({ row: synced(5) }, at(2, "other")), { kind: "take", change: "keep", mine: "dispute" });
  const same = { asRow: true, asChange: false };
  assert.deepEqual(upsert({ row: synced(5) }, at(2, "other"), same), { kind: "take", change: "keep", mine: "replace" });
  assert.deepEqual(ruleOnTombstone({ row: synced(5) }, at(2, "other")), {
    kind: "take",
    change: "keep",
    row: "localise",
  });
});

test("a change made here settles when it comes back, and is in conflict when another came first", () => {
  const entry = { row: synced(1), change: change("change", 1) };
  const mine = { asRow: false, asChange: true };
  assert.deepEqual(upsert(entry, at(2), mine), { kind: "take", change: "drop", mine: "replace" });
  assert.deepEqual(upsert(entry, at(2)), { kind: "take", change: "conflict", mine: "replace" });
  assert.deepEqual(upsert(entry, at(1)), { kind: "take", change: "keep", mine: "replace" });
  assert.deepEqual(ruleOnTombstone(entry, at(2)), { kind: "take", change: "conflict", row: "gone" });
});

test("a committed change settles also when a later version is all that comes", () => {
  const entry = { row: synced(1), change: change("change", 1, { kind: "committed", version: 2 }) };
  assert.deepEqual(upsert(entry, at(3)), { kind: "take", change: "drop", mine: "replace" });
  assert.deepEqual(upsert(entry, at(1)), { kind: "take", change: "keep", mine: "replace" });
});

test("a conflict that turns out to be the own write settles", () => {
  const entry = { row: synced(1), change: change("change", 1, { kind: "conflict", version: 2 }) };
  assert.deepEqual(upsert(entry, at(2), { asRow: false, asChange: true }), {
    kind: "take",
    change: "drop",
    mine: "replace",
  });
});

test("what is in this browser alone is never lost", () => {
  assert.deepEqual(upsert({ row: local(2) }, at(3)), { kind: "take", change: "keep", mine: "copy" });
  const sharing = { row: local(), change: change("share", 0) };
  assert.deepEqual(upsert(sharing, at(1)), { kind: "take", change: "drop", mine: "copy" });
  assert.deepEqual(upsert(sharing, at(1), { asRow: true, asChange: true }), {
    kind: "take",
    change: "drop",
    mine: "replace",
  });
  const shared = { row: local(), change: change("share", 0, { kind: "committed", version: 1 }) };
  assert.deepEqual(upsert(shared, at(2)), { kind: "take", change: "drop", mine: "replace" });
  assert.deepEqual(ruleOnTombstone({ row: local(2) }, at(2)), { kind: "take", change: "keep", row: "note" });
});

test("to delete and to set local only are done when the tombstone comes, whoever made it", () => {
  assert.deepEqual(ruleOnTombstone({ row: synced(1), change: change("delete", 1) }, at(2)), {
    kind: "take",
    change: "drop",
    row: "gone",
  });
  assert.deepEqual(ruleOnTombstone({ row: synced(1), change: change("unshare", 1) }, at(2)), {
    kind: "take",
    change: "drop",
    row: "unshare",
  });
});
