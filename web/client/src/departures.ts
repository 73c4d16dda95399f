/**
 * Carries out deletions once they can no longer be taken back. What is to go, and when, is in the storage; here is only the
 * timer for the next, in the tab that leads.
 */

import type { Edits } from "./edits.ts";
import { TIMER_MS_MAX } from "./limits.ts";
import type { CredentialId } from "./protocol.gen.ts";

export class Departures {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly edits: Edits,
    private readonly departed: (ids: readonly CredentialId[]) => Promise<void>,
  ) {}

  /** To be called when there may be something due, or something new to wait for. */
  async look(): Promise<void> {
    const { due, next } = await this.edits.removeDue(Date.now());
    clearTimeout(this.#timer);
    if (next !== undefined) {
      const ms = Math.min(Math.max(0, next - Date.now()), TIMER_MS_MAX);
      this.#timer = setTimeout(() => void this.look().catch(report), ms);
    }
    if (due.length > 0) await this.departed(due);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function report(cause: unknown): void {
  console.error("keyleash: a deletion waits for the next start.", cause);
}
