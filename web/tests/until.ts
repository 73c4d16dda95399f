/** Waits for a condition that no page shows. */
import { setTimeout as delay } from "node:timers/promises";
import { PATIENCE_MS } from "./browser.ts";

const POLL_MS = 5;

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`this did not come true: ${what}`);
    await delay(POLL_MS);
  }
}
