/**
 * One tab's hold on the unlock key: what unlocks it, and the two things that lock it again, the owner and the clock.
 *
 * Must never keep the key beyond the grace time: it is asked through {@link TabLock.ring}, which looks at both clocks
 * before it answers, so that a timer that a sleeping laptop held up makes no difference.
 */

import type { KeyRing } from "./keys/key-ring.ts";
import type { UnixMillis } from "./protocol.gen.ts";
import type { LockReason } from "./state.ts";
import { graceLeftMs, type Moment } from "./sync/grace.ts";

export class TabLock {
  #ring: KeyRing | undefined;
  #why: LockReason = "server_needed";
  #grace: { lost: Moment; graceMs: number; timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(private readonly changed: () => void) {}

  /** `undefined` while locked. */
  get ring(): KeyRing | undefined {
    if (this.#grace && this.#leftMs() === 0) this.forget("grace_over");
    return this.#ring;
  }

  /** Why there is no key, if there is none. */
  get why(): LockReason {
    return this.#why;
  }

  /** When the key will be forgotten at the latest, if the server does not return. */
  get graceUntil(): UnixMillis | undefined {
    return this.#ring && this.#grace ? this.#grace.lost.wallMs + this.#grace.graceMs : undefined;
  }

  unlock(ring: KeyRing): void {
    this.#ring = ring;
    this.changed();
  }

  forget(why: LockReason): void {
    this.serverIsBack();
    this.#ring = undefined;
    this.#why = why;
    this.changed();
  }

  /** Starts the grace clock, once; `at` is when the connection was lost. */
  serverIsAway(at: UnixMillis, graceMs: number): void {
    if (this.#grace || !this.#ring) return;
    const sinceMs = Math.max(0, Date.now() - at);
    const lost: Moment = { wallMs: at, monotonicMs: performance.now() - sinceMs };
    this.#grace = { lost, graceMs, timer: this.#timer(graceLeftMs(lost, now(), graceMs)) };
    this.changed();
  }

  serverIsBack(): void {
    if (!this.#grace) return;
    clearTimeout(this.#grace.timer);
    this.#grace = undefined;
    this.changed();
  }

  #leftMs(): number {
    return this.#grace ? graceLeftMs(this.#grace.lost, now(), this.#grace.graceMs) : 0;
  }

  #timer(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const leftMs = this.#leftMs();
      if (leftMs === 0) this.forget("grace_over");
      else if (this.#grace) this.#grace.timer = this.#timer(leftMs);
    }, ms);
  }
}

function now(): Moment {
  return { wallMs: Date.now(), monotonicMs: performance.now() };
}
