/**
 * Asks for the accounts that are wanted here in full, one message after another, until all are here. Which those are is in
 * the storage; here is only what was asked for over this connection, and how far it is.
 */

import type { Edits } from "../edits.ts";
import type { Holdings } from "../holdings.ts";
import { WRITE_RETRY_MS } from "../limits.ts";
import { type ClientMessage, type CredentialId, RETRIEVE_IDS_MAX } from "../protocol.gen.ts";
import type { Progress } from "../state.ts";

export interface RetrievalSurroundings {
  readonly holdings: Holdings;
  readonly edits: Edits;
  /** The next name of a request on this socket. */
  ref(): number;
  send(message: ClientMessage): void;
  /** `undefined` when nothing is wanted any more. */
  progress(progress: Progress | undefined): void;
  /** Entries were written. */
  stored(ids: readonly CredentialId[]): Promise<void>;
}

export class Retrieval {
  #asked: { readonly ref: number; readonly ids: readonly CredentialId[] } | undefined;
  /** What was wanted when it was counted last. */
  #known: readonly CredentialId[] = [];
  #received = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly here: RetrievalSurroundings) {}

  /** Counts what is wanted; to be called when that may have become more, or when some of it arrived. */
  async count(): Promise<readonly CredentialId[]> {
    const wanted = await this.here.holdings.store.wanted();
    const still = new Set(wanted);
    const arrived = this.#known.filter((id) => !still.has(id)).length;
    this.#known = wanted;
    this.#received = wanted.length === 0 ? 0 : this.#received + arrived;
    const total = this.#received + wanted.length;
    this.here.progress(wanted.length === 0 ? undefined : { received: this.#received, total });
    return wanted;
  }

  /** Asks for what is wanted, if nothing is on its way. To be called when live and caught up. */
  async flush(): Promise<void> {
    const wanted = await this.count();
    if (this.#asked || this.#retry !== undefined || wanted.length === 0) return;
    const ids = wanted.slice(0, RETRIEVE_IDS_MAX);
    this.#asked = { ref: this.here.ref(), ids };
    this.here.send({ type: "retrieve", ...this.#asked, ids: [...ids] });
  }

  /** The connection is gone, and with it every answer. */
  reset(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#asked = undefined;
  }

  /** All that the server has of what was asked for has come. */
  async retrieved(ref: number): Promise<void> {
    if (this.#asked?.ref !== ref) return;
    const { ids } = this.#asked;
    const wanted = new Set(await this.here.holdings.store.wanted());
    const missing = ids.filter((id) => wanted.has(id));
    if (missing.length > 0) {
      await this.here.edits.unwant(missing);
      await this.here.stored(missing);
    }
    this.#asked = undefined;
    await this.flush();
  }

  /** Whether it was this that the server refused: it is asked for again later. */
  refused(ref: number | undefined): boolean {
    if (ref === undefined || this.#asked?.ref !== ref) return false;
    this.#asked = undefined;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      void this.flush();
    }, WRITE_RETRY_MS);
    return true;
  }
}
