import assert from "node:assert/strict";
import { test } from "node:test";

import { eventsBetween, Listeners } from "../src/events.ts";
import type { Account, Snapshot } from "../src/state.ts";

const quiet: Snapshot = {
  session: { kind: "none" },
  sync: { kind: "off" },
  lock: { kind: "unlocked" },
  connection: { kind: "live" },
  accounts: [],
  elsewhere: [],
  sealedAccounts: 0,
  devices: [],
  warnings: [],
};
const account: Account = {
  ...{ id: "a", exchange: "bybit", kind: "hmac", label: "Desk", environment: "testnet" },
  ...{ createdAt: 1, synced: true, version: 1 },
};
const names = (before: Snapshot, now: Snapshot) => eventsBetween(before, now).map(([name]) => name);

test("nothing is told of a snapshot that says the same", () => {
  const same = { ...quiet, session: { kind: "none" }, lock: { kind: "unlocked" } } as const;
  assert.deepEqual(names(quiet, same), []);
});

test("a removal is told as such, and that the keys do not open any more", () => {
  const removed: Snapshot = {
    ...quiet,
    sync: { kind: "removed", reason: "panic", at: 5 },
    lock: { kind: "locked", why: "removed" },
  };
  assert.deepEqual(eventsBetween(quiet, removed), [
    ["sync", removed.sync],
    ["removed", removed.sync],
    ["locked", removed.lock],
  ]);
  assert.deepEqual(names(removed, quiet), ["sync", "unlocked"]);
});

test("a conflict is told once for each account", () => {
  const disputed: Account = { ...account, pending: { kind: "conflict", what: "change" } };
  const one: Snapshot = { ...quiet, accounts: [disputed] };
  const two: Snapshot = { ...quiet, accounts: [{ ...disputed }, { ...disputed, id: "b" }] };
  assert.deepEqual(names(quiet, one), ["accounts", "conflict"]);
  assert.deepEqual(names(one, two), ["accounts", "conflict"]);
});

test("a retrieval is told until it is over", () => {
  const half: Snapshot = { ...quiet, retrieval: { received: 1, total: 2 } };
  assert.deepEqual(eventsBetween(quiet, half), [["retrieval", half.retrieval]]);
  assert.deepEqual(eventsBetween(half, quiet), [["retrieval", undefined]]);
});

test("a listener that throws is reported and keeps nobody else from hearing; one that stopped hears nothing", () => {
  const reported: unknown[] = [];
  Object.assign(globalThis, { reportError: (error: unknown) => reported.push(error) });
  const listeners = new Listeners();
  const heard: string[] = [];
  const stop = listeners.on("locked", () => heard.push("stopped"));
  stop();
  listeners.onChange(() => {
    throw new Error("first");
  });
  listeners.on("locked", () => {
    throw new Error("second");
  });
  listeners.on("locked", ({ why }) => heard.push(why));
  listeners.tell(quiet, { ...quiet, lock: { kind: "locked", why: "grace_over" } });
  assert.deepEqual(heard, ["grace_over"]);
  assert.deepEqual(
    reported.map((error) => (error as Error).message),
    ["first", "second"],
  );
});
