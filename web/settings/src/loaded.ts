/**
 * Something of the server's that a view shows and that is not part of the snapshot: loaded when the view opens, and again
 * when it may have changed. One call is under way at a time, and the latest answer counts.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Failure, failureOf } from "./failure.ts";
import { textsFor } from "./texts/texts.ts";

/** What changes in bursts (each device that comes and goes) is asked for at most this often. */
const AGAIN_AFTER_MS = 500;

export class Loaded<T> implements ReactiveController {
  value: T | undefined;
  failure: Failure | undefined;
  #underWay: Promise<void> | undefined;
  #stale = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly host: ReactiveControllerHost & Element,
    private readonly load: () => Promise<T>,
  ) {
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }

  /** Asks now; resolves when an answer is there that was asked for after this call. */
  async refresh(): Promise<void> {
    this.#stale = true;
    while (this.#stale) {
      this.#underWay ??= this.#ask();
      await this.#underWay;
    }
  }

  /** Asks a little later, once for all calls until then. */
  refreshSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), AGAIN_AFTER_MS);
  }

  async #ask(): Promise<void> {
    this.#stale = false;
    try {
      this.value = await this.load();
      this.failure = undefined;
    } catch (error) {
      this.failure = failureOf(error, textsFor(this.host));
    }
    this.#underWay = undefined;
    this.host.requestUpdate();
  }
}
