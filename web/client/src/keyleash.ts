/**
 * The surface that a terminal and the settings panel build on: one object, its calls by subject in `calls/`. Owns no state:
 * each call is carried out by this tab (`tab.ts`), by the server over HTTP (`api.ts`), or by the writer of this browser's
 * storage (`edits.ts`).
 */

import { AccountCalls } from "./calls/accounts.ts";
import type { ClientEvents } from "./events.ts";
import type { Snapshot } from "./state.ts";
import { Tab } from "./tab.ts";
import type { Identity } from "./vendor-login.ts";

export interface OpenOptions {
  /** Origin of the Keyleash server; the page's own when left out. */
  readonly server?: string;
  /**
   * Of a vendor who keeps the login: asks for a token (JWT) of the user who is logged in there, a fresh one each time;
   * `null` when nobody is, `undefined` when that is not known yet. Called when the page opens, when the server wants to know who it is, and where a password
   * would be asked for.
   */
  readonly identity?: Identity;
}

/**
 * One per tab. Everything that reaches the server throws {@link ProblemError} when it is refused and
 * {@link UnreachableError} when there is no answer; a refused call leaves everything as it was.
 */
export class Keyleash extends AccountCalls {
  /** Resolves once it is known who is logged in, or that the server does not answer. */
  static async open({ server = location.origin, identity }: OpenOptions = {}): Promise<Keyleash> {
    if (!isSecureContext) throw new Error("Keyleash needs a page that came over https, or from this computer.");
    const tab = new Tab(server, identity);
    await tab.begin();
    return new Keyleash(tab);
  }

  /** Leaves the other tabs to it. The object is of no use afterwards. */
  close(): void {
    this.tab.close();
  }

  /** Origin of the Keyleash server. */
  get server(): string {
    return this.tab.server;
  }

  get state(): Snapshot {
    return this.tab.state;
  }

  /** Calls `listener` after each change, never at once. Returns how to stop. */
  onChange(listener: (state: Snapshot) => void): () => void {
    return this.tab.listeners.onChange(listener);
  }

  /** Calls `listener` for each such event, with what it is about. Returns how to stop. */
  on<Name extends keyof ClientEvents>(event: Name, listener: (detail: ClientEvents[Name]) => void): () => void {
    return this.tab.listeners.on(event, listener);
  }
}

/** What a terminal and the panel build on, as a type: for views that are handed a client, and for staged ones. */
export type Client = Pick<Keyleash, keyof Keyleash>;
