import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";

import { checkDraft } from "../src/exchanges/checks.ts";
import { evmAddressOf } from "../src/exchanges/evm.ts";
import { exchanges } from "../src/exchanges/table.ts";
import type { Draft } from "../src/state.ts";

const bybit: Draft = {
  exchange: "bybit",
  kind: "hmac",
  label: "Desk",
  environment: "testnet",
  fields: { key: "some-key", secret: "some-secret" },
};
const rsa = (pem: string): Draft => ({ ...bybit, kind: "rsa", fields: { key: "some-key", private_key: pem } });
const errorsOf = (draft: Draft) => checkDraft(draft).errors;
const rsaPem = (bits: number, type: "pkcs1" | "pkcs8") =>
  generateKeyPairSync("rsa", { modulusLength: bits }).privateKey.export({ type, format: "pem" }).toString();

test("all eight exchanges have what a form needs", () => {
  assert.equal(exchanges.length, 8);
  for (const { apiKeyPage, environments, kinds } of exchanges) {
    assert.ok(apiKeyPage.startsWith("https://") && environments.length > 0 && kinds.length > 0);
    for (const { fields } of kinds) assert.equal(new Set(fields.map(({ id }) => id)).size, fields.length);
  }
});

test("a good draft passes, trimmed", () => {
  const { errors, draft } = checkDraft({
    ...bybit,
    label: " Desk ",
    fields: { key: " some-key\n", secret: "some-secret" },
  });
  assert.deepEqual(errors, {});
  assert.equal(draft.label, "Desk");
  assert.equal(draft.fields.key, "some-key");
});

test("hidden characters, white space and missing fields are refused", () => {
  assert.ok(errorsOf({ ...bybit, fields: { key: "some\u200bkey", secret: "s" } }).key);
  assert.ok(errorsOf({ ...bybit, fields: { key: "some key", secret: "s" } }).key);
  assert.ok(errorsOf({ ...bybit, fields: { key: "k" } }).secret);
  assert.ok(errorsOf({ ...bybit, label: "  " }).label);
  assert.ok(errorsOf({ ...bybit, exchange: "none" }).exchange);
  assert.ok(errorsOf({ ...bybit, environment: "moon" }).environment);
});

test("a key that is its own secret, a swapped PEM and a seed phrase are refused", () => {
  assert.ok(errorsOf({ ...bybit, fields: { key: "same", secret: "same" } }).secret);
  assert.match(errorsOf({ ...bybit, fields: { key: rsaPem(2048, "pkcs8"), secret: "s" } }).key ?? "", /PEM/);
  const phrase = Array(12).fill("abandon").join(" ");
  assert.match(errorsOf({ ...bybit, fields: { key: "k", secret: phrase } }).secret ?? "", /seed phrase/);
});

test("length alone is only warned about, up to the cap", () => {
  const binance = { ...bybit, exchange: "binance" };
  const { errors, warnings } = checkDraft(binance);
  assert.deepEqual(errors, {});
  assert.match(warnings.join(" "), /64 letters/);
  assert.ok(errorsOf({ ...bybit, fields: { key: "k".repeat(513), secret: "s" } }).key);
});

test("private keys pass in both PEM forms, also with literal line breaks", () => {
  assert.deepEqual(errorsOf(rsa(rsaPem(2048, "pkcs1"))), {});
  assert.deepEqual(errorsOf(rsa(rsaPem(2048, "pkcs8"))), {});
  const { errors, draft } = checkDraft(rsa(rsaPem(2048, "pkcs8").replaceAll("\n", "\\n")));
  assert.deepEqual(errors, {});
  assert.ok(draft.fields.private_key?.includes("\n"));
  const ed25519 = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  assert.deepEqual(errorsOf(rsa(ed25519)), {});
});

test("public, encrypted, short and damaged PEMs are refused", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const encrypted = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" });
  const field = (pem: string) => errorsOf(rsa(pem)).private_key ?? "";
  assert.match(field(publicKey.export({ type: "spki", format: "pem" }).toString()), /public/);
  assert.match(field(encrypted.toString()), /encrypted/);
  assert.match(field(rsaPem(1024, "pkcs1")), /1024 bits/);
  assert.match(field(rsaPem(1024, "pkcs8")), /1024 bits/);
  assert.match(field(rsaPem(2048, "pkcs8").replace(/\n.{20}/, "\n")), /damaged/);
  assert.match(field("-----BEGIN PRIVATE KEY-----"), /not a PEM/);
});

test("a wallet's master key is refused where an agent's is wanted", () => {
  const key = "01".repeat(32);
  const wallet = evmAddressOf(key) ?? "";
  const draft = (fields: Record<string, string>): Draft => ({
    ...bybit,
    exchange: "hyperliquid",
    kind: "agent",
    environment: "mainnet",
    fields,
  });
  assert.match(errorsOf(draft({ wallet, agent_key: key })).agent_key ?? "", /master key/);
  assert.match(errorsOf(draft({ wallet, agent_key: "00".repeat(32) })).agent_key ?? "", /not a valid/);
  const good = checkDraft(draft({ wallet, agent_key: `0x${"02".repeat(32)}`, vault: `HL:0x${"ab".repeat(20)}` }));
  assert.deepEqual(good.errors, {});
  assert.equal(good.draft.fields.vault, `0x${"ab".repeat(20)}`);
});

test("the address of an EVM private key is derived as everywhere", () => {
  // Private key 1: the address of the curve's generator point.
  assert.equal(evmAddressOf(`${"0".repeat(63)}1`), "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
});

test("a closed exchange is warned about, and stays readable", () => {
  const { errors, warnings } = checkDraft({ ...bybit, exchange: "bitmex" });
  assert.deepEqual(errors, {});
  assert.match(warnings.join(" "), /closed/);
});
