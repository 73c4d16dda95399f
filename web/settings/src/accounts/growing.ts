/**
 * Draws of a long list what is drawn already and a few rows more, and the rest while the browser has nothing better to do:
 * neither a keystroke in the search nor a change of an account ever waits for hundreds of rows that are off the screen.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** More than most screens show, and made in a few milliseconds. */
const FRESH_MAX = 20;

export class Growing<Id> implements ReactiveController {
  #drawn: ReadonlySet<Id> = new Set();
  #isWhole = true;
  #cancel: (() => void) | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  /** How many of `ids`, from the first, are to be drawn now. */
  upTo(ids: readonly Id[]): number {
    let fresh = 0;
    const end = ids.findIndex((id) => !this.#drawn.has(id) && ++fresh > FRESH_MAX);
    const count = end < 0 ? ids.length : end;
    this.#drawn = new Set(ids.slice(0, count));
    this.#isWhole = end < 0;
    return count;
  }

  hostUpdated(): void {
    if (this.#isWhole) return;
    // Until the list is drawn again, which it may not be: there may be nothing to draw by then.
    this.#isWhole = true;
    this.#cancel ??= whenIdle(() => {
      this.#cancel = undefined;
      this.host.requestUpdate();
    });
  }

  hostDisconnected(): void {
    this.#cancel?.();
    this.#cancel = undefined;
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
