/**
 * Why something was refused, as types to tell apart with `instanceof`. Each message is a sentence for people.
 */

import type { Fault } from "./exchanges/faults.ts";
import type { Problem, ProblemCode } from "./protocol.gen.ts";
import type { LockReason, RemovalReason, StopReason } from "./state.ts";

/** The server refused (RFC 9457), over HTTP or on the socket. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  /** The field of the request that is at fault. */
  readonly field: string | undefined;
  /** Seconds until it is worth trying again. */
  readonly retryAfter: number | undefined;

  constructor(problem: Pick<Problem, "code" | "detail" | "field" | "retry_after">) {
    super(problem.detail);
    this.name = "ProblemError";
    this.code = problem.code;
    this.field = problem.field;
    this.retryAfter = problem.retry_after;
  }

  /** Not the call but the login was refused. */
  get isAboutSession(): boolean {
    return this.code === "session_required" || this.code === "device_removed";
  }
}

/** The server could not be reached, or what answered is not Keyleash. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super("The server cannot be reached. Check the connection and try again.", { cause });
    this.name = "UnreachableError";
  }
}

/** Nobody is logged in here. */
export class SignedOutError extends Error {
  constructor() {
    super("Log in first.");
    this.name = "SignedOutError";
  }
}

const LOCKED: Record<LockReason, string> = {
  signed_out: "This browser is locked: log in to unlock your keys.",
  server_needed: "This browser is locked: its keys open only once the server has answered.",
  grace_over: "This browser is locked: the server has been out of reach for too long.",
  removed: "This device was removed: its keys do not open any more.",
};

/** Why the connection was given up for good, for `connection.detail`. */
export const STOPPED: Record<StopReason, string> = {
  outdated: "This page is older than the server. Reload it.",
  not_understood: "The server did not understand this page. Reload it.",
  closed_for_good: "The server closed the connection for good. Reload the page.",
  unknown_device: "The server does not know this device. Turn sync on again.",
};

/** The keys do not open now. */
export class LockedError extends Error {
  readonly why: LockReason;

  constructor(why: LockReason) {
    super(LOCKED[why]);
    this.name = "LockedError";
    this.why = why;
  }
}

const REMOVED: Record<RemovalReason, string> = {
  removed: "This device was removed by its owner: its keys are gone and cannot sign any more.",
  erased: "This device was removed and erased by its owner: its keys are gone.",
  panic: "All devices were locked by the owner: the keys here cannot sign any more.",
};

/** The owner took this device's keys away. */
export class RemovedError extends LockedError {
  readonly reason: RemovalReason;

  constructor(reason: RemovalReason) {
    super("removed");
    this.message = REMOVED[reason];
    this.name = "RemovedError";
    this.reason = reason;
  }
}

/** There is no such account in this browser. */
export class NoSuchAccountError extends Error {
  constructor() {
    super("This account is not in this browser any more.");
    this.name = "NoSuchAccountError";
  }
}

/** The form is not filled in right; `errors` says why, field by field. */
export class DraftError extends Error {
  readonly errors: Readonly<Record<string, Fault>>;

  constructor(errors: Readonly<Record<string, Fault>>) {
    super(
      Object.values(errors)
        .map(({ message }) => message)
        .join(" "),
    );
    this.name = "DraftError";
    this.errors = errors;
  }
}

/** A stored box does not open with this browser's key, or is not what it claims to be. It is left as it is. */
export class DamagedError extends Error {
  constructor(cause: unknown) {
    super("This account's stored data does not open. It was left as it is.", { cause });
    this.name = "DamagedError";
  }
}
