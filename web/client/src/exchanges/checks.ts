/**
 * What a form's text is checked for before anything is stored. Refuses what cannot be right or must not be pasted here;
 * warns about what only looks unusual. Never refuses on length alone, below the caps.
 */

import type { Draft } from "../state.ts";
import { evmAddressOf } from "./evm.ts";
import { pemFault } from "./pem.ts";
import { type Exchange, exchangeById, type Field, type Kind } from "./table.ts";

/** Caps of what one field may hold, bytes in UTF-8. */
const FIELD_BYTES_MAX = 512;
const PEM_BYTES_MAX = 8 * 1024;
const LABEL_CHARS_MAX = 64;

export interface DraftCheck {
  /** A sentence for each field that is refused; `exchange`, `kind`, `environment` and `label` are fields too. */
  readonly errors: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  /** The draft as it would be stored: trimmed, line breaks of a PEM restored. */
  readonly draft: Draft;
}

export function checkDraft(raw: Draft): DraftCheck {
  const errors: Record<string, string> = {};
  const warnings: string[] = [];
  const label = raw.label.trim();
  const labelFault = faultOfLabel(label);
  if (labelFault) errors.label = labelFault;

  const exchange = exchangeById(raw.exchange);
  const kind = exchange?.kinds.find((each) => each.id === raw.kind);
  const fields: Record<string, string> = {};
  if (!exchange) errors.exchange = "Choose an exchange.";
  else if (!kind) errors.kind = `Choose the kind of ${exchange.name} key.`;
  else {
    if (!exchange.environments.some((each) => each.id === raw.environment))
      errors.environment = "Choose an environment.";
    for (const field of kind.fields) {
      const text = tidied(field, raw.fields[field.id] ?? "");
      if (text === "" && field.optional) continue;
      fields[field.id] = text;
      const fault = faultOf(field, text);
      if (fault) errors[field.id] = fault;
      else if (field.usual && !field.usual.pattern.test(text)) {
        warnings.push(`${field.label} usually is ${field.usual.words} at ${exchange.name}.`);
      }
    }
    Object.assign(errors, faultsBetween(kind, fields, errors));
    warnings.push(...reminders(exchange));
  }
  return { errors, warnings, draft: { ...raw, label, fields } };
}

function faultOfLabel(label: string): string | undefined {
  if (label === "") return "Give the account a label.";
  if ([...label].length > LABEL_CHARS_MAX) return `A label has at most ${LABEL_CHARS_MAX} characters.`;
  if (HIDDEN.test(label)) return "The label contains invisible characters.";
  return undefined;
}

/** Control and zero-width characters, and marks that change the reading direction. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
const SEED_PHRASE_LENGTHS = [12, 15, 18, 21, 24];

function tidied(field: Field, text: string): string {
  const trimmed = text.trim();
  switch (field.shape) {
    case "pem":
      return trimmed.replaceAll("\\n", "\n").replaceAll("\r\n", "\n").trim();
    case "evm_address":
      return trimmed.replace(/^HL:/i, "");
    case "text":
    case "coinbase_key_name":
    case "ed25519_base64":
    case "evm_private_key":
      return trimmed;
  }
}

function faultOf(field: Field, text: string): string | undefined {
  if (text === "") return `${field.label} is missing.`;
  if (field.choices) return field.choices.some((each) => each.id === text) ? undefined : `Choose the ${field.label}.`;
  if (looksLikeSeedPhrase(text))
    return "This looks like a wallet's seed phrase. Never paste that here; use an API key.";
  if (field.shape === "pem") {
    return utf8Length(text) > PEM_BYTES_MAX ? `${field.label} is larger than 8 KiB.` : pemFault(text);
  }
  if (text.includes("-----BEGIN")) return `${field.label} holds a PEM key, which belongs into another field.`;
  if (utf8Length(text) > FIELD_BYTES_MAX) return `${field.label} is longer than ${FIELD_BYTES_MAX} bytes.`;
  if (HIDDEN.test(text)) return `${field.label} contains invisible characters. Copy it again.`;
  if (/\s/u.test(text)) return `${field.label} contains a space or line break. Copy it again.`;
  return SHAPE_FAULTS[field.shape]?.(text);
}

const SHAPE_FAULTS: Partial<Record<Field["shape"], (text: string) => string | undefined>> = {
  coinbase_key_name: (text) =>
    /^organizations\/[^/]+\/apiKeys\/[^/]+$/.test(text) ? undefined : "A key name reads organizations/…/apiKeys/….",
  ed25519_base64: (text) =>
    /^[A-Za-z0-9+/]{86}==$/.test(text) ? undefined : "An Ed25519 private key is 88 base64 characters ending in ==.",
  evm_address: (text) => (/^0x[0-9a-fA-F]{40}$/.test(text) ? undefined : "An address is 0x and 40 hex digits."),
  evm_private_key: (text) => (/^(0x)?[0-9a-fA-F]{64}$/.test(text) ? undefined : "A private key is 64 hex digits."),
};

function looksLikeSeedPhrase(text: string): boolean {
  const words = text.split(/\s+/u);
  return SEED_PHRASE_LENGTHS.includes(words.length) && words.every((word) => /^[a-z]{3,8}$/i.test(word));
}

/** Faults that show only when fields are seen together. */
function faultsBetween(
  kind: Kind,
  fields: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>>,
): Record<string, string> {
  const seen = new Map<string, Field>();
  for (const field of kind.fields) {
    const text = fields[field.id];
    if (!text || field.choices || known[field.id]) continue;
    const twin = seen.get(text);
    if (twin && field.secret) return { [field.id]: `${field.label} is the same as ${twin.label}.` };
    seen.set(text, field);
  }
  const { wallet, agent_key: agentKey } = fields;
  if (wallet && agentKey && !known.wallet && !known.agent_key) {
    const address = evmAddressOf(agentKey);
    if (address === undefined) return { agent_key: "This is not a valid private key." };
    if (address === wallet.toLowerCase()) {
      return {
        agent_key:
          "This is the wallet's own master key, which can withdraw everything. Make an agent (API wallet) and paste its key.",
      };
    }
  }
  return {};
}

function reminders(exchange: Exchange): string[] {
  const words: string[] = [];
  if (exchange.closed) words.push(`${exchange.name} closed on ${exchange.closed}: its keys no longer trade.`);
  if (exchange.reminder) words.push(exchange.reminder);
  return words;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
