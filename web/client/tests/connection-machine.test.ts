import assert from "node:assert/strict";
import { test } from "node:test";

import { CloseCode, type ServerMessage } from "../src/protocol.gen.ts";
import { type ConnectionInput, type ConnectionState, OFFLINE, step } from "../src/sync/connection-machine.ts";

const here = { now: 1_000_000, random: 0.5 };
const challenge: ServerMessage = { type: "challenge", nonce: "bm9uY2U" };
const welcome: ServerMessage = {
  type: "welcome",
  state: "verified",
  seq: 1,
  epoch: "e",
  heartbeat_ms: 1_000,
  grace_ms: 9,
};
const page: ServerMessage = { type: "sync", seq: 1, upserts: [], deletes: [], done: true };
const message = (text: ServerMessage): ConnectionInput => ({ kind: "message", message: text });

function after(...inputs: ConnectionInput[]): ConnectionState {
  return inputs.reduce<ConnectionState>((state, input) => step(state, input, here)[0], OFFLINE);
}
const live = () => after({ kind: "start" }, message(challenge), message(welcome));
const effects = (state: ConnectionState, input: ConnectionInput) => step(state, input, here)[1].map(({ kind }) => kind);

test("greets, and then hands on what comes", () => {
  assert.deepEqual(effects(OFFLINE, { kind: "start" }), ["open", "timer"]);
  assert.deepEqual(effects(after({ kind: "start" }), message(challenge)), ["hello"]);
  assert.deepEqual(effects(after({ kind: "start" }, message(challenge)), message(welcome)), ["deliver", "timer"]);
  assert.deepEqual(effects(live(), message(page)), ["deliver", "timer"]);
});

test("a revocation is handed on from every state with an open socket", () => {
  const revoked = message({ type: "revoked", reason: "removed", at: 1 });
  for (const state of [after({ kind: "start" }), after({ kind: "start" }, message(challenge)), live()]) {
    assert.deepEqual(effects(state, revoked), ["revoke", "timer"]);
  }
});

test("after a revocation the socket is left open for the receipt, until the server closes it or does not", () => {
  const parting = step(live(), message({ type: "revoked", reason: "removed", at: 1 }), here)[0];
  assert.deepEqual(effects(parting, { kind: "stop" }), []);
  assert.deepEqual(effects(parting, message(page)), []);
  assert.deepEqual(step(parting, { kind: "closed", code: CloseCode.revoked, opened: true }, here), [OFFLINE, []]);
  assert.deepEqual(step(parting, { kind: "timer" }, here), [OFFLINE, [{ kind: "close" }]]);
  assert.deepEqual(effects(parting, { kind: "start" }), ["open", "timer"]);
});

test("messages out of order end the connection, which comes back later", () => {
  for (const [state, wrong] of [
    [after({ kind: "start" }), page],
    [after({ kind: "start" }, message(challenge)), challenge],
    [live(), welcome],
  ] as const) {
    assert.deepEqual(effects(state, message(wrong)), ["close", "timer"]);
  }
  assert.deepEqual(effects(live(), { kind: "garbled" }), ["close", "timer"]);
});

test("silence counts as a loss", () => {
  const state = live();
  assert.equal(state.kind === "live" && state.silenceMs, 2_500);
  assert.deepEqual(effects(state, { kind: "timer" }), ["close", "timer"]);
});

test("an upgrade that never opened asks for the session, and waits unless that is refused", () => {
  const refused = after({ kind: "start" }, { kind: "closed", code: 1006, opened: false });
  assert.equal(refused.kind, "asking");
  assert.equal(step(refused, { kind: "session", answer: "unreachable" }, here)[0].kind, "waiting");
  assert.equal(step(refused, { kind: "session", answer: "good" }, here)[0].kind, "waiting");
  assert.equal(step(refused, { kind: "session", answer: "refused" }, here)[0].kind, "offline");
});

test("each close code either comes back, asks, or stops", () => {
  for (const [name, code] of Object.entries(CloseCode)) {
    const next = step(live(), { kind: "closed", code, opened: true }, here)[0].kind;
    const asked = name === "revoked" || name === "unauthorised";
    assert.equal(next, code < 4500 ? "waiting" : asked ? "asking" : "stopped", name);
  }
  assert.equal(step(live(), { kind: "closed", code: 1006, opened: true }, here)[0].kind, "waiting");
  assert.equal(step(live(), { kind: "closed", code: 4999, opened: true }, here)[0].kind, "stopped");
});

test("a device that the server does not know does not knock for ever", () => {
  const asking = step(live(), { kind: "closed", code: CloseCode.unauthorised, opened: true }, here)[0];
  assert.equal(step(asking, { kind: "session", answer: "good" }, here)[0].kind, "stopped");
  assert.equal(step(asking, { kind: "session", answer: "renewed" }, here)[0].kind, "waiting", "with the new login");
});

test("a draining node says when to come back", () => {
  const draining = step(live(), message({ type: "drain", reconnect_after_ms: 7_000 }), here)[0];
  const waiting = step(draining, { kind: "closed", code: CloseCode.going_away, opened: true }, here)[0];
  assert.equal(waiting.kind === "waiting" && waiting.until, here.now + 7_000);
});

test("waits grow while connections fail early, and start anew after a steady one", () => {
  const closed: ConnectionInput = { kind: "closed", code: 1006, opened: true };
  const failed = (state: ConnectionState, now: number) => step(state, closed, { now, random: 0.5 })[0];
  const early = failed(live(), here.now + 1);
  assert.equal(early.kind === "waiting" && early.attempt, 1);
  const again = [{ kind: "timer" }, message(challenge), message(welcome)] as ConnectionInput[];
  const back = again.reduce((state, input) => step(state, input, here)[0], early);
  const steady = failed(back, here.now + 60_000);
  assert.equal(steady.kind === "waiting" && steady.attempt, 1);
  const brief = failed(back, here.now + 1);
  assert.equal(brief.kind === "waiting" && brief.attempt, 2);
});

test("a stopped connection ignores late timers and messages", () => {
  assert.deepEqual(effects(OFFLINE, { kind: "timer" }), []);
  assert.deepEqual(effects(OFFLINE, message(page)), []);
  assert.deepEqual(effects(OFFLINE, { kind: "closed", code: 1006, opened: true }), []);
});
