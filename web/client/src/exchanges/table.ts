/**
 * The exchanges: which kinds of credential each takes, in which fields, and where its keys are made and rotated.
 * To add another exchange is one entry here. Facts are from the exchanges' public API documentation, November 2026;
 * where a length is not documented none is given, and nothing is refused on length alone.
 */

import type { KeyAlgorithm } from "./pem.ts";

/** What a field's text must look like; see `checks.ts`. */
export type Shape = "text" | "pem" | "coinbase_key_name" | "ed25519_base64" | "evm_address" | "evm_private_key";

/** The name of a usual look, by which a translation finds its words. */
export type Form = "alphanumeric_64" | "begins_with_bg" | "alphanumeric_8_32" | "mixed_8_32";

export interface Field {
  readonly id: string;
  readonly label: string;
  readonly shape: Shape;
  /** Of a PEM: what its key is for. */
  readonly algorithm?: KeyAlgorithm;
  /** Shown as dots, and never in a list. */
  readonly secret: boolean;
  readonly optional?: true;
  /** What the exchange says about its look; text that does not match is warned about, not refused. */
  readonly usual?: { readonly pattern: RegExp; readonly form: Form; readonly words: string };
  /** One of these, and nothing else. */
  readonly choices?: readonly Choice[];
}

export interface Choice {
  readonly id: string;
  readonly label: string;
}

export interface Kind extends Choice {
  readonly fields: readonly Field[];
}

export interface Exchange {
  readonly id: string;
  readonly name: string;
  /** The page where keys are made, and where one that a removed device held is rotated. */
  readonly apiKeyPage: string;
  readonly environments: readonly Choice[];
  readonly kinds: readonly Kind[];
  /** A sentence about what makes keys lapse there. */
  readonly reminder?: string;
  /** How long a key is good for from when it was made, unless it is bound as the reminder says. */
  readonly validDays?: number;
  /** The day it closed. Kept, so that stored credentials stay readable. */
  readonly closed?: string;
}

const MAINNET: Choice = { id: "mainnet", label: "Mainnet" };
const TESTNET: Choice = { id: "testnet", label: "Testnet" };
const LIVE: Choice = { id: "live", label: "Live" };
const DEMO: Choice = { id: "demo", label: "Demo" };

const KEY: Field = { id: "key", label: "API key", shape: "text", secret: false };
const SECRET: Field = { id: "secret", label: "API secret", shape: "text", secret: true };
const PASSPHRASE: Field = { id: "passphrase", label: "Passphrase", shape: "text", secret: true };
const privateKey = (algorithm: KeyAlgorithm): Field => ({
  id: "private_key",
  label: "Private key (PEM)",
  shape: "pem",
  secret: true,
  algorithm,
});

const HMAC: Kind = { id: "hmac", label: "HMAC key and secret", fields: [KEY, SECRET] };
const RSA: Kind = { id: "rsa", label: "RSA key pair", fields: [KEY, privateKey("RSA")] };

