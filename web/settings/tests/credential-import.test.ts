/** What is read out of a pasted or dropped text. Every key is made up on the spot, or says of itself that it is none. */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { exchangeById } from "@keyleash/client/exchanges";
import { fit } from "../src/accounts/import/fit.ts";
import { IMPORT_CHARS_MAX, readCredentials } from "../src/accounts/import/reading.ts";

const rsaPem = pem(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
const edPem = pem(generateKeyPairSync("ed25519").privateKey);
const ecPem = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "sec1", format: "pem" })
  .toString()
  .trim();
const wallet = `0x${"ab".repeat(20)}`;
const agentKey = `0x${"12".repeat(32)}`;
const base64Key = `${"Kk".repeat(43)}==`;
const keyName = "organizations/aaaa/apiKeys/bbbb";
const phrase = Array(12).fill("abandon").join(" ");

/** Each text, and the one credential in it as `exchange kind environment: field=text, ...`, with what was left. */
const SINGLE: readonly {
  readonly name: string;
  readonly text: string;
  /** For a text that names none. */
  readonly chosen?: string;
  readonly exchange?: string | undefined;
  readonly kind: string;
  readonly environment?: string;
  readonly label?: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly unused?: readonly string[];
  readonly unread?: readonly string[];
  readonly lines?: number;
}[] = [
  {
    name: ".env lines with the exchange in the names",
    text: "BYBIT_API_KEY=a-key\nBYBIT_API_SECRET=a-secret\n",
    exchange: "bybit",
    kind: "hmac",
    fields: { key: "a-key", secret: "a-secret" },
  },
  {
    name: "export, quotes, comments, Windows line ends, a byte order mark",
    text: "\uFEFF# my keys\r\nexport OKX_API_KEY=\"a-key\" # rotate me\r\nexport OKX_SECRET='a=secret#1'\r\nexport OKX_PASSPHRASE=Pass-1x9\r\n",
    exchange: "okx",
    kind: "hmac",
    fields: { key: "a-key", secret: "a=secret#1", passphrase: "Pass-1x9" },
  },
  {
    name: "PowerShell and cmd",
    text: '$env:BITGET_KEY = "bg_a"\nset BITGET_SECRET=s1\nset BITGET_PASSPHRASE=p2345678',
    exchange: "bitget",
    kind: "hmac",
    fields: { key: "bg_a", secret: "s1", passphrase: "p2345678" },
  },
  {
    name: "the environment in the names",
    text: "BYBIT_TESTNET_API_KEY=k\nBYBIT_TESTNET_SECRET=s",
    exchange: "bybit",
    kind: "hmac",
    environment: "testnet",
    fields: { key: "k", secret: "s" },
  },
  {
    name: "key: value lines as an exchange's page shows them",
    text: "API Key: abc\nSecret Key: def\nPassphrase: Ghi12345!\nIP: 10.0.0.1",
    chosen: "okx",
    kind: "hmac",
    fields: { key: "abc", secret: "def", passphrase: "Ghi12345!" },
    unread: ["IP"],
  },
  {
    name: "names on one line and values on the next",
    text: "API key\nabc\n\nAPI secret\ndef",
    chosen: "bybit",
    kind: "hmac",
    fields: { key: "abc", secret: "def" },
  },
  {
    name: "columns, as a table is copied",
    text: "API Key\tabc\nSecret Key    def",
    chosen: "bybit",
    kind: "hmac",
    fields: { key: "abc", secret: "def" },
  },
  {
    name: "a heading that names the exchange",
    text: "[Bybit]\nkey = abc\nsecret = def",
    exchange: "bybit",
    kind: "hmac",
    fields: { key: "abc", secret: "def" },
  },
  {
    name: "YAML with a heading and a label",
    text: "blofin:\n  label: Grid bot\n  apiKey: abc\n  secret: def\n  passphrase: ghi\n  demo: true",
    exchange: "blofin",
    kind: "hmac",
    environment: "demo",
    label: "Grid bot",
    fields: { key: "abc", secret: "def", passphrase: "ghi" },
  },
  {
    name: "a ccxt configuration as JSON, with what no exchange here asks for",
    text: JSON.stringify({ apiKey: "abc", secret: "def", password: "ghi", uid: "42", enableRateLimit: true }),
    chosen: "okx",
    kind: "hmac",
    fields: { key: "abc", secret: "def", passphrase: "ghi" },
    unread: ["uid", "enableRateLimit"],
  },
  {
    name: "a ccxt program",
    text: "const exchange = new ccxt.myokx({ 'apiKey': 'abc', 'secret': 'd,{}f', password: 'ghi', sandbox: true });",
    exchange: "okx",
    kind: "hmac",
    environment: "demo",
    fields: { key: "abc", secret: "d,{}f", passphrase: "ghi", region: "my" },
  },
  {
    name: "JSON that says which exchange and network",
    text: JSON.stringify({
      exchange: "Bybit",
      testnet: false,
      name: "Desk",
      credentials: { key: "abc", secret: "def" },
    }),
    exchange: "bybit",
    kind: "hmac",
    environment: "mainnet",
    label: "Desk",
    fields: { key: "abc", secret: "def" },
  },
  {
    name: "Coinbase's key file with an EC key",
    text: JSON.stringify({ name: keyName, privateKey: `${ecPem}\n` }),
    exchange: "coinbase",
    kind: "es256",
    fields: { key_name: keyName, private_key: ecPem },
  },
  {
    name: "Coinbase's key file with an Ed25519 key",
    text: JSON.stringify({ id: "1b2c-3d4e", privateKey: base64Key }),
    chosen: "coinbase",
    kind: "ed25519",
    fields: { key_id: "1b2c-3d4e", private_key: base64Key },
  },
  {
    name: "a PEM with escaped line breaks in quotes",
    text: `BINANCE_API_KEY=abc\nBINANCE_PRIVATE_KEY="${edPem.replaceAll("\n", "\\n")}"`,
    exchange: "binance",
    kind: "ed25519",
    fields: { key: "abc", private_key: edPem },
  },
  {
    name: "a PEM with real line breaks in quotes",
    text: `BYBIT_KEY=abc\nBYBIT_PRIVATE_KEY='${rsaPem}'\n`,
    exchange: "bybit",
    kind: "rsa",
    fields: { key: "abc", private_key: rsaPem },
  },
  {
    name: "a PEM without quotes, and one in a YAML block",
    text: `binance:\n  api_key: abc\n  private_key: |\n${rsaPem.replace(/^/gm, "    ")}\n`,
    exchange: "binance",
    kind: "rsa",
    fields: { key: "abc", private_key: rsaPem },
  },
  {
    name: "a PEM file alone",
    text: `${edPem}\n`,
    chosen: "binance",
    kind: "ed25519",
    fields: { private_key: edPem },
  },
  {
    name: "an agent of Hyperliquid, told by the form of its values",
    text: `WALLET_ADDRESS=${wallet}\nPRIVATE_KEY=${agentKey}\nVAULT_ADDRESS=HL:${wallet}`,
    exchange: "hyperliquid",
    kind: "agent",
    fields: { wallet, agent_key: agentKey, vault: `HL:${wallet}` },
  },
  {
    name: "other variables of the same file stay out of it",
    text: "DATABASE_PASSWORD=hunter2\nPORT=8080\nBITMEX_API_KEY=abc\nBITMEX_API_SECRET=def\nnot a line at all",
    exchange: "bitmex",
    kind: "hmac",
    fields: { key: "abc", secret: "def" },
    unread: ["PORT", "DATABASE_PASSWORD"],
    lines: 1,
  },
  {
    name: "a part that this kind of key has no field for is named",
    text: "BYBIT_API_KEY=abc\nBYBIT_API_SECRET=def\nBYBIT_PASSPHRASE=ghi",
    exchange: "bybit",
    kind: "hmac",
    fields: { key: "abc", secret: "def" },
    unused: ["BYBIT_PASSPHRASE"],
  },
  {
    name: "a passphrase under a bare name belongs to the only key",
    text: "OKX_API_KEY=abc\nOKX_SECRET_KEY=def\nPASSPHRASE=ghi",
    exchange: "okx",
    kind: "hmac",
    fields: { key: "abc", secret: "def", passphrase: "ghi" },
  },
  {
    name: "names that every object has say nothing",
    text: "constructor=x\n__proto__=y\nBYBIT_KEY=abc\nBYBIT_SECRET=def",
    exchange: "bybit",
    kind: "hmac",
    fields: { key: "abc", secret: "def" },
    unread: ["constructor", "__proto__"],
  },
];

