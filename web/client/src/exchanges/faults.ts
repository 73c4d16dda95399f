/**
 * What can be wrong or unusual with what was typed into a form: a code and its values for whoever translates, and the
 * sentence in English. The two tables below are the form that a translation has to fill.
 */

import type { UnixMillis } from "../protocol.gen.ts";
import type { KeyAlgorithm } from "./pem.ts";
import type { Form } from "./table.ts";

/** A field as it is named in English; `id` finds its name in another language. */
interface Named {
  readonly id: string;
  readonly label: string;
}

/** Why one field is refused. */
export type FaultFacts =
  | { readonly code: "label_missing" | "label_hidden_characters" }
  | { readonly code: "label_too_long"; readonly max: number }
  | { readonly code: "exchange_missing" | "environment_missing" }
  | { readonly code: "kind_missing"; readonly exchange: string }
  | { readonly code: "missing" | "choice_missing"; readonly field: Named }
  | { readonly code: "hidden_characters" | "white_space" | "pem_misplaced"; readonly field: Named }
  | { readonly code: "too_long"; readonly field: Named; readonly maxBytes: number }
  | { readonly code: "same_as"; readonly field: Named; readonly other: Named }
  | { readonly code: "seed_phrase" }
  | { readonly code: "not_a_pem" | "pem_public" | "pem_encrypted" | "pem_damaged" }
  /** `holds` is the PEM's own label in lower case, such as "certificate". */
  | { readonly code: "pem_other"; readonly holds: string }
  | { readonly code: "pem_algorithm"; readonly holds: KeyAlgorithm; readonly wanted: KeyAlgorithm }
  | { readonly code: "rsa_short"; readonly bits: number; readonly minBits: number }
  | { readonly code: "key_name_form" | "ed25519_form" | "address_form" | "private_key_form" }
  | { readonly code: "private_key_invalid" | "master_key" };

/** What is stored nevertheless, if its owner says so. */
export type DraftWarningFacts =
  | { readonly code: "exchange_closed"; readonly exchange: string; readonly closed: string }
  /** What makes keys lapse there; `exchangeId` finds the sentence in another language. */
  | { readonly code: "lapses"; readonly exchangeId: string; readonly reminder: string; readonly by?: UnixMillis }
  /** `form` finds the words in another language. */
  | {
      readonly code: "unusual_form";
      readonly field: Named;
      readonly exchange: string;
      readonly form: Form;
      readonly words: string;
    }
  /** The label says that it is for practice, the environment that it is for money; or the other way round. */
  | { readonly code: "looks_like_demo" | "looks_like_live"; readonly environment: Named };

export type FaultCode = FaultFacts["code"];
export type DraftWarningCode = DraftWarningFacts["code"];

/** `message` is a sentence in English. */
export type Fault = FaultFacts & { readonly message: string };
export type DraftWarning = DraftWarningFacts & { readonly message: string };

/** One sentence for each code, made of what belongs to that code. */
export type Sentences<Facts extends { code: string }> = {
  readonly [Code in Facts["code"]]: (facts: Of<Facts, Code>) => string;
};

/** Those of `Facts` that may come under `Code`; one of them may stand for several codes. */
type Of<Facts extends { code: string }, Code> = Facts extends unknown
  ? Code extends Facts["code"]
    ? Facts
    : never
  : never;

export const faultSentences: Sentences<FaultFacts> = {
  label_missing: () => "Give the account a label.",
  label_hidden_characters: () => "The label contains invisible characters.",
  label_too_long: ({ max }) => `A label has at most ${max} characters.`,
  exchange_missing: () => "Choose an exchange.",
  kind_missing: ({ exchange }) => `Choose the kind of ${exchange} key.`,
  environment_missing: () => "Choose an environment.",
  missing: ({ field }) => `${field.label} is missing.`,
  choice_missing: ({ field }) => `Choose the ${field.label}.`,
  hidden_characters: ({ field }) => `${field.label} contains invisible characters. Copy it again.`,
  white_space: ({ field }) => `${field.label} contains a space or line break. Copy it again.`,
  pem_misplaced: ({ field }) => `${field.label} holds a PEM key, which belongs into another field.`,
  too_long: ({ field, maxBytes }) => `${field.label} is longer than ${maxBytes} bytes.`,
  same_as: ({ field, other }) => `${field.label} is the same as ${other.label}.`,
  seed_phrase: () => "This looks like a wallet's seed phrase. Never paste that here; use an API key.",
  not_a_pem: () => "This is not a PEM: it must begin with -----BEGIN … and end with the matching -----END ….",
  pem_public: () => "This is the public key. Paste the private key, and give the exchange the public one.",
  pem_encrypted: () => "This private key is encrypted with a passphrase. Paste it decrypted.",
  pem_damaged: () => "The inside of this PEM is damaged. Copy it again, with all its lines.",
  pem_other: ({ holds }) => `This PEM holds a ${holds}, not a private key.`,
  pem_algorithm: ({ holds, wanted }) => `This is an ${holds} key, but the kind that you chose takes an ${wanted} key.`,
  rsa_short: ({ bits, minBits }) => `This RSA key has ${bits} bits; exchanges take ${minBits} and more.`,
  key_name_form: () => "A key name reads organizations/…/apiKeys/….",
  ed25519_form: () => "An Ed25519 private key is 88 base64 characters ending in ==.",
  address_form: () => "An address is 0x and 40 hex digits.",
  private_key_form: () => "A private key is 64 hex digits.",
  private_key_invalid: () => "This is not a valid private key.",
  master_key: () =>
    "This is the wallet's own master key, which can withdraw everything. Make an agent (API wallet) and paste its key.",
};

export const draftWarningSentences: Sentences<DraftWarningFacts> = {
  exchange_closed: ({ exchange, closed }) => `${exchange} closed on ${closed}: its keys no longer trade.`,
  lapses: ({ reminder }) => reminder,
  unusual_form: ({ field, exchange, words }) => `${field.label} usually is ${words} at ${exchange}.`,
  looks_like_demo: ({ environment }) =>
    `The label sounds like a demo key, but the environment is ${environment.label}.`,
  looks_like_live: ({ environment }) =>
    `The label sounds like a live key, but the environment is ${environment.label}.`,
};

/** The sentence for `facts`, from the English table or from a translation of it. */
export function faultSentence(facts: FaultFacts, sentences = faultSentences): string {
  return sentenceOf(sentences, facts);
}

export function draftWarningSentence(facts: DraftWarningFacts, sentences = draftWarningSentences): string {
  return sentenceOf(sentences, facts);
}

export function fault(facts: FaultFacts): Fault {
  return { ...facts, message: faultSentence(facts) };
}

export function draftWarning(facts: DraftWarningFacts): DraftWarning {
  return { ...facts, message: draftWarningSentence(facts) };
}

function sentenceOf<Facts extends { code: string }>(sentences: Sentences<Facts>, facts: Facts): string {
  // The type system cannot see that the sentence under a code takes the facts of that code.
  const sentence = sentences[facts.code as Facts["code"]] as (facts: Facts) => string;
  return sentence(facts);
}
