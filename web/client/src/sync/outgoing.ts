/**
 * Sends stored changes and takes in the answers. Owns which writes are on their way; what they are is in the storage, so
 * that nothing is lost with the tab or the connection.
 */

import { fromBase64Url, toBase64Url } from "../bytes.ts";
import type { Edits } from "../edits.ts";
import { ProblemError } from "../errors.ts";
import type { Holdings } from "../holdings.ts";
import { samePlain } from "../keys/boxes.ts";
import { WRITE_RETRY_MS, WRITES_IN_FLIGHT_MAX } from "../limits.ts";
import type { ClientMessage, CredentialId, ProblemCode, ServerMessage, Upsert } from "../protocol.gen.ts";
import type { Change, ChangeState } from "../store/records.ts";

type Done = Extract<ServerMessage, { type: "done" }>;
type Refused = Extract<ServerMessage, { type: "error" }>;

interface InFlight {
  readonly id: CredentialId;
  readonly change: Change;
}

/** Refusals that are about the moment, not about the write. */
const LATER: ReadonlySet<ProblemCode> = new Set(["too_many_requests", "internal", "unavailable"]);

export class Outgoing {
  readonly #inFlight = new Map<number, InFlight>();
  /** While it runs nothing more is sent: the server asked for a pause. */
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly holdings: Holdings,
    private readonly edits: Edits,
    private readonly send: (message: ClientMessage) => void,
    /** The next name of a request on this socket. */
    private readonly ref: () => number,
  ) {}

  /** Sends what waits and is not on its way. To be called when live and caught up, after each change, and after answers. */
  async flush(): Promise<void> {
    // Refilled by halves: to look for more after each answer costs more than it brings when thousands wait.
    if (this.#retry !== undefined || this.#inFlight.size > WRITES_IN_FLIGHT_MAX / 2) return;
    for (const [id, change] of await this.holdings.store.changes()) {
      if (this.#inFlight.size >= WRITES_IN_FLIGHT_MAX) return;
      if (change.state.kind === "waiting" && !this.#sent(id)) this.#send(id, change);
    }
  }

  /** The connection is gone, and with it every answer. */
  reset(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#inFlight.clear();
  }

  /** The news of a write may reach its writer before the answer to it does. */
  async recognise(upserts: readonly Upsert[]): Promise<void> {
    const ring = await this.holdings.requireRing();
    for (const { id, version, box } of upserts) {
      const sent = this.#sent(id)?.change;
      if (!sent || sent.base + 1 !== version || sent.write.kind === "delete" || sent.write.kind === "unshare") continue;
      const mine = await ring.openUp(id, version, sent.write.box);
      const theirs = await ring.openDown(id, version, fromBase64Url(box)).catch(() => undefined);
      if (theirs && samePlain(mine, theirs)) await this.#committed(id, sent, version);
    }
  }

  async done({ ref, id, version }: Done): Promise<void> {
    const sent = this.#inFlight.get(ref);
    if (!sent) return;
    await this.#committed(id, sent.change, version);
    this.#inFlight.delete(ref);
    await this.flush();
  }

  /** A change that was made while `sent` was on its way goes on top of it. */
  async #committed(id: CredentialId, sent: Change, version: number): Promise<void> {
    await this.edits.revise(id, async (entry) => {
      const { row, change } = entry;
      if (change?.state.kind !== "waiting") return entry;
      if (change.token === sent.token) return { row, change: { ...change, state: { kind: "committed", version } } };
      return change.base < version ? { row, change: await this.edits.rebased(id, change, version) } : entry;
    });
  }

  async refused({ ref, code, detail, version }: Refused): Promise<void> {
    const sent = ref === undefined ? undefined : this.#inFlight.get(ref);
    if (ref === undefined || !sent) throw new ProblemError({ code, detail });
    if (LATER.has(code)) {
      this.#inFlight.delete(ref);
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        void this.flush();
      }, WRITE_RETRY_MS);
      return;
    }
    const state: ChangeState =
      code === "conflict" && version !== undefined ? { kind: "conflict", version } : { kind: "refused", code, detail };
    await this.edits.revise(sent.id, async (entry) => {
      const { row, change } = entry;
      const mine = change?.token === sent.change.token && change.state.kind === "waiting";
      return mine ? { row, change: { ...change, state } } : entry;
    });
    this.#inFlight.delete(ref);
    await this.flush();
  }

  // A write counts as on its way until its answer is stored: whoever reads the storage before that must not send it again.
  #send(id: CredentialId, change: Change): void {
    const ref = this.ref();
    this.#inFlight.set(ref, { id, change });
    const { base: base_version, write } = change;
    if (write.kind === "delete" || write.kind === "unshare") this.send({ type: "delete", ref, id, base_version });
    else this.send({ type: "put", ref, id, base_version, box: toBase64Url(write.box) });
  }

  #sent(id: CredentialId): InFlight | undefined {
    return [...this.#inFlight.values()].find((sent) => sent.id === id);
  }
}