for (const { name, text, chosen, exchange, kind, environment, label, fields, unused, unread, lines } of SINGLE) {
  test(`reads: ${name}`, () => {
    const reading = readCredentials(text);
    assert.equal(reading.kind, "found");
    assert.ok(reading.kind === "found" && reading.credentials[0]);
    assert.equal(reading.credentials.length, 1);
    const [found] = reading.credentials;
    assert.equal(found.exchange, exchange);
    assert.equal(found.label, label);
    const entry = exchangeById(exchange ?? chosen ?? "");
    assert.ok(entry);
    const fitted = fit(found, entry);
    assert.equal(fitted.kind.id, kind);
    assert.equal(fitted.environment?.id, environment);
    assert.deepEqual(fitted.fields, fields);
    assert.deepEqual(fitted.unused, unused ?? []);
    assert.deepEqual(new Set(reading.unread.names), new Set(unread ?? []));
    assert.equal(reading.unread.lines, lines ?? 0);
  });
}

/** Several credentials in one text, each as its exchange and its texts. */
const SEVERAL: readonly { readonly name: string; readonly text: string; readonly credentials: readonly string[] }[] = [
  {
    name: "two exchanges in one file",
    text: "BYBIT_KEY=a\nBYBIT_SECRET=b\nOKX_KEY=c\nOKX_SECRET=d\nOKX_PASSPHRASE=e",
    credentials: ["bybit a b", "okx c d e"],
  },
  {
    name: "two accounts of one exchange, told by the rest of their names",
    text: "BYBIT_DESK_KEY=a\nBYBIT_DESK_SECRET=b\nBYBIT_LAPTOP_KEY=c\nBYBIT_LAPTOP_SECRET=d",
    credentials: ["bybit a b", "bybit c d"],
  },
  {
    name: "numbered names",
    text: "BYBIT_KEY_1=a\nBYBIT_SECRET_1=b\nBYBIT_KEY_2=c\nBYBIT_SECRET_2=d",
    credentials: ["bybit a b", "bybit c d"],
  },
  {
    name: "the same names twice",
    text: "key: a\nsecret: b\n\nkey: c\nsecret: d",
    credentials: ["? a b", "? c d"],
  },
  {
    name: "an array of accounts",
    text: JSON.stringify([
      { exchange: "bybit", apiKey: "a", secret: "b" },
      { exchange: "bitmex", apiKey: "c", secret: "d" },
    ]),
    credentials: ["bybit a b", "bitmex c d"],
  },
  {
    name: "an object for each exchange",
    text: JSON.stringify({
      binance: { apiKey: "a", secret: "b" },
      hyperliquid: { walletAddress: wallet, privateKey: agentKey },
    }),
    credentials: ["binance a b", `hyperliquid ${wallet} ${agentKey}`],
  },
  {
    name: "comments as headings",
    text: "# Bybit\nAPI_KEY=a\nAPI_SECRET=b\n# BitMEX\nAPI_KEY=c\nAPI_SECRET=d",
    credentials: ["bybit a b", "bitmex c d"],
  },
];

