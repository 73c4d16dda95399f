/**
 * Who is logged in, in one tab: asked of the server, remembered from page to page, heard from other tabs, or vouched for by
 * the vendor. Owns the session and what carries it.
 */

import { Api } from "./api.ts";
import { ProblemError, SignedOutError } from "./errors.ts";
import type { Me, Problem, RevokeReason, UserId } from "./protocol.gen.ts";
import { recall, remember } from "./remembered.ts";
import type { RemovalReason, Session } from "./state.ts";
import type { SessionAnswer } from "./sync/connection-machine.ts";
import { Token } from "./token.ts";
import { type Identity, type Refusal, VendorLogin } from "./vendor-login.ts";

export interface LoginSurroundings {
  /** Opens what this browser holds of `user`. */
  hold(user: UserId): Promise<void>;
  /** Somebody is logged in, or still is. */
  entered(): Promise<void>;
  left(): void;
  /** Tells the other tabs. */
  tell(me: Me | undefined): void;
  /** The server says that the owner took this device's keys away. */
  removed(reason: RemovalReason): Promise<void>;
  changed(): void;
}

export class Login {
  readonly api: Api;
  /** Of a page whose vendor keeps the login. */
  readonly vendor: VendorLogin | undefined;
  /** Of a page on another origin than the server. */
  readonly #token: Token | undefined;
  #session: Session = { kind: "unknown" };
  /** The answer to the last refusal of the login, while it is being given. */
  #refusing: Promise<void> | undefined;

  constructor(
    private readonly server: string,
    identity: Identity | undefined,
    private readonly here: LoginSurroundings,
  ) {
    this.#token = new URL(server).origin === location.origin ? undefined : new Token(server);
    this.api = new Api(
      server,
      (problem) => this.#refuse(problem),
      this.#token,
      () => this.#session.kind === "in",
    );
    this.vendor =
      identity &&
      new VendorLogin(identity, {
        server,
        api: this.api,
        holder: () => this.#remembered()?.holder,
        signedIn: (me, holder) => this.signedIn(me, holder),
        signedOut: () => this.signedOut({ forget: true }),
        waiting: (why) => this.#wait(why),
      });
  }

  get session(): Session {
    return this.#session;
  }

  get me(): Me {
    if (this.#session.kind !== "in") throw new SignedOutError();
    return this.#session.me;
  }

  /** Shows who was logged in last, so that a page opened without the server knows whose storage to look into. */
  async recall(): Promise<void> {
    await this.#token?.load();
    await this.vendor?.look();
    const remembered = recall(this.server);
    if (!remembered) return;
    await this.here.hold(remembered.me.user_id);
    if (remembered.signedIn) this.#session = { kind: "in", me: remembered.me, confirmed: false };
  }

  async ask(): Promise<SessionAnswer> {
    try {
      await this.signedIn(await this.api.me());
      return "good";
    } catch (cause) {
      if (!(cause instanceof ProblemError && cause.isAboutSession)) return "unreachable";
      await this.#refusing;
      return this.#session.kind === "in" ? "renewed" : "refused";
    }
  }

  /** The server said who is logged in; every tab hears it. */
  async signedIn(me: Me, holder = this.#remembered()?.holder): Promise<Me> {
    remember(this.server, { me, signedIn: true, ...(me.login === "vendor" && holder !== undefined && { holder }) });
    this.here.tell(me);
    await this.#adopt(me);
    return me;
  }

  /** `forget` also forgets who it was, as on a machine that others use. */
  async signedOut({ forget }: { forget: boolean }): Promise<void> {
    const remembered = recall(this.server);
    remember(this.server, forget || !remembered ? undefined : { ...remembered, signedIn: false });
    await this.#token?.keep(undefined);
    this.here.tell(undefined);
    await this.#adopt(undefined);
  }

  /** Another tab says who is logged in. */
  async heard(me: Me | undefined): Promise<void> {
    await this.#token?.load();
    await this.#adopt(me);
  }

  /** What a revocation means for the login. */
  async revoked(reason: RevokeReason): Promise<void> {
    if (reason === "sync_off") await this.ask();
    else {
      await this.signedOut({ forget: false });
      await this.vendor?.enter();
    }
  }

  close(): void {
    this.#token?.close();
  }

  /** Any answer of the server may say that the session is no good. */
  #refuse(problem: Problem): void {
    this.#refusing = this.#refused(problem).finally(() => {
      this.#refusing = undefined;
    });
  }

  async #refused({ code, reason }: Problem): Promise<void> {
    if (code === "device_removed") {
      await this.here.removed(reason === "erased" || reason === "panic" ? reason : "removed");
    }
    await this.signedOut({ forget: false });
    await this.vendor?.enter();
  }

  async #adopt(me: Me | undefined): Promise<void> {
    if (me) {
      await this.here.hold(me.user_id);
      this.#session = { kind: "in", me, confirmed: true };
      await this.here.entered();
    } else {
      this.#session = { kind: "none" };
      this.here.left();
    }
    this.here.changed();
  }

  #wait(why: "second_factor" | Refusal): void {
    this.#session = why === "second_factor" ? { kind: why } : { kind: "none", refusal: why };
    this.here.changed();
  }

  #remembered() {
    const remembered = recall(this.server);
    return remembered?.signedIn ? remembered : undefined;
  }
}
