/**
 * Shows the first rows of a long list at once and the rest while the browser has nothing better to do, so that a keystroke
 * in the search never waits for rows that are off the screen.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** More than a tall screen shows. */
const FIRST = 24;
/** Drawn in a few milliseconds, between two frames. */
const STEP = 24;

export class Growing implements ReactiveController {
  #limit = FIRST;
  #wanted = 0;
  #due: (() => void) | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  /** The list is another one now. */
  restart(): void {
    this.#limit = FIRST;
  }

  upTo(length: number): number {
    this.#wanted = length;
    return Math.min(this.#limit, length);
  }

  hostUpdated(): void {
    if (this.#limit < this.#wanted) this.#due ??= whenIdle(() => this.#grow());
  }

  hostDisconnected(): void {
    this.#due?.();
    this.#due = undefined;
  }

  #grow(): void {
    this.#due = undefined;
    this.#limit += STEP;
    this.host.requestUpdate();
  }
}

/** Returns how to call it off. Safari has no idle time to give. */
function whenIdle(work: () => void): () => void {
  if (typeof requestIdleCallback === "function") {
    const handle = requestIdleCallback(work, { timeout: 500 });
    return () => cancelIdleCallback(handle);
  }
  const timer = setTimeout(work, 16);
  return () => clearTimeout(timer);
}
