import assert from "node:assert/strict";
import { test } from "node:test";

import { fromUtf8, toUtf8 } from "../src/bytes.ts";
import * as transcript from "../src/keys/transcript.ts";

const USER = "00000000-0000-0000-0000-000000000001";
const DEVICE = "00000000-0000-0000-0000-000000000002";
const CREDENTIAL = "00000000-0000-0000-0000-000000000003";

// The same strings as in the tests of crates/protocol/src/transcript.rs.
test("a box is bound to direction, user, device, credential and version, as in the protocol", () => {
  const rest = ["", USER, DEVICE, CREDENTIAL, "7"].join("\0");
  assert.equal(fromUtf8(transcript.upAad(USER, DEVICE, CREDENTIAL, 7)), `keyleash/v1/up${rest}`);
  assert.equal(fromUtf8(transcript.downAad(USER, DEVICE, CREDENTIAL, 7)), `keyleash/v1/down${rest}`);
});

test("signatures and the unlock key are bound to their purpose, as in the protocol", () => {
  const [receive, signing] = [toUtf8("receive"), toUtf8("signing")];
  assert.equal(fromUtf8(transcript.enrol(USER, receive, signing)), `keyleash/v1/enrol\0${USER}\0receive\0signing`);
  assert.equal(fromUtf8(transcript.hello(toUtf8("nonce"), DEVICE)), `keyleash/v1/hello\0nonce\0${DEVICE}`);
  assert.equal(fromUtf8(transcript.unlockInfo(USER, DEVICE)), `keyleash/v1/unlock\0${USER}\0${DEVICE}`);
  assert.equal(fromUtf8(transcript.unlockAad("epoch")), "epoch");
});
