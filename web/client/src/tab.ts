/**
 * One tab of this browser: who is logged in, what it holds, what the tab that leads told it, and, if that is this tab, the
 * leader itself. Brings them together into the snapshot that a terminal sees.
 *
 * Must never decide what becomes of a credential (`sync/versions.ts`) or of the connection (`sync/connection-machine.ts`).
 */

import type { Api } from "./api.ts";
import { Edits } from "./edits.ts";
import { LockedError, RemovedError, SignedOutError, STOPPED } from "./errors.ts";
import { Listeners } from "./events.ts";
import { Holdings } from "./holdings.ts";
import { KeyRing } from "./keys/key-ring.ts";
import type { Leader } from "./leader.ts";
import { Login } from "./login.ts";
import type { CredentialId, UserId } from "./protocol.gen.ts";
import { forget, type Revocation } from "./removal.ts";
import { compose } from "./snapshot.ts";
import type { Bulk, RemovalReason, Snapshot } from "./state.ts";
import type { ChangeState } from "./store/records.ts";
import { backoffMs } from "./sync/backoff.ts";
import { Forgetting } from "./tabs/forgetting.ts";
import { type Errand, NO_STATUS, type Status, type TabMessage } from "./tabs/messages.ts";
import { Tabs } from "./tabs/tabs.ts";
import type { Identity } from "./vendor-login.ts";

export class Tab {
  readonly login: Login;
  readonly #tabs: Tabs<TabMessage>;
  readonly listeners = new Listeners();
  readonly #closing = new AbortController();
  readonly #forgetting: Forgetting;
  #holdings: Holdings | undefined;
  #holding: Promise<void> = Promise.resolve();
  #leading = false;
  #leader: Leader | undefined;
  /** While the leader is being made, and what it is made of is being loaded. */
  #making: Promise<void> = Promise.resolve();
  #status: Status = NO_STATUS;
  #enrolling = false;
  #bulk: Bulk | undefined;
  #snapshot: Snapshot;
  #renderDue = false;

