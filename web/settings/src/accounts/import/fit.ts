/** Which fields of an exchange's form are filled by what was found in a text. */

import type { Choice, Exchange, Field, Kind } from "@keyleash/client/exchanges";
import type { Environment } from "./names.ts";
import type { Found, Part } from "./reading.ts";

export interface Fitted {
  readonly kind: Kind;
  readonly environment: Choice | undefined;
  readonly fields: Readonly<Record<string, string>>;
  /** Names in the text whose values this kind of key has no field for. */
  readonly unused: readonly string[];
}

/** Chooses the kind that takes most of what was found; of kinds that take as much, the first. */
export function fit(found: Found, exchange: Exchange): Fitted {
  const tried = exchange.kinds.map((kind) => fill(found, kind));
  const best = tried.reduce((one, other) => (other.taken.size > one.taken.size ? other : one));
  return {
    kind: best.kind,
    environment: environmentAt(exchange, found.environment),
    fields: best.fields,
    unused: found.parts.filter((part) => !best.taken.has(part)).map((part) => part.name || "PEM"),
  };
}

/** Where a field may get its text from, best first. A field that is not named here takes the role of its own name. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  private_key: ["private_key", "secret"],
  key_name: ["key"],
  key_id: ["key"],
  agent_key: ["private_key", "secret"],
  wallet: ["wallet", "key"],
};

function fill(found: Found, kind: Kind) {
  const taken = new Set<Part>();
  const fields: Record<string, string> = {};
  for (const field of kind.fields) {
    const sources = SOURCES[field.id] ?? [field.id];
    const part = sources
      .map((role) => found.parts.find((each) => each.role === role && suits(field, kind, each.text)))
      .find((each) => each !== undefined && !taken.has(each));
    if (!part) continue;
    taken.add(part);
    fields[field.id] = part.text;
  }
  return { kind, fields, taken };
}

/** PKCS #8 has one label for all algorithms; an RSA key of 2048 bits has 1,600 characters, one on a curve 200. */
const CURVE_PEM_CHARS_MAX = 600;

function suits(field: Field, kind: Kind, text: string): boolean {
  if (field.choices) return field.choices.some(({ id }) => id === text);
  const isPem = text.includes("-----BEGIN");
  switch (field.shape) {
    case "pem":
      return isPem && (kind.id === "rsa") === text.length > CURVE_PEM_CHARS_MAX;
    case "coinbase_key_name":
      return COINBASE_KEY_NAME.test(text);
    case "ed25519_base64":
      return /^[A-Za-z0-9+/]{80,}={0,2}$/.test(text);
    case "evm_address":
      return EVM_ADDRESS.test(text);
    case "evm_private_key":
      return EVM_PRIVATE_KEY.test(text);
    case "text":
      return !isPem && !(field.id === "key_id" && COINBASE_KEY_NAME.test(text));
  }
}

/** An exchange's own words for its environments. */
const ENVIRONMENT_IDS: Readonly<Record<Environment, readonly string[]>> = {
  live: ["live", "mainnet"],
  test: ["testnet", "demo"],
  demo: ["demo", "testnet"],
};

function environmentAt({ environments }: Exchange, wanted: Environment | undefined): Choice | undefined {
  const ids = wanted ? ENVIRONMENT_IDS[wanted] : [];
  return ids.map((id) => environments.find((each) => each.id === id)).find((each) => each !== undefined);
}

/** What tells some values apart, whatever they are called. */
export const COINBASE_KEY_NAME = /^organizations\/[^/]+\/apiKeys\/[^/]+$/;
export const EVM_ADDRESS = /^(HL:)?0x[0-9a-fA-F]{40}$/;
export const EVM_PRIVATE_KEY = /^(0x)?[0-9a-fA-F]{64}$/;
