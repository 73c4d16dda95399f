import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";

import { checkDraft } from "../src/exchanges/checks.ts";
import { evmAddressOf } from "../src/exchanges/evm.ts";
import { faultSentence, faultSentences } from "../src/exchanges/faults.ts";
import { exchanges } from "../src/exchanges/table.ts";
import { warningsAbout } from "../src/exchanges/warnings.ts";
import { IDENTIFYING_FIELDS, identityOf, keyHint } from "../src/identity.ts";
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
  assert.equal(errorsOf({ ...bybit, fields: { key: rsaPem(2048, "pkcs8"), secret: "s" } }).key?.code, "pem_misplaced");
  const phrase = Array(12).fill("abandon").join(" ");
  assert.equal(errorsOf({ ...bybit, fields: { key: "k", secret: phrase } }).secret?.code, "seed_phrase");
});

test("length alone is only warned about, up to the cap", () => {
  const binance = { ...bybit, exchange: "binance" };
  const { errors, warnings } = checkDraft(binance);
  assert.deepEqual(errors, {});
  assert.deepEqual(
    warnings.flatMap((each) => (each.code === "unusual_form" ? `${each.field.id} ${each.form}` : [])),
    ["key alphanumeric_64", "secret alphanumeric_64"],
  );
  assert.match(warnings[0]?.message ?? "", /^API key usually is 64 letters and digits at Binance/);
  assert.ok(errorsOf({ ...bybit, fields: { key: "k".repeat(513), secret: "s" } }).key);
});

test("private keys pass in both PEM forms, also with literal line breaks", () => {
  assert.deepEqual(errorsOf(rsa(rsaPem(2048, "pkcs1"))), {});
  assert.deepEqual(errorsOf(rsa(rsaPem(2048, "pkcs8"))), {});
  const { errors, draft } = checkDraft(rsa(rsaPem(2048, "pkcs8").replaceAll("\n", "\\n")));
  assert.deepEqual(errors, {});
  assert.ok(draft.fields.private_key?.includes("\n"));
});

test("a PEM with a key of another algorithm than the chosen kind's is refused", () => {
  const pem = { type: "pkcs8", format: "pem" } as const;
  const keys: Record<string, string> = {
    RSA: rsaPem(2048, "pkcs8"),
    Ed25519: generateKeyPairSync("ed25519").privateKey.export(pem).toString(),
    ECDSA: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(pem).toString(),
  };
  const drafts: Record<string, (private_key: string) => Draft> = {
    RSA: rsa,
    Ed25519: (private_key) => ({ ...rsa(private_key), exchange: "binance", kind: "ed25519" }),
    ECDSA: (private_key) => ({
      ...{ exchange: "coinbase", kind: "es256", environment: "live", label: "Treasury" },
      fields: { key_name: "organizations/o/apiKeys/k", private_key },
    }),
  };
  for (const [wanted, draft] of Object.entries(drafts)) {
    for (const [holds, key] of Object.entries(keys)) {
      const fault = errorsOf(draft(key)).private_key;
      if (holds === wanted) assert.equal(fault, undefined);
      else assert.deepEqual(fault?.code === "pem_algorithm" && [fault.holds, fault.wanted], [holds, wanted]);
    }
  }
  const sec1 = { type: "sec1", format: "pem" } as const;
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(sec1).toString();
  assert.equal(errorsOf(rsa(ec)).private_key?.code, "pem_algorithm");
});

