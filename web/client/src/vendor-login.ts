/**
 * Logs in here whoever is logged in at the vendor, by the vendor's token, and logs out whoever is not any more. The token is
 * exchanged when nobody is logged in here, or somebody else.
 */

import type { Api } from "./api.ts";
import { ProblemError } from "./errors.ts";
import { holderOf } from "./identity-token.ts";
import { REENTER_MS } from "./limits.ts";
import type { Me, ProblemCode, SecondFactor } from "./protocol.gen.ts";

/**
 * Asks the vendor for a token of the user who is logged in there; `null` when nobody is, `undefined` when that is not known
 * yet, which changes nothing.
 */
export type Identity = () => Promise<string | null | undefined>;

/** Why nobody is logged in, though the vendor vouches for somebody. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly detail: string;
}

export interface VendorSurroundings {
  readonly server: string;
  readonly api: Api;
  /** Whose token the present login was given for. */
  holder(): string | undefined;
  signedIn(me: Me, holder: string | undefined): Promise<Me>;
  signedOut(): Promise<void>;
  /** Nobody is logged in yet: a code is still to come, or the token was refused. */
  waiting(why: "second_factor" | Refusal): void;
}

export class VendorLogin {
  #entering: Promise<void> | undefined;
  #enteredAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly identity: Identity,
    private readonly here: VendorSurroundings,
  ) {}

  /** Ends a login that is not that of whoever is logged in at the vendor. A vendor that does not answer changes nothing. */
  async look(): Promise<void> {
    const { holder, api, signedOut } = this.here;
    if (holder() === undefined) return;
    const token = await this.identity().catch(() => undefined);
    if (token === undefined || (token !== null && holderOf(token) === holder())) return;
    this.#enteredAt = Number.NEGATIVE_INFINITY;
    await api.logOut().catch(() => {});
    await signedOut();
  }

  /** After the server said that nobody is logged in; one at a time, and not again at once. */
  enter(): Promise<void> {
    if (performance.now() - this.#enteredAt < REENTER_MS) return Promise.resolve();
    this.#entering ??= this.#enter()
      .catch((cause: unknown) => console.error("keyleash: the vendor's login could not be used.", cause))
      .finally(() => {
        this.#entering = undefined;
      });
    return this.#entering;
  }

  /** @throws ProblemError when the code is refused */
  async giveSecondFactor(factor: SecondFactor): Promise<Me> {
    const token = await this.fresh();
    return this.#signedIn(await this.here.api.logInByToken({ token, ...factor }), token);
  }

  /** A token to show once more who one is. */
  async fresh(): Promise<string> {
    const token = await this.identity();
    if (!token) throw new ProblemError({ code: "session_required", detail: "Log in at the vendor first." });
    return token;
  }

  /** The tabs of a browser do it one after another, so that all share one login. */
  #enter(): Promise<void> {
    return navigator.locks.request(`keyleash ${this.here.server} login`, async () => {
      const token = await this.identity();
      if (!token) return;
      try {
        await this.#signedIn(await this.#another(token), token);
      } catch (cause) {
        if (!(cause instanceof ProblemError)) throw cause;
        const { code, message: detail } = cause;
        this.here.waiting(code === "totp_required" ? "second_factor" : { code, detail });
      }
    });
  }

  /** Another tab may have logged in while this one waited for its turn. */
  async #another(token: string): Promise<Me> {
    const { api, holder } = this.here;
    if (holder() === holderOf(token)) {
      const me = await api.sessionOfAnotherTab();
      if (me) return me;
    }
    return api.logInByToken({ token });
  }

  async #signedIn(me: Me, token: string): Promise<Me> {
    this.#enteredAt = performance.now();
    return this.here.signedIn(me, holderOf(token));
  }
}
