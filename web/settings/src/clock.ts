/** Redraws its host when what it shows of the time is out of date: once a second for a countdown, never for a still view. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Timers of a browser fire early by a millisecond at times; then the view would be drawn twice. */
const SLACK_MS = 5;

export class Clock implements ReactiveController {
  /** When the host was drawn last. */
  now = Date.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `changesIn` says after how many milliseconds the host would look different, `undefined` if it would not. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly changesIn: (now: number) => number | undefined,
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    this.now = Date.now();
  }

  hostUpdated(): void {
    clearTimeout(this.#timer);
    const ms = this.changesIn(this.now);
    if (ms !== undefined) this.#timer = setTimeout(() => this.host.requestUpdate(), Math.max(0, ms) + SLACK_MS);
  }

  hostConnected(): void {
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }
}

/** For a countdown to `until`: the next full second, or `undefined` when it is over. */
export function countdownChangesIn(until: number | undefined, now: number): number | undefined {
  if (until === undefined || until <= now) return undefined;
  return (until - now) % 1000 || 1000;
}
