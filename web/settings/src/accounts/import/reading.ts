/**
 * Finds the exchange credentials in a pasted or dropped text. Pure: nothing leaves the browser, nothing is stored.
 *
 * `readCredentials` says what stands in the text, `fit` (see `fit.ts`) which fields of an exchange's form that fills. What
 * was not understood is named by its name, never by its value.
 */

import { readBlock } from "./block.ts";
import { COINBASE_KEY_NAME, EVM_ADDRESS, EVM_PRIVATE_KEY } from "./fit.ts";
import { type Environment, type Meaning, meaningOf, namedIn, type Role } from "./names.ts";

/** Larger than any key or configuration; a file beyond it was picked by mistake. */
export const IMPORT_CHARS_MAX = 64 * 1024;

export type Reading =
  | { readonly kind: "found"; readonly credentials: readonly Found[]; readonly unread: Unread }
  /** A wallet's words must not be pasted into anything. Nothing of it is kept. */
  | { readonly kind: "seed_phrase" }
  | { readonly kind: "too_large" }
  | { readonly kind: "nothing" };

/** What of the text means nothing here. */
export interface Unread {
  readonly names: readonly string[];
  readonly lines: number;
}

export interface Found {
  readonly exchange?: string;
  readonly environment?: Environment;
  readonly label?: string;
  readonly parts: readonly Part[];
}

export interface Part {
  readonly role: Exclude<Role, "label" | "environment" | "exchange">;
  /** As it is called in the text. */
  readonly name: string;
  readonly text: string;
}

export function readCredentials(text: string): Reading {
  if (text.length > IMPORT_CHARS_MAX) return { kind: "too_large" };
  if (isSeedPhrase(text)) return { kind: "seed_phrase" };
  const { values, strayLines } = readBlock(text, (line) => {
    const { role, rest } = meaningOf(line);
    return role !== undefined && rest === "" && line.split(/\s+/).length <= 4;
  });
  const gathering = new Gathering();
  for (const { path, name, value } of values) {
    const meaning = meaningOf(name, path);
    if (meaning.role === "seed" || isSeedPhrase(value)) return { kind: "seed_phrase" };
    gathering.take(name, value.trim(), meaning);
  }
  const { credentials, unread } = gathering.result();
  if (credentials.length === 0) return { kind: "nothing" };
  return { kind: "found", credentials, unread: { names: unread, lines: strayLines } };
}

const SEED_PHRASE_LENGTHS = [12, 15, 18, 21, 24];

function isSeedPhrase(text: string): boolean {
  const words = text.trim().split(/\s+/u);
  return SEED_PHRASE_LENGTHS.includes(words.length) && words.every((word) => /^[a-z]{3,8}$/i.test(word));
}

interface Group {
  /** The same exchange, and the same rest of the names. */
  readonly of: string;
  exchange?: string;
  environment?: Environment;
  label?: string;
  readonly parts: Part[];
  /** A key's id under a name that may mean anything. */
  id?: Part;
}

/** Sorts values into credentials: by exchange, by what else their names say, and anew where a part comes a second time. */
class Gathering {
  readonly #groups: Group[] = [];
  readonly #unread: string[] = [];

  take(name: string, value: string, meaning: Meaning): void {
    const role = roleByValue(value, name, meaning.role);
    if (value === "" || role === undefined) {
      this.#unread.push(name);
      return;
    }
    const exchange = meaning.exchange ?? exchangeByValue(role, value);
    const group = this.#group(meaning, role, value);
    if (exchange) group.exchange = exchange;
    if (meaning.environment) group.environment ??= meaning.environment;
    switch (role) {
      case "label":
        group.label = value;
        return;
      case "exchange":
        this.#name(group, name, value);
        return;
      case "environment":
        group.environment = environmentByValue(value, meaning.environment) ?? group.environment ?? "live";
        return;
      case "id":
        group.id = { role: "key", name, text: value };
        return;
      default:
        group.parts.push({ role, name, text: value });
    }
    if (meaning.region) addRegion(group, name, meaning.region);
  }

