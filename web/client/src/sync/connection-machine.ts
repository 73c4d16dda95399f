/**
 * What the connection does next: (state, input) -> (state, effects). Pure: no socket, no timer, no clock, no randomness.
 *
 * Owns when to connect, greet, wait and give up, and which server messages are in order. Must never hold up a revocation:
 * `revoked` is passed on from every state in which a socket is open.
 */

import { GREETING_TIMEOUT_MS, HEARTBEATS_MISSED, PARTING_TIMEOUT_MS, STEADY_MS } from "../limits.ts";
import type { Base64Url, RevokeReason, ServerMessage, UnixMillis } from "../protocol.gen.ts";
import type { StopReason } from "../state.ts";
import { backoffMs } from "./backoff.ts";
import { closeRuling } from "./close-codes.ts";

export type ConnectionState =
  /** There is no reason to be connected. */
  | { readonly kind: "offline" }
  | { readonly kind: "waiting"; readonly attempt: number; readonly until: UnixMillis }
  /** The upgrade is under way, or the challenge is awaited. */
  | { readonly kind: "connecting"; readonly attempt: number }
  /** `hello` was sent. */
  | { readonly kind: "greeting"; readonly attempt: number }
  | {
      readonly kind: "live";
      readonly attempt: number;
      readonly since: UnixMillis;
      readonly silenceMs: number;
      readonly drainMs?: number;
    }
  /** The owner took the keys away: the socket is left open for the receipt, and closed by the server. */
  | { readonly kind: "parting" }
  /** The server is asked over HTTP why it did not let the socket in; `final` when it said never to come back unchanged. */
  | { readonly kind: "asking"; readonly attempt: number; readonly final: boolean }
  | { readonly kind: "stopped"; readonly why: StopReason };

export type ConnectionInput =
  | { readonly kind: "start" }
  | { readonly kind: "stop" }
  /** The timer that was set last ran out. */
  | { readonly kind: "timer" }
  /** The network came back, or the user asks. */
  | { readonly kind: "wake" }
  | { readonly kind: "message"; readonly message: ServerMessage }
  /** A frame that is not JSON, or a message that cannot be handled. */
  | { readonly kind: "garbled" }
  | { readonly kind: "closed"; readonly code: number; readonly opened: boolean }
  | { readonly kind: "session"; readonly answer: SessionAnswer };

/** What the server says of the login; `renewed`: it was refused, and the vendor vouched for the user again. */
export type SessionAnswer = "good" | "renewed" | "refused" | "unreachable";

/** In order. Messages of a live server are handed on as `deliver`. */
export type ConnectionEffect =
  | { readonly kind: "open" }
  | { readonly kind: "close" }
  | { readonly kind: "timer"; readonly ms: number }
  | { readonly kind: "hello"; readonly nonce: Base64Url }
  | { readonly kind: "ask_session" }
  | { readonly kind: "deliver"; readonly message: ServerMessage }
  | { readonly kind: "revoke"; readonly reason: RevokeReason; readonly at: UnixMillis };

export interface Circumstances {
  readonly now: UnixMillis;
  /** In [0, 1). */
  readonly random: number;
}

type Step = readonly [ConnectionState, readonly ConnectionEffect[]];

export const OFFLINE: ConnectionState = { kind: "offline" };

export function step(state: ConnectionState, input: ConnectionInput, here: Circumstances): Step {
  switch (input.kind) {
    case "start":
      return state.kind === "offline" || state.kind === "parting" || state.kind === "stopped"
        ? connect(0)
        : [state, []];
    case "stop":
      return state.kind === "parting" ? [state, []] : [OFFLINE, [{ kind: "close" }]];
    case "wake":
      return state.kind === "waiting" ? connect(state.attempt) : [state, []];
    case "timer":
      return onTimer(state, here);
    case "message":
      return onMessage(state, input.message, here);
    case "garbled":
      return isOpen(state) ? retreat(state, here) : [state, []];
    case "closed":
      return onClosed(state, input, here);
    case "session":
      return onSession(state, input.answer, here);
  }
}

