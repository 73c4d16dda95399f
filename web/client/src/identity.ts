/**
 * What names a credential at its exchange and is no secret: the exchange's own id of the key, or a wallet's address.
 *
 * By the names of fields and not by the table of exchanges, which only forms need; a test proves that each kind in the
 * table has one of these, and that none of these is a secret.
 */

import type { Draft } from "./state.ts";

/** The first that a credential has is what it is known by; the others tell two of the same apart. */
export const IDENTIFYING_FIELDS = ["key", "key_id", "key_name", "wallet", "vault"] as const;

/** Digits and letters shown at each end. */
const HINT_ENDS = 4;

/** "abcd…wxyz"; `undefined` when too little would be left out. */
export function keyHint({ fields }: Pick<Draft, "fields">): string | undefined {
  const text = texts(fields)[0]?.split("/").at(-1) ?? "";
  return text.length >= 3 * HINT_ENDS ? `${text.slice(0, HINT_ENDS)}…${text.slice(-HINT_ENDS)}` : undefined;
}

/** The same for two credentials that are the same key; `undefined` when nothing names it. */
export function identityOf({ exchange, environment, fields }: Pick<Draft, "exchange" | "environment" | "fields">) {
  const named = texts(fields);
  return named.length > 0 ? JSON.stringify([exchange, environment, ...named]) : undefined;
}

function texts(fields: Draft["fields"]): string[] {
  return IDENTIFYING_FIELDS.flatMap((name) => {
    const text = fields[name]?.trim();
    if (!text) return [];
    // An address says the same in upper and lower case (EIP-55); a key id does not.
    return name === "wallet" || name === "vault" ? [text.replace(/^HL:/i, "").toLowerCase()] : [text];
  });
}