  /** `exchange: okx`, and ccxt's `exchange: myokx`. */
  #name(group: Group, name: string, value: string): void {
    const { exchange, environment, region } = namedIn(value);
    if (!exchange) {
      this.#unread.push(name);
      return;
    }
    group.exchange = exchange;
    if (environment) group.environment = environment;
    if (region) addRegion(group, name, region);
  }

  /** What was found, and the names of what was not of use; to be asked once. */
  result(): { credentials: Found[]; unread: string[] } {
    for (const { id, parts } of this.#groups) if (id && !parts.some(({ role }) => role === "key")) parts.unshift(id);
    const whole = this.#groups.filter(({ parts }) => parts.some(({ role }) => HOLDS.has(role)));
    const about = this.#groups.filter((group) => !whole.includes(group));
    const unread = [...this.#unread, ...about.flatMap((group) => this.#spread(group, whole))];
    // What says something of no key in particular says it of each.
    const exchange = only(about.map((group) => group.exchange));
    const environment = only(about.map((group) => group.environment));
    const credentials = whole.map((group) => ({
      ...optional("exchange", group.exchange ?? exchange ?? exchangeByParts(group.parts)),
      ...optional("environment", group.environment ?? environment),
      ...optional("label", group.label ?? (whole.length === 1 ? only(about.map(({ label }) => label)) : undefined)),
      parts: group.parts,
    }));
    return { credentials, unread: [...new Set(unread)].filter(Boolean) };
  }

  /** Parts under a bare name (`PASSPHRASE=`) belong to the only credential there is. Returns the names of the others. */
  #spread({ of, parts }: Group, whole: readonly Group[]): string[] {
    const [target] = whole;
    if (whole.length !== 1 || !target || of !== BARE) return parts.map(({ name }) => name);
    const missing = parts.filter(({ role }) => !target.parts.some((part) => part.role === role));
    target.parts.push(...missing);
    return parts.filter((part) => !missing.includes(part)).map(({ name }) => name);
  }

  #group({ exchange = "", rest }: Meaning, role: string, value: string): Group {
    const of = `${exchange} ${rest}`;
    const open = this.#groups.findLast((group) => group.of === of);
    if (open && !isTaken(open, role, value)) return open;
    const group: Group = { of, parts: [] };
    this.#groups.push(group);
    return group;
  }
}

function addRegion({ parts }: Group, name: string, text: string): void {
  if (!parts.some(({ role }) => role === "region")) parts.push({ role: "region", name, text });
}

/** {@link Group.of} of a name that says only which part it is. */
const BARE = " ";

function isTaken(group: Group, role: string, value: string): boolean {
  if (role === "exchange") return group.exchange !== undefined && group.exchange !== namedIn(value).exchange;
  if (role === "label") return group.label !== undefined && group.label !== value;
  return group.parts.some((part) => part.role === role && part.text !== value);
}

/** A passphrase or a region alone is no credential, nor is an address. */
const HOLDS: ReadonlySet<string> = new Set(["key", "secret", "private_key"]);

/** Some values say better than their names what they are. */
function roleByValue(value: string, name: string, role: Meaning["role"]) {
  if (role === "seed") return undefined;
  if (value.includes("-----BEGIN")) return "private_key";
  if (COINBASE_KEY_NAME.test(value)) return "key";
  if (name === "") return undefined;
  if ((role === "id" || role === "label") && namedIn(value).exchange === value.toLowerCase()) return "exchange";
  if (role === "key" && EVM_ADDRESS.test(value)) return "wallet";
  return role;
}

function exchangeByValue(role: string, value: string): string | undefined {
  if (COINBASE_KEY_NAME.test(value)) return "coinbase";
  return role === "key" && value.startsWith("bg_") ? "bitget" : undefined;
}

/** An address with a number of 32 bytes is an agent of Hyperliquid. */
function exchangeByParts(parts: readonly Part[]): string | undefined {
  const isAgent = parts.some(({ role }) => role === "wallet") && parts.some(({ text }) => EVM_PRIVATE_KEY.test(text));
  return isAgent ? "hyperliquid" : undefined;
}

/** `testnet: false` says that it is live. */
function environmentByValue(value: string, named: Environment | undefined): Environment | undefined {
  if (/^(false|0|no|off)$/i.test(value)) return named === "live" ? undefined : "live";
  if (/^(true|1|yes|on)$/i.test(value)) return named;
  return namedIn(value).environment ?? named;
}

function only<T>(values: readonly (T | undefined)[]): T | undefined {
  const given = new Set(values.filter((value) => value !== undefined));
  return given.size === 1 ? [...given][0] : undefined;
}

function optional<K extends "exchange" | "environment" | "label", V>(key: K, value: V | undefined) {
  return (value === undefined ? {} : { [key]: value }) as { [key in K]?: V };
}
