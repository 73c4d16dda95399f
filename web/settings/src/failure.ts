/** Why something that the user asked for did not happen, in their language. */

import {
  DamagedError,
  DraftError,
  LockedError,
  NoSuchAccountError,
  type ProblemCode,
  ProblemError,
  SignedOutError,
  UnreachableError,
} from "@keyleash/client";
import { faultSentence } from "@keyleash/client/exchanges";
import { preferredTexts, type Texts } from "./texts/texts.ts";

export interface Failure {
  /** A sentence for the user. */
  readonly message: string;
  /** Sentences that belong next to a field. */
  readonly fields: Readonly<Record<string, string>>;
  readonly code?: ProblemCode;
  /** Milliseconds since 1970: trying again before that is refused. */
  readonly retryAt?: number;
}

export function failureOf(error: unknown, texts: Texts = preferredTexts()): Failure {
  if (error instanceof ProblemError) return problem(error, texts);
  if (error instanceof DraftError) {
    const fields = Object.entries(error.errors).map(([name, fault]) => [name, faultSentence(fault, texts.faults)]);
    return { message: fields.map(([, message]) => message).join(" "), fields: Object.fromEntries(fields) };
  }
  return { message: sentence(error, texts), fields: {} };
}

function problem(error: ProblemError, { errors }: Texts): Failure {
  // A refusal without a sentence of its own says what exactly was refused, in the server's words.
  const sentences: Partial<Record<ProblemCode, string>> = errors.problems;
  const message = sentences[error.code] ?? error.message;
  return {
    message,
    fields: error.field ? { [error.field]: message } : {},
    code: error.code,
    ...(error.retryAfter !== undefined && { retryAt: Date.now() + error.retryAfter * 1000 }),
  };
}

function sentence(error: unknown, { errors }: Texts): string {
  if (error instanceof UnreachableError) return errors.unreachable;
  if (error instanceof SignedOutError) return errors.signedOut;
  if (error instanceof LockedError) return errors.locked[error.why];
  if (error instanceof NoSuchAccountError) return errors.noSuchAccount;
  if (error instanceof DamagedError) return errors.damaged;
  return error instanceof Error ? error.message : errors.unexpected;
}
