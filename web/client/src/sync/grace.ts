/** How long an unlocked tab may go on without the server. Pure: the clocks are handed in. */

/** One moment on both clocks: the wall clock runs on while a laptop sleeps, the monotonic one cannot be set back. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** What is left of the grace time since the server was lost; 0 when it is over. Whichever clock moved further decides. */
export function graceLeftMs(lost: Moment, now: Moment, graceMs: number): number {
  const away = Math.max(now.wallMs - lost.wallMs, now.monotonicMs - lost.monotonicMs);
  return Math.max(0, graceMs - away);
}
