/**
 * What a form's text is checked for before anything is stored. Refuses what cannot be right or must not be pasted here;
 * warns about what only looks unusual. Never refuses on length alone, below the caps.
 */

import type { Draft } from "../state.ts";
import { evmAddressOf } from "./evm.ts";
import {
  type DraftWarning,
  type DraftWarningFacts,
  draftWarning,
  type Fault,
  type FaultFacts,
  fault,
} from "./faults.ts";
import { pemFault } from "./pem.ts";
import { exchangeById, type Field, type Kind } from "./table.ts";
import { warningsAbout } from "./warnings.ts";

/** Caps of what one field may hold, bytes in UTF-8. */
const FIELD_BYTES_MAX = 512;
const PEM_BYTES_MAX = 8 * 1024;
const LABEL_CHARS_MAX = 64;

export interface DraftCheck {
  /** Why a field is refused; `exchange`, `kind`, `environment` and `label` are fields too. */
  readonly errors: Readonly<Record<string, Fault>>;
  readonly warnings: readonly DraftWarning[];
  /** The draft as it would be stored: trimmed, line breaks of a PEM restored. */
  readonly draft: Draft;
}

export function checkDraft(raw: Draft): DraftCheck {
  const faults: Record<string, FaultFacts> = {};
  const unusual: DraftWarningFacts[] = [];
  const label = raw.label.trim();
  const labelFault = faultOfLabel(label);
  if (labelFault) faults.label = labelFault;

  const exchange = exchangeById(raw.exchange);
  const kind = exchange?.kinds.find((each) => each.id === raw.kind);
  const fields: Record<string, string> = {};
  if (!exchange) faults.exchange = { code: "exchange_missing" };
  else if (!kind) faults.kind = { code: "kind_missing", exchange: exchange.name };
  else {
    if (!exchange.environments.some((each) => each.id === raw.environment))
      faults.environment = { code: "environment_missing" };
    for (const field of kind.fields) {
      const text = tidied(field, raw.fields[field.id] ?? "");
      if (text === "" && field.optional) continue;
      fields[field.id] = text;
      const found = faultOf(field, text);
      if (found) faults[field.id] = found;
      else if (field.usual && !field.usual.pattern.test(text)) {
        const { form, words } = field.usual;
        unusual.push({ code: "unusual_form", field: named(field), exchange: exchange.name, form, words });
      }
    }
    Object.assign(faults, faultsBetween(kind, fields, faults));
  }
  const draft = { ...raw, label, fields };
  return {
    errors: Object.fromEntries(Object.entries(faults).map(([id, facts]) => [id, fault(facts)])),
    warnings: [...unusual.map(draftWarning), ...warningsAbout(draft)],
    draft,
  };
}

function faultOfLabel(label: string): FaultFacts | undefined {
  if (label === "") return { code: "label_missing" };
  if ([...label].length > LABEL_CHARS_MAX) return { code: "label_too_long", max: LABEL_CHARS_MAX };
  if (HIDDEN.test(label)) return { code: "label_hidden_characters" };
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

function faultOf(field: Field, text: string): FaultFacts | undefined {
  const at = { field: named(field) };
  if (text === "") return { code: "missing", ...at };
  if (field.choices) {
    return field.choices.some((each) => each.id === text) ? undefined : { code: "choice_missing", ...at };
  }
  if (looksLikeSeedPhrase(text)) return { code: "seed_phrase" };
  if (field.shape === "pem") {
    const tooLong = utf8Length(text) > PEM_BYTES_MAX;
    return tooLong ? { code: "too_long", ...at, maxBytes: PEM_BYTES_MAX } : pemFault(text, field.algorithm);
  }
  if (text.includes("-----BEGIN")) return { code: "pem_misplaced", ...at };
  if (utf8Length(text) > FIELD_BYTES_MAX) return { code: "too_long", ...at, maxBytes: FIELD_BYTES_MAX };
  if (HIDDEN.test(text)) return { code: "hidden_characters", ...at };
  if (/\s/u.test(text)) return { code: "white_space", ...at };
  const form = FORMS[field.shape];
  return form && !form.pattern.test(text) ? { code: form.fault } : undefined;
}

type FormFault = "key_name_form" | "ed25519_form" | "address_form" | "private_key_form";

const FORMS: Partial<Record<Field["shape"], { readonly pattern: RegExp; readonly fault: FormFault }>> = {
  coinbase_key_name: { pattern: /^organizations\/[^/]+\/apiKeys\/[^/]+$/, fault: "key_name_form" },
  ed25519_base64: { pattern: /^[A-Za-z0-9+/]{86}==$/, fault: "ed25519_form" },
  evm_address: { pattern: /^0x[0-9a-fA-F]{40}$/, fault: "address_form" },
  evm_private_key: { pattern: /^(0x)?[0-9a-fA-F]{64}$/, fault: "private_key_form" },
};

function looksLikeSeedPhrase(text: string): boolean {
  const words = text.split(/\s+/u);
  return SEED_PHRASE_LENGTHS.includes(words.length) && words.every((word) => /^[a-z]{3,8}$/i.test(word));
}

/** Faults that show only when fields are seen together. */
function faultsBetween(
  kind: Kind,
  fields: Readonly<Record<string, string>>,
  known: Readonly<Record<string, FaultFacts>>,
): Record<string, FaultFacts> {
  const seen = new Map<string, Field>();
  for (const field of kind.fields) {
    const text = fields[field.id];
    if (!text || field.choices || known[field.id]) continue;
    const twin = seen.get(text);
    if (twin && field.secret) return { [field.id]: { code: "same_as", field: named(field), other: named(twin) } };
    seen.set(text, field);
  }
  const { wallet, agent_key: agentKey } = fields;
  if (wallet && agentKey && !known.wallet && !known.agent_key) {
    const address = evmAddressOf(agentKey);
    if (address === undefined) return { agent_key: { code: "private_key_invalid" } };
    if (address === wallet.toLowerCase()) return { agent_key: { code: "master_key" } };
  }
  return {};
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function named({ id, label }: Field): { id: string; label: string } {
  return { id, label };
}
