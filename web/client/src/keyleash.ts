/**
 * The typed surface that a terminal and the settings panel build on.
 */

import type {
  CredentialId,
  DeviceId,
  DeviceView,
  EventView,
  Inspection,
  LogIn,
  Me,
  Removal,
  RemovedDevices,
  SecondFactor,
  SessionId,
  SessionView,
  TotpSetup,
  UnixMillis,
} from "./protocol.gen.ts";
import type { Account, Credential, Draft, Snapshot } from "./state.ts";

export interface OpenOptions {
  /** Origin of the Keyleash server; the page's own when left out. */
  readonly server?: string;
}

/**
 * One per tab. Everything that reaches the server throws {@link ProblemError} when it is refused and
 * {@link UnreachableError} when there is no answer; a refused call leaves everything as it was.
 */
export declare class Keyleash {
  /** Resolves once it is known who is logged in, or that the server does not answer. */
  static open(options?: OpenOptions): Promise<Keyleash>;
  /** Leaves the other tabs to it. The object is of no use afterwards. */
  close(): void;

  get state(): Snapshot;
  /** Calls `listener` after each change, never at once. Returns how to stop. */
  onChange(listener: (state: Snapshot) => void): () => void;

  // --- The user's login (see contract: HTTP) ---

  signUp(email: string, password: string): Promise<void>;
  /** `token` as it stands in the mail link. */
  confirmSignUp(token: string): Promise<void>;
  logIn(credentials: Omit<LogIn, "transport">): Promise<Me>;
  /** Locks every tab of this browser too. */
  logOut(): Promise<void>;
  /** Asks the server anew who is logged in here. */
  refreshSession(): Promise<Me | undefined>;

  /** The secret and its QR code (an SVG text). Nothing is on until {@link confirmTotp}. */
  setUpTotp(password: string): Promise<TotpSetup>;
  /** The recovery codes, shown this once. */
  confirmTotp(code: string): Promise<string[]>;
  /** Turns sync off on every device too. */
  disableTotp(factor: SecondFactor): Promise<void>;
  renewRecoveryCodes(factor: SecondFactor): Promise<string[]>;

  changePassword(password: string, newPassword: string, factor?: SecondFactor): Promise<void>;
  forgotPassword(email: string): Promise<void>;
  resetPassword(token: string, newPassword: string, factor?: SecondFactor): Promise<void>;

  sessions(): Promise<SessionView[]>;
  endSession(id: SessionId): Promise<void>;
  /** The security log, newest first. `before` is the `at` of the last one that was read. */
  events(page?: { before?: UnixMillis; limit?: number }): Promise<EventView[]>;

  // --- This browser's part in sync ---

  /**
   * Turns sync on for the user if it is not, and registers this browser as a device, which then is `pending`.
   * A removed device asks to come back by the same call. Refused with `totp_not_enabled` without 2FA.
   */
  enableSync(deviceName?: string): Promise<void>;
  /** Turns sync off for the user, on every device. */
  disableSync(factor: SecondFactor): Promise<void>;
  /** Sends the mail with the link that approves this pending device. Again is allowed, within limits. */
  requestVerification(): Promise<{ expiresAt: UnixMillis }>;
  /** What a link from a verification mail would approve. Changes nothing. */
  inspect(token: string): Promise<Inspection>;
  /** Approves it. A code is needed without the owner's session, and always for a device that was removed before. */
  approve(token: string, factor?: SecondFactor): Promise<DeviceView>;
  /** Shares every account of this browser, now and as they are added. */
  setAutoConnect(on: boolean): Promise<void>;

  // --- Accounts ---

  accounts(): readonly Account[];
  /**
   * Stores it in this browser, encrypted; with auto connect it is shared too.
   * @throws DraftError, LockedError, SignedOutError
   */
  addAccount(draft: Draft): Promise<Account>;
  /**
   * Changes what is given. Online, resolves once the server committed it; without a connection the change is stored here and
   * sent later (`account.pending`).
   */
  updateAccount(id: CredentialId, change: Partial<Pick<Draft, "label" | "environment" | "fields">>): Promise<void>;
  /** Everywhere, if it is synced. */
  deleteAccount(id: CredentialId): Promise<void>;
  /** Shares an account with the other devices, or takes it back so that it is in this browser alone. */
  setSynced(id: CredentialId, synced: boolean): Promise<void>;
  /** After `pending.kind === "conflict"`: whose change stays. */
  resolveConflict(id: CredentialId, keep: "mine" | "theirs"): Promise<void>;
  /** Forgets a change that the server refused. */
  discardChange(id: CredentialId): Promise<void>;
  /**
   * Lends the decrypted credential to `use`. Keep nothing of it: this is what a removal cannot take back.
   * @throws RemovedError, LockedError, NoSuchAccountError, DamagedError
   */
  withCredential<T>(id: CredentialId, use: (credential: Credential) => T | Promise<T>): Promise<T>;

  // --- Devices ---

  devices(): readonly DeviceView[];
  renameDevice(id: DeviceId, name: string): Promise<void>;
  /** Takes a device's keys away. With `erase`, its local-only keys can never come back. */
  remove(id: DeviceId, factor: SecondFactor, options?: { erase?: boolean }): Promise<Removal>;
  removeOthers(factor: SecondFactor): Promise<RemovedDevices>;
  /** Locks every device of the user at once, this one too. */
  panic(factor: SecondFactor): Promise<RemovedDevices>;
}
