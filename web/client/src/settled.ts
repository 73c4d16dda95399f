/** How a write that was made here ends. The storage tells, whichever tab sent it and whichever heard the answer. */

import { ProblemError, RemovedError } from "./errors.ts";
import type { CredentialId } from "./protocol.gen.ts";
import type { ChangeState } from "./store/records.ts";
import type { Tab } from "./tab.ts";

/**
 * Resolves when the change with this token is committed, or has to wait because there is no connection.
 * @throws ProblemError when the server refused it; RemovedError when the device was removed before it was sent.
 */
export async function settled(tab: Tab, id: CredentialId, token: string): Promise<void> {
  const state = await outcome(tab, id, token);
  const { sync } = tab.state;
  if (sync.kind === "removed") throw new RemovedError(sync.reason);
  if (state?.kind === "conflict") {
    const detail = "Another device changed this account first. Nothing was overwritten.";
    throw new ProblemError({ code: "conflict", detail });
  }
  if (state?.kind === "refused") {
    await tab.edits().discard(id);
    await tab.stored([id]);
    throw new ProblemError(state);
  }
}

async function outcome(tab: Tab, id: CredentialId, token: string): Promise<ChangeState | undefined> {
  let stop = () => {};
  try {
    return await new Promise((resolve) => {
      const look = () => {
        const state = tab.changeState(id, token);
        if (state?.kind !== "waiting" || tab.state.connection.kind !== "live") resolve(state);
      };
      stop = tab.listeners.onChange(look);
      look();
    });
  } finally {
    stop();
  }
}
