/**
 * The leader's part in a removal: one at a time, though the news may come in several ways at once, and the receipt, at once
 * or late.
 */

import type { Bytes } from "./bytes.ts";
import type { Edits } from "./edits.ts";
import type { LeaderSurroundings } from "./leader.ts";
import type { ClientMessage, DeviceId } from "./protocol.gen.ts";
import { carryOutRevocation, type Revocation } from "./removal.ts";
import { confirmLate } from "./sync/late-receipt.ts";

type Hello = Extract<ClientMessage, { type: "hello" }>;

export class Revoking {
  /** The one that is being carried out. */
  #revocation: Promise<void> | undefined;
  /** A receipt that is on its way late. */
  #confirming: Promise<void> | undefined;

  constructor(
    private readonly here: LeaderSurroundings,
    private readonly edits: Edits,
    private readonly send: (message: ClientMessage) => boolean,
    private readonly hello: (nonce: Bytes, device: DeviceId) => Promise<Hello>,
  ) {}

  /** `stop` is called in this very turn: nothing more is to be sent or applied. `over` once the keys are gone. */
  revoke(revocation: Revocation, stop: () => void, over: () => void): Promise<void> {
    this.#revocation ??= this.#revoke(revocation, stop, over).finally(() => {
      this.#revocation = undefined;
    });
    return this.#revocation;
  }

  async #revoke(revocation: Revocation, stop: () => void, over: () => void): Promise<void> {
    stop();
    const { holdings, tabs } = this.here;
    const wiped = await carryOutRevocation(revocation, { holdings, edits: this.edits, tabs });
    if (this.send({ type: "receipt", at: Date.now(), wiped })) await holdings.store.receiptSent();
    over();
    await this.here.stored();
    await this.here.revoked(revocation.reason);
  }

  /** What it cannot deliver now stays due. Nobody waits for it. */
  confirmLate(device: DeviceId): void {
    const { holdings, dial, tabs, stored } = this.here;
    this.#confirming ??= confirmLate(dial(), {
      greet: (nonce) => this.hello(nonce, device),
      wipe: async (reason, at) => {
        if (await holdings.store.fact("enrolment")) throw new Error("on its way back already");
        return carryOutRevocation({ reason, at }, { holdings, edits: this.edits, tabs });
      },
    })
      .then(async (confirmed) => {
        if (confirmed) await holdings.store.receiptSent();
        await stored();
      })
      .catch((cause: unknown) => console.error("keyleash: the removal could not be confirmed now.", cause))
      .finally(() => {
        this.#confirming = undefined;
      });
  }
}