test("public, encrypted, short and damaged PEMs are refused", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const encrypted = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" });
  const field = (pem: string) => errorsOf(rsa(pem)).private_key?.code;
  assert.equal(field(publicKey.export({ type: "spki", format: "pem" }).toString()), "pem_public");
  assert.equal(field(encrypted.toString()), "pem_encrypted");
  const short = errorsOf(rsa(rsaPem(1024, "pkcs1"))).private_key;
  assert.deepEqual(short?.code === "rsa_short" && [short.bits, short.minBits], [1024, 2048]);
  assert.match(short?.message ?? "", /1024 bits/);
  assert.equal(field(rsaPem(1024, "pkcs8")), "rsa_short");
  assert.equal(field(rsaPem(2048, "pkcs8").replace(/\n.{20}/, "\n")), "pem_damaged");
  assert.equal(field("-----BEGIN PRIVATE KEY-----"), "not_a_pem");
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
  assert.equal(errorsOf(draft({ wallet, agent_key: key })).agent_key?.code, "master_key");
  assert.equal(errorsOf(draft({ wallet, agent_key: "00".repeat(32) })).agent_key?.code, "private_key_invalid");
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
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ["exchange_closed"],
  );
});

test("a label that says demo where money is, and one that says live where none is, are asked about", () => {
  const codes = (label: string, environment: string) => warningsAbout({ exchange: "bitget", environment, label });
  assert.equal(codes("Demo key", "live")[0]?.code, "looks_like_demo");
  assert.equal(codes("Live key", "demo")[0]?.code, "looks_like_live");
  for (const label of ["Olive", "Latest", "Desk"]) assert.deepEqual(codes(label, "live"), []);
});

test("when a key lapses is told from when it was added, at the latest", () => {
  const [warning] = warningsAbout({ exchange: "hyperliquid", environment: "mainnet", label: "Desk", createdAt: 0 });
  assert.equal(warning?.code === "lapses" && warning.by, 180 * 86_400_000);
});

test("a translation of the sentences gets the values", () => {
  const facts = { code: "rsa_short", bits: 1024, minBits: 2048 } as const;
  const german = { ...faultSentences, rsa_short: ({ bits }: { bits: number }) => `Nur ${bits} Bit.` };
  assert.equal(faultSentence(facts, german), "Nur 1024 Bit.");
  assert.match(faultSentence(facts), /^This RSA key has 1024 bits/);
});

test("each kind of key has what names it, and no secret is taken for that", () => {
  const naming: readonly string[] = IDENTIFYING_FIELDS;
  for (const { kinds } of exchanges) {
    for (const { fields } of kinds) {
      assert.ok(fields.some(({ id, secret }) => naming.includes(id) && !secret));
      assert.ok(!fields.some(({ id, secret }) => naming.includes(id) && secret));
    }
  }
});

test("a hint shows the ends of what names the key, and nothing of what is short", () => {
  assert.equal(keyHint({ fields: { key: "abcdefghijklmnop", secret: "zzzzzzzzzzzzzzzz" } }), "abcd…mnop");
  assert.equal(keyHint({ fields: { key: "short", secret: "zzzzzzzzzzzzzzzz" } }), undefined);
  assert.equal(keyHint({ fields: { secret: "zzzzzzzzzzzzzzzz" } }), undefined);
  assert.equal(keyHint({ fields: { key_name: "organizations/some/apiKeys/abcdefghijklmnop" } }), "abcd…mnop");
});

test("two credentials are the same key by exchange, environment and what names them", () => {
  const one = { exchange: "bybit", environment: "testnet", fields: { key: "k", secret: "s" } };
  assert.equal(identityOf(one), identityOf({ ...one, fields: { key: " k ", secret: "another" } }));
  assert.notEqual(identityOf(one), identityOf({ ...one, environment: "mainnet" }));
  assert.notEqual(identityOf(one), identityOf({ ...one, fields: { key: "K", secret: "s" } }));
  assert.equal(identityOf({ ...one, fields: {} }), undefined);
  const wallet = (text: string, vault?: string) =>
    identityOf({ exchange: "hyperliquid", environment: "mainnet", fields: { wallet: text, ...(vault && { vault }) } });
  assert.equal(wallet("0xABCD"), wallet("0xabcd"));
  assert.notEqual(wallet("0xabcd"), wallet("0xabcd", "0xef"));
});
