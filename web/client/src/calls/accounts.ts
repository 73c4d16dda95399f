/** The calls about exchange accounts: stored in this browser first, and sent when there is a connection. */

import { type Edited, edited } from "../edits.ts";
import { DraftError, NoSuchAccountError } from "../errors.ts";
import type { CredentialId } from "../protocol.gen.ts";
import { settled } from "../settled.ts";
import type { Account, Conflict, Credential, Draft, ManyOutcome } from "../state.ts";
import type { Entry } from "../store/records.ts";
import { DeviceCalls } from "./devices.ts";
import { changeMany } from "./many.ts";

export interface DeleteOptions {
  /** For how long it can be taken back, milliseconds; left out or 0: not at all. */
  readonly undoMs?: number;
}

export class AccountCalls extends DeviceCalls {
  accounts(): readonly Account[] {
    return this.tab.state.accounts;
  }

  /**
   * Stores it in this browser, encrypted; with auto connect it is shared too.
   * @throws DraftError, LockedError, SignedOutError
   */
  async addAccount(raw: Draft): Promise<Account> {
    const draft = await checked(raw);
    const edits = this.tab.edits();
    const id = await edits.add(draft);
    if (this.tab.login.me.auto_connect && this.tab.state.sync.kind === "verified") await edits.share(id);
    await this.tab.stored([id]);
    await this.tab.errand("send");
    return this.#account(id);
  }

  /**
   * Changes what is given; of `fields` only those that are named, and one that is named as "" goes. Online, resolves once the
   * server committed it; without a connection the change is stored here and sent later (`account.pending`).
   * @throws DraftError
   */
  async updateAccount(id: CredentialId, change: Edited): Promise<void> {
    const edited = await this.withCredential(id, ({ id: _, ...stored }) => checkedEdit(stored, change));
    await this.#commit(id, this.tab.edits().update(id, edited));
  }

  /** Another account with the same exchange, environment and key id or wallet; `except` is the one that is edited. */
  findDuplicate(draft: Pick<Draft, "exchange" | "environment" | "fields">, except?: CredentialId): Account | undefined {
    return this.tab.holdings().sameKey(draft, except);
  }

  /**
   * Everywhere, if it is synced. With `undoMs` only after that time, until when {@link undoDelete} takes it back; it is kept
   * in this browser's storage meanwhile, and carried out though this page is closed.
   */
  async deleteAccount(id: CredentialId, { undoMs = 0 }: DeleteOptions = {}): Promise<void> {
    const edits = this.tab.edits();
    if (undoMs <= 0) return this.#commit(id, edits.remove(id));
    await edits.removeLater(id, Date.now() + undoMs);
    await this.tab.stored([id]);
    await this.tab.errand("look_for_due");
  }

  /** Resolves to how many of them are kept: those that were not gone yet. */
  async undoDelete(ids: CredentialId | readonly CredentialId[]): Promise<number> {
    const edits = this.tab.edits();
    const all = typeof ids === "string" ? [ids] : ids;
    const kept = await Promise.all(all.map((id) => edits.keep(id)));
    await this.tab.stored(all);
    return kept.filter(Boolean).length;
  }

  /** Shares an account with the other devices, or takes it back so that it is in this browser alone. */
  async setSynced(id: CredentialId, synced: boolean): Promise<void> {
    const edits = this.tab.edits();
    await this.#commit(id, synced ? edits.share(id) : edits.unshare(id));
  }

  /** As {@link setSynced}, for many; how far it is stands in `state.bulk`. */
  setSyncedMany(ids: readonly CredentialId[], synced: boolean): Promise<ManyOutcome> {
    const edits = this.tab.edits();
    if (synced) return changeMany(this.tab, "share", ids, (id) => edits.share(id));
    return changeMany(this.tab, "unshare", ids, (id) => edits.unshare(id));
  }

  /** As {@link deleteAccount}, for many. */
  async deleteMany(ids: readonly CredentialId[], { undoMs = 0 }: DeleteOptions = {}): Promise<ManyOutcome> {
    const edits = this.tab.edits();
    if (undoMs <= 0) return changeMany(this.tab, "delete", ids, (id) => edits.remove(id));
    const until = Date.now() + undoMs;
    const outcome = await changeMany(this.tab, "delete", ids, (id) => edits.removeLater(id, until));
    await this.tab.errand("look_for_due");
    return outcome;
  }

  /** Lends both sides of a conflict to `use`, to be shown beside each other. Keep nothing of them. */
  async withConflict<T>(id: CredentialId, use: (conflict: Conflict) => T | Promise<T>): Promise<T> {
    return this.tab.holdings().lendConflict(id, use);
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

  /**
   * Forgets the accounts whose key is gone for good: those that a removal locked, or that were left from before one when the
   * device came back too late to get its key again. Resolves to how many there were.
   * @throws LockedError while they are only locked, and open again later
   */
  async discardSealed(): Promise<number> {
    const discarded = await this.tab.edits().discardSealed();
    await this.tab.stored(discarded);
    return discarded.length;
  }

  /**
   * Brings accounts from elsewhere here. Resolves once that is noted in this browser's storage: it goes on from there, in
   * whichever tab is left, and how far it is stands in `state.retrieval`.
   */
  retrieve(ids: readonly CredentialId[]): Promise<void> {
    return this.#want(ids);
  }

  retrieveAll(): Promise<void> {
    return this.#want("all");
  }

  /** Shares every account of this browser and retrieves every one from elsewhere, now and as they are added. */
  async setAutoConnect(on: boolean): Promise<void> {
    await this.tab.login.signedIn(await this.tab.api.setSync({ auto_connect: on }));
    if (on) await this.tab.errand("connect_all");
  }

  async #want(ids: readonly CredentialId[] | "all"): Promise<void> {
    await this.tab.stored(await this.tab.edits().want(ids));
    await this.tab.errand("retrieve");
  }

  #account(id: CredentialId): Account {
    const account = this.tab.state.accounts.find((each) => each.id === id);
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

/** As it is to be stored. The checks are loaded only where something is typed in. */
async function checked(raw: Draft): Promise<Draft> {
  const { checkDraft } = await import("../exchanges/checks.ts");
  const { errors, draft } = checkDraft(raw);
  if (Object.keys(errors).length > 0) throw new DraftError(errors);
  return draft;
}

/** What was changed, as it is to be stored, if it goes with what is stored. */
async function checkedEdit(stored: Draft, change: Edited): Promise<Edited> {
  const { label, environment, fields } = await checked(edited(stored, change));
  const named = Object.keys(change.fields ?? {}).map((name) => [name, fields[name] ?? ""]);
  return { label, environment, ...(change.fields && { fields: Object.fromEntries(named) }) };
}
