/** The calls about the user: the account at the server, its logins, its second factor and its log. */

import type {
  EventId,
  EventView,
  LogIn,
  Me,
  SecondFactor,
  SessionId,
  SessionView,
  TotpSetup,
} from "../protocol.gen.ts";
import type { Tab } from "../tab.ts";

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
    const { token: _, ...me } = await this.tab.api.logIn(credentials);
    return this.tab.signedIn(me);
  }

  /** Locks every tab of this browser too. */
  async logOut(): Promise<void> {
    await this.tab.api.logOut();
    await this.tab.signedOut({ forget: true });
  }

  /** Asks the server anew who is logged in here. */
  async refreshSession(): Promise<Me | undefined> {
    const answer = await this.tab.askSession();
    return answer === "good" ? this.tab.me() : undefined;
  }

  /** The secret and its QR code (an SVG text). Nothing is on until {@link confirmTotp}. */
  setUpTotp(password: string): Promise<TotpSetup> {
    return this.tab.api.setUpTotp(password);
  }

  /** The recovery codes, shown this once. */
  async confirmTotp(code: string): Promise<string[]> {
    const { recovery_codes } = await this.tab.api.confirmTotp(code);
    await this.tab.askSession();
    return recovery_codes;
  }

  /** Turns sync off on every device too. */
  async disableTotp(factor: SecondFactor): Promise<void> {
    await this.tab.api.disableTotp(factor);
    await this.tab.askSession();
  }

  async renewRecoveryCodes(factor: SecondFactor): Promise<string[]> {
    return (await this.tab.api.renewRecoveryCodes(factor)).recovery_codes;
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

  /** The security log, newest first. `before` is the `id` of the last one that was read. */
  async events({ before, limit }: { before?: EventId; limit?: number } = {}): Promise<EventView[]> {
    return (await this.tab.api.events(before, limit)).events;
  }
}
