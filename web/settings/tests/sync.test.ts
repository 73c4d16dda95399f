/** What the SYNC views decide: the steps of a removal, what is known of a mail, what a device's keys are called. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account, DeviceView, Sync } from "@keyleash/client";
import { removalSteps } from "../src/sync/removal-steps.ts";
import { heldKeys } from "../src/sync/rotation.ts";
import { mailState } from "../src/sync/verification.ts";
import { en } from "../src/texts/en.ts";

const device = (more: Partial<DeviceView> = {}) => ({ online: false, ...more }) as DeviceView;
const states = (view: DeviceView) => removalSteps(view).map(({ state }) => state);

test("the key is taken away first of all; the rest comes as the device hears and answers", () => {
  const receipt = { at: 1, after_ms: 38, wiped: true };
  assert.deepEqual(states(device()), ["done", "waiting", "waiting"]);
  assert.deepEqual(states(device({ online: true })), ["done", "done", "waiting"]);
  assert.deepEqual(states(device({ online: true, receipt })), ["done", "done", "done"]);
  assert.deepEqual(states(device({ receipt })), ["done", "done", "done"], "it answered, and left");
  assert.deepEqual(states(device({ receipt: { ...receipt, wiped: false } })), ["done", "done", "failed"]);
});

test("what is known of the verification mail", () => {
  const pending = (mailExpiresAt?: number): Extract<Sync, { kind: "pending" }> => ({
    kind: "pending",
    device: "d",
    matchCode: "4K7-QD2",
    ...(mailExpiresAt !== undefined && { mailExpiresAt }),
  });
  assert.deepEqual(mailState(pending(), undefined, 100), { kind: "none" });
  assert.deepEqual(mailState(pending(200), device(), 100), { kind: "sent", expiresAt: 200 });
  assert.deepEqual(mailState(pending(100), device(), 100), { kind: "expired" });
  assert.deepEqual(mailState(pending(200), device({ mail_failed_at: 90 }), 100), { kind: "undeliverable", at: 90 });
});

test("what a device held is called by what this browser knows, here or elsewhere, and is told apart otherwise", () => {
  const account = { id: "a", label: "Main", exchange: "binance" } as Account;
  const elsewhere = { ...account, id: "e", label: "Desk only", exchange: "okx" };
  const keys = heldKeys(
    [{ credential: "a" }, { credential: "e", rotated_at: 5 }, { credential: "gone" }],
    { accounts: [account], elsewhere: [{ ...elsewhere, wanted: false }], sync: { kind: "verified", device: "d" } },
    en,
  );
  assert.deepEqual(
    keys.map(({ id, label, exchange, rotatedAt }) => [id, label, exchange?.name, rotatedAt]),
    [
      ["a", "Main", "Binance", undefined],
      ["e", "Desk only", "OKX", 5],
      ["gone", en.words.unknownAccount, undefined, undefined],
    ],
  );
  const locked = { accounts: [], elsewhere: [], sync: { kind: "removed", reason: "panic", at: 1 } } as const;
  assert.equal(heldKeys([{ credential: "a" }], locked, en)[0]?.label, en.words.unknownUntilVerified);
});