function onTimer(state: ConnectionState, here: Circumstances): Step {
  switch (state.kind) {
    case "waiting":
      return connect(state.attempt);
    case "connecting":
    case "greeting":
    case "live":
      return retreat(state, here);
    case "parting":
      return [OFFLINE, [{ kind: "close" }]];
    case "offline":
    case "asking":
    case "stopped":
      return [state, []];
  }
}

function onMessage(state: ConnectionState, message: ServerMessage, here: Circumstances): Step {
  if (!isOpen(state)) return [state, []];
  if (message.type === "revoked") {
    const revoke = { kind: "revoke", reason: message.reason, at: message.at } as const;
    return [{ kind: "parting" }, [revoke, { kind: "timer", ms: PARTING_TIMEOUT_MS }]];
  }
  if (state.kind === "connecting" && message.type === "challenge") {
    return [{ kind: "greeting", attempt: state.attempt }, [{ kind: "hello", nonce: message.nonce }]];
  }
  if (state.kind === "greeting" && message.type === "welcome") {
    const silenceMs = HEARTBEATS_MISSED * message.heartbeat_ms;
    const live = { kind: "live", attempt: state.attempt, since: here.now, silenceMs } as const;
    return [
      live,
      [
        { kind: "deliver", message },
        { kind: "timer", ms: silenceMs },
      ],
    ];
  }
  if (state.kind !== "live" || message.type === "challenge" || message.type === "welcome") return retreat(state, here);

  const watch = { kind: "timer", ms: state.silenceMs } as const;
  switch (message.type) {
    case "drain":
      return [{ ...state, drainMs: message.reconnect_after_ms }, [watch]];
    case "unlock":
    case "sync":
    case "done":
    case "retrieved":
    case "error":
    case "devices":
      return [state, [{ kind: "deliver", message }, watch]];
  }
}

function onClosed(state: ConnectionState, closed: { code: number; opened: boolean }, here: Circumstances): Step {
  if (state.kind === "parting") return [OFFLINE, []];
  if (!isOpen(state)) return [state, []];
  // A browser does not tell why an upgrade was refused.
  if (!closed.opened) return ask(state, false);
  const ruling = closeRuling(closed.code);
  if (ruling.kind === "ask") return ask(state, true);
  if (ruling.kind === "stop") return [{ kind: "stopped", why: ruling.why }, []];
  return wait(state, here);
}

function onSession(state: ConnectionState, answer: SessionAnswer, here: Circumstances): Step {
  if (state.kind !== "asking") return [state, []];
  // A refused session is told to the whole browser by whoever asked; here it only means to stop.
  if (answer === "refused") return [OFFLINE, []];
  if (answer === "good" && state.final) return [{ kind: "stopped", why: "unknown_device" }, []];
  return wait(state, here);
}

function ask(state: OpenState, final: boolean): Step {
  return [{ kind: "asking", attempt: state.attempt, final }, [{ kind: "ask_session" }]];
}

function connect(attempt: number): Step {
  return [{ kind: "connecting", attempt }, [{ kind: "open" }, { kind: "timer", ms: GREETING_TIMEOUT_MS }]];
}

/** Cuts a connection that is of no use and comes back later. */
function retreat(state: OpenState, here: Circumstances): Step {
  const [next, effects] = wait(state, here);
  return [next, [{ kind: "close" }, ...effects]];
}

function wait(state: OpenState | Extract<ConnectionState, { kind: "asking" }>, here: Circumstances): Step {
  const steady = state.kind === "live" && here.now - state.since >= STEADY_MS;
  const attempt = steady ? 0 : state.attempt;
  const drainMs = state.kind === "live" ? state.drainMs : undefined;
  const ms = drainMs ?? backoffMs(attempt, here.random);
  return [{ kind: "waiting", attempt: attempt + 1, until: here.now + ms }, [{ kind: "timer", ms }]];
}

type OpenState = Extract<ConnectionState, { kind: "connecting" | "greeting" | "live" }>;

function isOpen(state: ConnectionState): state is OpenState {
  return state.kind === "connecting" || state.kind === "greeting" || state.kind === "live";
}