for (const { name, text, credentials } of SEVERAL) {
  test(`tells apart: ${name}`, () => {
    const reading = readCredentials(text);
    assert.ok(reading.kind === "found");
    const told = reading.credentials.map(({ exchange = "?", parts }) =>
      [exchange, ...parts.map((part) => part.text)].join(" "),
    );
    assert.deepEqual(told, credentials);
  });
}

const REFUSED: readonly { readonly name: string; readonly text: string; readonly kind: string }[] = [
  { name: "a seed phrase", text: phrase, kind: "seed_phrase" },
  { name: "a seed phrase over several lines", text: phrase.replaceAll(" ", "\n"), kind: "seed_phrase" },
  { name: "a seed phrase as one of the values", text: `API_KEY=a\nAPI_SECRET="${phrase}"`, kind: "seed_phrase" },
  { name: "a value that calls itself one", text: "API_KEY=a\nMNEMONIC=whatever", kind: "seed_phrase" },
  { name: "a text that is too large", text: "a".repeat(IMPORT_CHARS_MAX + 1), kind: "too_large" },
  { name: "nothing", text: "", kind: "nothing" },
  { name: "prose", text: "Dear sir, please find my keys: they are on the table.", kind: "nothing" },
  { name: "JSON without a key in it", text: '{"a":[1,2,{"b":null}]}', kind: "nothing" },
  { name: "a passphrase alone", text: "PASSPHRASE=abc", kind: "nothing" },
  { name: "empty values", text: "API_KEY=\nAPI_SECRET=''", kind: "nothing" },
];

for (const { name, text, kind } of REFUSED) {
  test(`finds nothing to fill in: ${name}`, () => assert.deepEqual(readCredentials(text), { kind }));
}

test("a JSON value nested without end, or a quote that never closes, ends", () => {
  const deep = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;
  assert.equal(readCredentials(deep).kind, "nothing");
  assert.equal(readCredentials(`API_KEY="${"x\n".repeat(20_000)}`).kind, "found");
});

function pem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString().trim();
}
