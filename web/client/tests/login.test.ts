/** The token of a page on another origin, and who a vendor's token speaks of. */
import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { test } from "node:test";
import { openDB } from "idb";

import { toBase64Url, toUtf8 } from "../src/bytes.ts";
import { holderOf } from "../src/identity-token.ts";
import { Token } from "../src/token.ts";

const SERVER = "https://keys.example";

test("a token is kept for all tabs, until it is ended", async () => {
  const [one, other] = [new Token(SERVER), new Token(SERVER)];
  await one.keep("a token");
  assert.equal(one.current, "a token");
  assert.equal(other.current, undefined);
  await other.load();
  assert.equal(other.current, "a token");
  await other.keep(undefined);
  await one.load();
  assert.equal(one.current, undefined);
});

test("what is stored of a token is sealed, under a key that cannot be taken out", async () => {
  const token = new Token(SERVER);
  await token.keep("a token to look for");
  const db = await openDB("keyleash login");
  const { key, nonce, sealed } = await db.get("tokens", SERVER);
  db.close();
  assert.equal(key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("raw", key));
  for (const bytes of [nonce, sealed]) assert.ok(!Buffer.from(bytes).includes("a token"));
});

test("a token that was kept for one server is not given to another, even if it is put there", async () => {
  const elsewhere = "https://elsewhere.example";
  await new Token(SERVER).keep("a token");
  const db = await openDB("keyleash login");
  await db.put("tokens", await db.get("tokens", SERVER), elsewhere);
  db.close();
  const token = new Token(elsewhere);
  await token.load();
  assert.equal(token.current, undefined);
});

test("users of a vendor are told apart by issuer and subject; what is no token names nobody", () => {
  const part = (value: unknown) => toBase64Url(toUtf8(JSON.stringify(value)));
  const jwt = (claims: unknown) => `${part({ alg: "ES256" })}.${part(claims)}.signature`;
  const one = holderOf(jwt({ iss: "https://vendor.example", sub: "1", exp: 1 }));
  assert.ok(one);
  assert.equal(one, holderOf(jwt({ exp: 2, sub: "1", iss: "https://vendor.example" })));
  assert.notEqual(one, holderOf(jwt({ iss: "https://vendor.example", sub: "2" })));
  assert.notEqual(one, holderOf(jwt({ iss: "https://another.example", sub: "1" })));
  for (const none of ["", "a.b", "a.!!.c", jwt({ iss: "x" })]) assert.equal(holderOf(none), undefined);
});