  constructor(
    readonly server: string,
    identity: Identity | undefined,
  ) {
    this.login = new Login(server, identity, {
      hold: (user) => this.#hold(user),
      entered: async () => this.#leader?.start(),
      left: () => {
        this.#leader?.stop();
        this.#holdings?.forget("signed_out");
      },
      tell: (me) => this.#tabs.post({ type: "session", ...(me && { me }) }),
      removed: (reason) => this.#removed(reason),
      changed: () => this.#render(),
    });
    this.#snapshot = this.#composed();
    this.#tabs = new Tabs(server, {
      heard: (message, from) => void this.#heard(message, from),
      lead: () => this.#lead(),
    });
    this.#forgetting = new Forgetting(this.#tabs);
    const { signal } = this.#closing;
    const wake = () => document.visibilityState === "visible" && this.#leader?.wake();
    addEventListener("online", () => this.#leader?.wake(), { signal });
    document.addEventListener("visibilitychange", wake, { signal });
  }

  get state(): Snapshot {
    return this.#snapshot;
  }

  /** Resolves once it is known who is logged in, or that the server does not answer. */
  async begin(): Promise<void> {
    await this.login.recall();
    this.#tabs.post({ type: "join" });
    await this.login.ask();
    void this.#askUntilAnswered();
    this.#render();
  }

  close(): void {
    this.#closing.abort();
    this.#leader?.stop();
    this.#leader = undefined;
    this.#holdings?.close();
    this.#holdings = undefined;
    this.login.close();
    this.#tabs.leave();
    this.listeners.clear();
  }

  get api(): Api {
    return this.login.api;
  }

  /** @throws SignedOutError, or RemovedError if that is why */
  holdings(): Holdings {
    const holdings = this.#holdings;
    const { session } = this.login;
    if (session.kind === "in" && holdings) return holdings;
    const removal = holdings?.removal;
    if (removal) throw new RemovedError(removal.reason);
    throw session.kind === "unknown" ? new LockedError("server_needed") : new SignedOutError();
  }

  edits(): Edits {
    return new Edits(this.holdings());
  }

  /** Shows `enrolling` while `work` runs. */
  async enrolling(work: () => Promise<void>): Promise<void> {
    this.#enrolling = true;
    this.#render();
    try {
      await work();
    } finally {
      this.#enrolling = false;
      this.#render();
    }
  }

  /** How far a change to many accounts is, while one is being made from this tab. */
  showBulk(bulk: Bulk | undefined): void {
    this.#bulk = bulk;
    this.#render();
  }

  /** What became of the change that was made with this token; `undefined` once it is settled or replaced. */
  changeState(id: CredentialId, token: string): ChangeState | undefined {
    const change = this.#holdings?.stored.entries.get(id)?.change;
    return change?.token === token ? change.state : undefined;
  }

  // --- Between the tabs ---

  /** To be called after each write to the storage: of these entries, or of anything. */
  async stored(ids?: readonly CredentialId[]): Promise<void> {
    if (!this.#holdings) return;
    this.#tabs.post({ type: "stored", user: this.#holdings.user, ...(ids && { ids }) });
    await this.#holdings.reload(ids);
  }

  /** Has the leader do something, whichever tab that is. */
  async errand(errand: Errand): Promise<void> {
    await this.#making;
    if (!this.#holdings) return;
    if (this.#leader) await this.#leader.run(errand);
    else this.#tabs.post({ type: "errand", user: this.#holdings.user, errand });
  }

  async #heard(message: TabMessage, from: string): Promise<void> {
    if ("user" in message && message.user !== this.#holdings?.user && message.type !== "forget") return;
    switch (message.type) {
      case "join":
        return this.#leader && this.#brief(this.#leader.status);
      case "brief":
        return this.#briefed(message);
      case "stored":
        return this.#holdings?.reload(message.ids);
      case "session":
        return this.login.heard(message.me);
      case "errand":
        await this.#making;
        return this.#leader?.run(message.errand);
      case "forget":
        if (message.user === this.#holdings?.user) this.#forget(message.revocation);
        return this.#tabs.post({ type: "forgotten" });
      case "forgotten":
        this.#forgetting.confirmed(from);
    }
  }

  async #briefed({ status, keys }: Extract<TabMessage, { type: "brief" }>): Promise<void> {
    const holdings = this.#holdings;
    if (!holdings || this.#leader) return;
    if (keys && !holdings.lock.ring) {
      holdings.lock.unlock(new KeyRing(holdings.user, keys));
      void holdings.reload();
    }
    this.#adoptStatus(status);
  }

  #adoptStatus(status: Status): void {
    this.#status = status;
    if (status.lostAt === undefined) this.#holdings?.lock.serverIsBack();
    else this.#holdings?.lock.serverIsAway(status.lostAt, status.graceMs);
    this.#render();
  }

  /** Of the leader's tab: tells the others how things are. */
  #brief(status: Status): void {
    const holdings = this.#holdings;
    if (!holdings) return;
    this.#adoptStatus(status);
    // A page that is opened while the server is away stays locked: the grace time is for those that were unlocked before.
    const keys = status.lostAt === undefined ? holdings.lock.ring?.keys : undefined;
    this.#tabs.post({ type: "brief", user: holdings.user, status, ...(keys && { keys }) });
  }

  #forget(revocation: Revocation): void {
    if (this.#holdings) forget(this.#holdings, revocation);
    this.#status = { ...this.#status, devices: [] };
    this.#renderNow();
  }

  #lead(): void {
    this.#leading = true;
    this.#makeLeader();
  }

  /** Sync and its cryptography are loaded beside the page, which does not wait for them to show what it has. */
  #makeLeader(): void {
    this.#making = this.#made().catch((cause: unknown) => {
      console.error("keyleash: sync could not be loaded.", cause);
      // A newer version has taken the place of this page's files.
      this.#adoptStatus({
        ...this.#status,
        connection: { kind: "stopped", why: "outdated", detail: STOPPED.outdated },
      });
    });
  }

  async #made(): Promise<void> {
    const holdings = this.#holdings;
    if (!this.#leading || !holdings || this.#leader) return;
    const { Leader } = await import("./leader.ts");
    if (this.#holdings !== holdings || this.#leader) return;
    this.#leader = new Leader({
      holdings,
      tabs: {
        forget: (revocation, ms) => {
          this.#renderNow();
          return this.#forgetting.everywhere(holdings.user, revocation, ms);
        },
      },
      dial: () => this.api.socket(),
      status: this.#status,
      askSession: () => this.login.ask(),
      autoConnect: () => this.login.session.kind === "in" && this.login.session.me.auto_connect,
      brief: (status) => this.#brief(status),
      stored: (ids) => this.stored(ids),
      listDevices: async () => (await this.api.devices()).devices,
      revoked: (reason) => this.login.revoked(reason),
    });
    if (this.login.session.kind === "in") await this.#leader.start();
  }

  /** Heard over HTTP; over the socket the leader hears it by itself. */
  async #removed(reason: RemovalReason): Promise<void> {
    if (!this.#holdings || this.#holdings.removal) return;
    this.#forget({ reason, at: Date.now() });
    await this.errand(reason);
  }

  /** Opens what this browser holds of `user`, and lets go of another user's. One after another: calls may overlap. */
  #hold(user: UserId): Promise<void> {
    this.#holding = this.#holding.catch(() => {}).then(() => this.#switchTo(user));
    return this.#holding;
  }

  async #switchTo(user: UserId): Promise<void> {
    if (this.#holdings?.user === user) return;
    this.#leader?.stop();
    this.#leader = undefined;
    this.#holdings?.close();
    this.#status = NO_STATUS;
    this.#holdings = await Holdings.open(user, () => this.#render());
    this.#makeLeader();
  }

  /** A page that was opened without the server, in a browser that has no socket to notice its return. */
  async #askUntilAnswered(): Promise<void> {
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      const { session } = this.login;
      if (session.kind !== "unknown" && !(session.kind === "in" && !session.confirmed)) return;
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, Math.random())));
      await this.login.ask();
    }
  }

  // --- What a terminal sees ---

  #render(): void {
    if (this.#renderDue) return;
    this.#renderDue = true;
    queueMicrotask(() => this.#renderNow());
  }

  #renderNow(): void {
    this.#renderDue = false;
    const before = this.#snapshot;
    this.#snapshot = this.#composed();
    this.listeners.tell(before, this.#snapshot);
  }

  #composed(): Snapshot {
    return compose({
      session: this.login.session,
      holdings: this.#holdings,
      status: this.#status,
      enrolling: this.#enrolling,
      bulk: this.#bulk,
    });
  }
}
