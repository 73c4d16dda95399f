/** The calls about the user: the account at the server, its logins, its second factor and its log. */

import type { EventFilter } from "../api.ts";
import type {
  EventView,
  LogIn,
  LoginOffer,
  MailPreferences,
  Me,
  SecondFactor,
  SessionId,
  SessionView,
  TotpSetup,
} from "../protocol.gen.ts";
import type { Tab } from "../tab.ts";
import type { VendorLogin } from "../vendor-login.ts";

/** Shows once more who one is. */
export interface TotpProof {
  readonly password?: string;
}

export class UserCalls {
  constructor(protected readonly tab: Tab) {}

  signUp(email: string, password: string): Promise<void> {
    return this.tab.api.signUp({ email, password });
  }

  /** `token` as it stands in the mail link. */
  confirmSignUp(token: string): Promise<void> {
    return this.tab.api.confirmSignUp(token);
  }

  async logIn(credentials: Omit<LogIn, "transport">): Promise<Me> {
    return this.tab.login.signedIn(await this.tab.api.logIn(credentials));
  }

  /** What kinds of login the server takes: what to offer while nobody is logged in. */
  loginOffer(): Promise<LoginOffer> {
    return this.tab.api.identity();
  }

  /**
   * Completes the vendor's login (`session.kind === "second_factor"`) with a code of the user's.
   * @throws ProblemError `totp_invalid` when the code is refused
   */
  giveSecondFactor(factor: SecondFactor): Promise<Me> {
    return this.#vendor().giveSecondFactor(factor);
  }

  /** Locks every tab of this browser too. */
  async logOut(): Promise<void> {
    await this.tab.api.logOut();
    await this.tab.login.signedOut({ forget: true });
  }

  /** Asks the server, and the vendor who keeps the login, anew who is logged in here. */
  async refreshSession(): Promise<Me | undefined> {
    await this.tab.login.vendor?.look();
    const answer = await this.tab.login.ask();
    return answer === "good" || answer === "renewed" ? this.tab.login.me : undefined;
  }

  /**
   * The secret and its QR code (an SVG text). Nothing changes until {@link confirmTotp}. Who logs in at the vendor has no
   * password here: the vendor is asked for a fresh token instead. `factor` when another app is to take the place of the
   * present one.
   */
  async setUpTotp({ password }: TotpProof = {}, factor?: SecondFactor): Promise<TotpSetup> {
    const proof = password === undefined ? { identity_token: await this.#vendor().fresh() } : { password };
    return this.tab.api.setUpTotp({ ...proof, ...factor });
  }

  /** The recovery codes, shown this once. */
  async confirmTotp(code: string): Promise<string[]> {
    const { recovery_codes } = await this.tab.api.confirmTotp(code);
    await this.tab.login.ask();
    return recovery_codes;
  }

  /** Turns sync off on every device too. */
  async disableTotp(factor: SecondFactor): Promise<void> {
    await this.tab.api.disableTotp(factor);
    await this.tab.login.ask();
  }

  async renewRecoveryCodes(factor: SecondFactor): Promise<string[]> {
    const { recovery_codes } = await this.tab.api.renewRecoveryCodes(factor);
    await this.tab.login.ask();
    return recovery_codes;
  }

  changePassword(password: string, newPassword: string, factor?: SecondFactor): Promise<void> {
    return this.tab.api.changePassword({ password, new_password: newPassword, ...factor });
  }

  forgotPassword(email: string): Promise<void> {
    return this.tab.api.forgotPassword(email);
  }

  resetPassword(token: string, newPassword: string, factor?: SecondFactor): Promise<void> {
    return this.tab.api.resetPassword({ token, new_password: newPassword, ...factor });
  }

  async sessions(): Promise<SessionView[]> {
    return (await this.tab.api.sessions()).sessions;
  }

  endSession(id: SessionId): Promise<void> {
    return this.tab.api.endSession(id);
  }

  /** Ends every login but this one; resolves to how many there were. */
  async endOtherSessions(): Promise<number> {
    return (await this.tab.api.endOtherSessions()).ended;
  }

  /** The security log, newest first. */
  async events(filter: EventFilter = {}): Promise<EventView[]> {
    return (await this.tab.api.events(filter)).events;
  }

  /** Which mails are sent that security does not need; see `session.me.mail_preferences`. */
  async setMailPreferences(preferences: MailPreferences): Promise<void> {
    await this.tab.login.signedIn(await this.tab.api.setMailPreferences(preferences));
  }

  #vendor(): VendorLogin {
    if (this.tab.login.vendor) return this.tab.login.vendor;
    throw new TypeError("This page was opened without `identity`: pass it to `Keyleash.open`.");
  }
}
