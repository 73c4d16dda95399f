/**
 * The socket: moves frames, runs the timers that `connection-machine.ts` asks for, and decides nothing.
 *
 * Messages are handled one after another, in their order. Only `revoked` does not queue: it is handled at once, and
 * whatever still waits before it is dropped.
 */

import { fromBase64Url } from "../bytes.ts";
import type { Base64Url, ClientMessage, RevokeReason, ServerMessage, UnixMillis } from "../protocol.gen.ts";
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  OFFLINE,
  type SessionAnswer,
  step,
} from "./connection-machine.ts";

export interface ConnectionHandlers {
  /** Signs the challenge; read when it is due, since cursor and keys move on. */
  greet(nonce: ReturnType<typeof fromBase64Url>): Promise<Extract<ClientMessage, { type: "hello" }>>;
  handle(message: ServerMessage): Promise<void>;
  /** The owner took the keys away. The socket stays open for the receipt. */
  revoke(reason: RevokeReason, at: UnixMillis): Promise<void>;
  /** Whether the session is still good, asked when the server refused the upgrade. */
  askSession(): Promise<SessionAnswer>;
  moved(state: ConnectionState): void;
}

export class Connection {
  #state: ConnectionState = OFFLINE;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The tail of the messages that are being handled. */
  #handled: Promise<void> = Promise.resolve();
  /** What was queued before the last revocation is not handled any more. */
  #revocations = 0;

  constructor(
    /** Opens a socket to the server, with the login of that moment. */
    private readonly dial: () => WebSocket,
    private readonly handlers: ConnectionHandlers,
  ) {}

  get state(): ConnectionState {
    return this.#state;
  }

  start(): void {
    this.#take({ kind: "start" });
  }

  stop(): void {
    this.#take({ kind: "stop" });
  }

  wake(): void {
    this.#take({ kind: "wake" });
  }

  /** Dropped when there is no open socket, which the answer tells: what must not be lost is kept by whoever sends it. */
  send(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #take(input: ConnectionInput): void {
    const [next, effects] = step(this.#state, input, { now: Date.now(), random: Math.random() });
    const moved = next !== this.#state;
    this.#state = next;
    if (moved) clearTimeout(this.#timer);
    for (const effect of effects) this.#carryOut(effect);
    if (moved) this.handlers.moved(next);
  }

  #carryOut(effect: ConnectionEffect): void {
    switch (effect.kind) {
      case "open":
        this.#open();
        break;
      case "close":
        this.#close();
        break;
      case "timer":
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#take({ kind: "timer" }), effect.ms);
        break;
      case "hello":
        this.#greet(effect.nonce);
        break;
      case "ask_session":
        void this.handlers.askSession().then((answer) => this.#take({ kind: "session", answer }));
        break;
      case "deliver":
        this.#queue(() => this.handlers.handle(effect.message));
        break;
      case "revoke":
        this.#revoke(effect.reason, effect.at);
        break;
    }
  }

  #open(): void {
    this.#close();
    const socket = this.dial();
    let opened = false;
    const mine = () => this.#socket === socket;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = ({ data }) => {
      if (mine()) this.#take(parsed(data));
    };
    socket.onclose = ({ code }) => {
      if (!mine()) return;
      this.#socket = undefined;
      this.#take({ kind: "closed", code, opened });
    };
    this.#socket = socket;
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #greet(nonce: Base64Url): void {
    this.#queue(async () => {
      this.send(await this.handlers.greet(fromBase64Url(nonce)));
    });
  }

  #queue(work: () => Promise<void>): void {
    const socket = this.#socket;
    const revocations = this.#revocations;
    const due = () => this.#socket === socket && this.#revocations === revocations;
    this.#handled = this.#handled
      .then(() => (due() ? work() : undefined))
      .catch((cause: unknown) => {
        if (!due()) return;
        console.error("keyleash: a message could not be handled; reconnecting.", cause);
        this.#take({ kind: "garbled" });
      });
  }

  #revoke(reason: RevokeReason, at: UnixMillis): void {
    this.#revocations += 1;
    void this.handlers.revoke(reason, at);
  }
}

function parsed(data: unknown): ConnectionInput {
  try {
    if (typeof data !== "string") return { kind: "garbled" };
    return { kind: "message", message: JSON.parse(data) as ServerMessage };
  } catch {
    return { kind: "garbled" };
  }
}