export const exchanges: readonly Exchange[] = [
  {
    id: "binance",
    name: "Binance",
    apiKeyPage: "https://www.binance.com/en/my/settings/api-management",
    environments: [MAINNET, TESTNET, DEMO],
    kinds: [
      { id: "ed25519", label: "Ed25519 key pair (recommended by Binance)", fields: [KEY, privateKey("Ed25519")] },
      {
        id: "hmac",
        label: "HMAC key and secret",
        fields: [KEY, SECRET].map((field) => ({
          ...field,
          usual: { pattern: /^[A-Za-z0-9]{64}$/, form: "alphanumeric_64", words: "64 letters and digits" },
        })),
      },
      RSA,
    ],
    reminder: "Binance lets the trading permission lapse on a key without an IP restriction.",
  },
  {
    id: "bybit",
    name: "Bybit",
    apiKeyPage: "https://www.bybit.com/app/user/api-management",
    environments: [MAINNET, TESTNET, DEMO],
    kinds: [HMAC, RSA],
    validDays: 90,
    reminder: "A Bybit key without an IP binding expires after 90 days, and 7 days after a password change.",
  },
  {
    id: "okx",
    name: "OKX",
    apiKeyPage: "https://www.okx.com/account/my-api",
    environments: [LIVE, DEMO],
    kinds: [
      {
        id: "hmac",
        label: "API key, secret and passphrase",
        fields: [
          KEY,
          SECRET,
          {
            ...PASSPHRASE,
            usual: {
              pattern: /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[^A-Za-z0-9]).{8,32}$/,
              form: "mixed_8_32",
              words: "8 to 32 characters with a digit, a lower-case and an upper-case letter and a special character",
            },
          },
          {
            id: "region",
            label: "Region",
            shape: "text",
            secret: false,
            choices: [
              { id: "www", label: "Global (www)" },
              { id: "app", label: "United States (app)" },
              { id: "my", label: "Europe (my)" },
            ],
          },
        ],
      },
    ],
    reminder: "OKX lets a key with trade or withdraw permission and no IP binding lapse after 14 idle days.",
  },
  {
    id: "bitget",
    name: "Bitget",
    apiKeyPage: "https://www.bitget.com/account/newapi",
    environments: [LIVE, DEMO],
    kinds: (() => {
      const key: Field = {
        ...KEY,
        usual: { pattern: /^bg_/, form: "begins_with_bg", words: "a text that begins with bg_" },
      };
      const passphrase: Field = {
        ...PASSPHRASE,
        usual: { pattern: /^[A-Za-z0-9]{8,32}$/, form: "alphanumeric_8_32", words: "8 to 32 letters and digits" },
      };
      return [
        { id: "hmac", label: "API key, secret and passphrase", fields: [key, SECRET, passphrase] },
        { id: "rsa", label: "RSA key pair and passphrase", fields: [key, privateKey("RSA"), passphrase] },
      ];
    })(),
  },
  {
    id: "coinbase",
    name: "Coinbase",
    apiKeyPage: "https://portal.cdp.coinbase.com/projects/api-keys",
    environments: [LIVE],
    kinds: [
      {
        id: "es256",
        label: "ECDSA key (ES256)",
        fields: [{ id: "key_name", label: "Key name", shape: "coinbase_key_name", secret: false }, privateKey("ECDSA")],
      },
      {
        id: "ed25519",
        label: "Ed25519 key",
        fields: [
          { id: "key_id", label: "Key id", shape: "text", secret: false },
          { id: "private_key", label: "Private key (base64)", shape: "ed25519_base64", secret: true },
        ],
      },
    ],
  },
  {
    id: "blofin",
    name: "BloFin",
    apiKeyPage: "https://blofin.com/account/apis",
    environments: [LIVE, DEMO],
    kinds: [{ id: "hmac", label: "API key, secret and passphrase", fields: [KEY, SECRET, PASSPHRASE] }],
    reminder: "A BloFin key has an expiry time; see it on the exchange's API-key page.",
  },
  {
    id: "hyperliquid",
    name: "Hyperliquid",
    apiKeyPage: "https://app.hyperliquid.xyz/API",
    environments: [MAINNET, TESTNET],
    kinds: [
      {
        id: "agent",
        label: "Agent (API wallet)",
        fields: [
          { id: "wallet", label: "Wallet address", shape: "evm_address", secret: false },
          { id: "agent_key", label: "Agent private key", shape: "evm_private_key", secret: true },
          { id: "vault", label: "Vault or sub-account address", shape: "evm_address", secret: false, optional: true },
        ],
      },
    ],
    validDays: 180,
    reminder: "A Hyperliquid agent is valid for at most 180 days.",
  },
  {
    id: "bitmex",
    name: "BitMEX",
    apiKeyPage: "https://www.bitmex.com/app/apiKeys",
    environments: [MAINNET, TESTNET],
    kinds: [{ id: "hmac", label: "HMAC key id and secret", fields: [{ ...KEY, label: "API key id" }, SECRET] }],
    closed: "2026-09-23",
  },
];

/** The entry of an exchange, by the id that a credential carries. */
export function exchangeById(id: string): Exchange | undefined {
  return exchanges.find((exchange) => exchange.id === id);
}
