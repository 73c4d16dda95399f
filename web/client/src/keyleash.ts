/**
 * The surface that a terminal and the settings panel build on. Owns no state: each call is carried out by this tab
 * (`tab.ts`), by the server over HTTP (`api.ts`), or by the writer of this browser's storage (`edits.ts`).
 */

import { browserOf } from "./browser-of.ts";
import type { Edited } from "./edits.ts";
import { DraftError, NoSuchAccountError, ProblemError } from "./errors.ts";
import type { ClientEvents } from "./events.ts";
import { enrolment } from "./keys/device-keys.ts";
import type {
  CredentialId,
  DeviceId,
  DeviceView,
  EventId,
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
import { settled } from "./settled.ts";
import type { Account, Credential, Draft, Snapshot } from "./state.ts";
import type { Entry } from "./store/records.ts";
import { Tab } from "./tab.ts";

export interface OpenOptions {
  /** Origin of the Keyleash server; the page's own when left out. */
  readonly server?: string;
}

/**
 * One per tab. Everything that reaches the server throws {@link ProblemError} when it is refused and
 * {@link UnreachableError} when there is no answer; a refused call leaves everything as it was.
 */
export class Keyleash {
  private constructor(private readonly tab: Tab) {}

  /** Resolves once it is known who is logged in, or that the server does not answer. */
  static async open({ server = location.origin }: OpenOptions = {}): Promise<Keyleash> {
    if (!isSecureContext) throw new Error("Keyleash needs a page that came over https, or from this computer.");
    const tab = new Tab(server);
    await tab.begin();
    return new Keyleash(tab);
  }

  /** Leaves the other tabs to it. The object is of no use afterwards. */
  close(): void {
    this.tab.close();
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

  // --- The user's login (see contract: HTTP) ---

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

  // --- This browser's part in sync ---

  /**
   * Turns sync on for the user if it is not, and registers this browser as a device, which then is `pending`.
   * A removed device asks to come back by the same call, under the name that it had. Refused with `totp_not_enabled` without 2FA.
   */
  enableSync(deviceName?: string): Promise<void> {
    return this.tab.enrolling(async () => {
      const me = await this.tab.signedIn(await this.tab.api.setSync({ enabled: true }));
      const { store } = this.tab.holdings();
      const proof = await enrolment(await store.deviceKeys(), me.user_id);
      const name = deviceName ?? (await store.fact("name")) ?? browserOf(navigator.userAgent);
      const { id, state, match_code } = await this.tab.api.enrol({ name, ...proof });
      await store.setEnrolment({
        device: id,
        state: state === "verified" ? "verified" : "pending",
        matchCode: match_code,
      });
      await this.tab.stored();
      await this.tab.errand("connect");
    });
  }

  /** Turns sync off for the user, on every device. */
  async disableSync(factor: SecondFactor): Promise<void> {
    await this.tab.signedIn(await this.tab.api.setSync({ enabled: false, ...factor }));
  }

  /** Sends the mail with the link that approves this pending device. Again is allowed, within limits. */
  async requestVerification(): Promise<{ expiresAt: UnixMillis }> {
    const { store } = this.tab.holdings();
    const { expires_at } = await this.tab.api.sendVerificationMail(await this.#thisDevice());
    const pending = await store.fact("enrolment");
    if (pending?.state === "pending") await store.setEnrolment({ ...pending, mailExpiresAt: expires_at });
    await this.tab.stored();
    // Forgets that the mail before this one could not be delivered.
    await this.tab.errand("list_devices");
    return { expiresAt: expires_at };
  }

  /** What a link from a verification mail would approve. Changes nothing. */
  inspect(token: string): Promise<Inspection> {
    return this.tab.api.inspect(token);
  }

  /** Approves it. A code is needed without the owner's session, and always for a device that was removed before. */
  approve(token: string, factor?: SecondFactor): Promise<DeviceView> {
    return this.tab.api.approve({ token, ...factor });
  }

  /** Shares every account of this browser, now and as they are added. */
  async setAutoConnect(on: boolean): Promise<void> {
    await this.tab.signedIn(await this.tab.api.setSync({ auto_connect: on }));
    if (on) await this.tab.errand("share_all");
  }

  // --- Accounts ---

  accounts(): readonly Account[] {
    return this.state.accounts;
  }

  /**
   * Stores it in this browser, encrypted; with auto connect it is shared too.
   * @throws DraftError, LockedError, SignedOutError
   */
  async addAccount(raw: Draft): Promise<Account> {
    const draft = await checked(raw);
    const edits = this.tab.edits();
    const id = await edits.add(draft);
    if (this.tab.me().auto_connect && this.state.sync.kind === "verified") await edits.share(id);
    await this.tab.stored([id]);
    await this.tab.errand("send");
    return this.#account(id);
  }

  /**
   * Changes what is given. Online, resolves once the server committed it; without a connection the change is stored here and
   * sent later (`account.pending`).
   */
  async updateAccount(id: CredentialId, change: Edited): Promise<void> {
    await this.withCredential(id, ({ id: _, ...draft }) => checked({ ...draft, ...change }));
    await this.#commit(id, this.tab.edits().update(id, change));
  }

  /** Another account with the same exchange, environment and key id or wallet; `except` is the one that is edited. */
  findDuplicate(draft: Pick<Draft, "exchange" | "environment" | "fields">, except?: CredentialId): Account | undefined {
    return this.tab.holdings().sameKey(draft, except);
  }

  /** Everywhere, if it is synced. */
  async deleteAccount(id: CredentialId): Promise<void> {
    await this.#commit(id, this.tab.edits().remove(id));
  }

  /** Shares an account with the other devices, or takes it back so that it is in this browser alone. */
  async setSynced(id: CredentialId, synced: boolean): Promise<void> {
    const edits = this.tab.edits();
    await this.#commit(id, synced ? edits.share(id) : edits.unshare(id));
  }

  /** After `pending.kind === "conflict"`: whose change stays. */
  async resolveConflict(id: CredentialId, keep: "mine" | "theirs"): Promise<void> {
    const edits = this.tab.edits();
    await this.#commit(id, keep === "mine" ? edits.insist(id) : edits.discard(id));
  }

  /** Forgets a change that the server refused. */
  async discardChange(id: CredentialId): Promise<void> {
    await this.#commit(id, this.tab.edits().discard(id));
  }

  /**
   * Lends the decrypted credential to `use`. Keep nothing of it: this is what a removal cannot take back.
   * @throws RemovedError, LockedError, NoSuchAccountError, DamagedError
   */
  async withCredential<T>(id: CredentialId, use: (credential: Credential) => T | Promise<T>): Promise<T> {
    return this.tab.holdings().lend(id, use);
  }

  // --- Devices ---

  devices(): readonly DeviceView[] {
    return this.state.devices;
  }

  async renameDevice(id: DeviceId, name: string): Promise<void> {
    await this.tab.api.renameDevice(id, name);
    await this.tab.errand("list_devices");
  }

  /** Takes a device's keys away. With `erase`, its local-only keys can never come back. */
  async remove(id: DeviceId, factor: SecondFactor, { erase = false }: { erase?: boolean } = {}): Promise<Removal> {
    const removal = await this.tab.api.removeDevice(id, { erase, ...factor });
    await this.tab.errand("list_devices");
    return removal;
  }

  async removeOthers(factor: SecondFactor): Promise<RemovedDevices> {
    return this.tab.api.removeOthers({ device: await this.#thisDevice(), ...factor });
  }

  /** Locks every device of the user at once, this one too. */
  async panic(factor: SecondFactor): Promise<RemovedDevices> {
    const removed = await this.tab.api.panic(factor);
    await this.tab.errand("list_devices");
    return removed;
  }

  async #thisDevice(): Promise<DeviceId> {
    const enrolled = await this.tab.holdings().store.fact("enrolment");
    if (!enrolled) throw new ProblemError({ code: "sync_off", detail: "Turn sync on in this browser first." });
    return enrolled.device;
  }

  #account(id: CredentialId): Account {
    const account = this.state.accounts.find((each) => each.id === id);
    if (!account) throw new NoSuchAccountError();
    return account;
  }

  /** Has an edit sent, and waits for what becomes of it while there is a connection to hear of it. */
  async #commit(id: CredentialId, edit: Promise<Entry>): Promise<void> {
    const { change } = await edit;
    await this.tab.stored([id]);
    if (!change) return;
    await this.tab.errand("send");
    await settled(this.tab, id, change.token);
  }
}

/** What a terminal and the panel build on, as a type: for views that are handed a client, and for staged ones. */
export type Client = Pick<Keyleash, keyof Keyleash>;

/** As it is to be stored. The checks are loaded only where something is typed in. */
async function checked(raw: Draft): Promise<Draft> {
  const { checkDraft } = await import("./exchanges/checks.ts");
  const { errors, draft } = checkDraft(raw);
  if (Object.keys(errors).length > 0) throw new DraftError(errors);
  return draft;
}
