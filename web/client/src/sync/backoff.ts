/** How long to wait before connecting again. Pure: the randomness is handed in. */

import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS } from "../limits.ts";

/**
 * Exponential with equal jitter: between half and the whole of the step, so that a fleet that lost its node spreads out
 * and nobody knocks at once. `attempt` counts from 0, `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const step = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 30));
  return Math.round(step / 2 + (step / 2) * random);
}
