/** What can be said of a new password without nonsense: its length, and whether it is one of the first guesses. */

import { PASSWORD_CHARS_MIN } from "@keyleash/client";

/** Four random words and more have this length. */
const STRONG_CHARS = 20;
/** Fewer different characters than this repeat themselves. */
const DIFFERENT_CHARS_MIN = 5;

/** `measure` is from 0 to 1, for a meter. */
export type Judgement = { readonly measure: number } & (
  | { readonly kind: "empty" }
  | { readonly kind: "short"; readonly missing: number }
  | { readonly kind: "same" }
  | { readonly kind: "guessable" }
  | { readonly kind: "enough"; readonly length: number }
  | { readonly kind: "strong"; readonly length: number }
);

export function judgePassword(password: string, known: { present: string; address: string }): Judgement {
  // As the server counts: characters, not UTF-16 units.
  const length = [...password].length;
  const measure = Math.min(1, length / STRONG_CHARS);
  if (length === 0) return { kind: "empty", measure: 0 };
  if (length < PASSWORD_CHARS_MIN) return { kind: "short", missing: PASSWORD_CHARS_MIN - length, measure };
  if (password === known.present) return { kind: "same", measure: 0 };
  if (isGuessable(password, known.address)) return { kind: "guessable", measure: 0.2 };
  return { kind: length < STRONG_CHARS ? "enough" : "strong", length, measure };
}

function isGuessable(password: string, address: string): boolean {
  const plain = password.toLowerCase();
  const name = address.split("@")[0] ?? "";
  const isAddress = address !== "" && (plain === address.toLowerCase() || plain === name.repeat(2).toLowerCase());
  return isAddress || new Set(plain).size < DIFFERENT_CHARS_MIN;
}
