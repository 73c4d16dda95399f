/** One change to many accounts: each on its own, so that one that is refused does not keep the others from it. */

import type { CredentialId } from "../protocol.gen.ts";
import { settled } from "../settled.ts";
import type { Bulk, ManyOutcome } from "../state.ts";
import type { Entry } from "../store/records.ts";
import type { Tab } from "../tab.ts";

/** Resolves when each is settled: committed, refused, or stored to be sent once there is a connection. */
export async function changeMany(
  tab: Tab,
  what: Bulk["what"],
  ids: readonly CredentialId[],
  edit: (id: CredentialId) => Promise<Entry>,
): Promise<ManyOutcome> {
  const failed: { id: CredentialId; error: Error }[] = [];
  let done = 0;
  const show = () => tab.showBulk({ what, done, total: ids.length });
  const attempt = async <T>(id: CredentialId, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (cause) {
      failed.push({ id, error: cause instanceof Error ? cause : new Error(String(cause)) });
      return undefined;
    }
  };
  show();
  try {
    const edited = await Promise.all(ids.map(async (id) => [id, await attempt(id, () => edit(id))] as const));
    await tab.stored(ids);
    await tab.errand("send");
    await Promise.all(
      edited.map(async ([id, entry]) => {
        if (!entry) return;
        const { change } = entry;
        if (change?.state.kind === "waiting") await attempt(id, () => settled(tab, id, change.token));
        done += 1;
        show();
      }),
    );
  } finally {
    tab.showBulk(undefined);
  }
  return { done: ids.length - failed.length, failed };
}
