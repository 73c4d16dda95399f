/** Has every tab of this browser forget its keys, and finds out whether they all did. */

import type { UserId } from "../protocol.gen.ts";
import type { Revocation } from "../removal.ts";
import type { TabMessage } from "./messages.ts";
import type { Tabs } from "./tabs.ts";

export class Forgetting {
  /** Tabs that said `forgotten` since the last `forget`. */
  readonly #confirmed = new Set<string>();
  #heard = () => {};

  constructor(private readonly tabs: Tabs<TabMessage>) {}

  /** Tells them in this very turn; resolves true when all that are alive confirmed within `ms`. */
  async everywhere(user: UserId, revocation: Revocation, ms: number): Promise<boolean> {
    this.#confirmed.clear();
    this.tabs.post({ type: "forget", user, revocation });
    const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), ms));
    const others = await this.tabs.others();
    const all = new Promise<true>((resolve) => {
      this.#heard = () => {
        if ([...others].every((id) => this.#confirmed.has(id))) resolve(true);
      };
      this.#heard();
    });
    return Promise.race([all, late]);
  }

  confirmed(tab: string): void {
    this.#confirmed.add(tab);
    this.#heard();
  }
}
