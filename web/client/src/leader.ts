/**
 * The one tab of this browser that talks to the server for a user: connects, unlocks, applies, sends, and carries out
 * removals. Tells the other tabs what they need to show the same.
 *
 * There is one leader at a time (`tabs/tabs.ts`); when its tab goes, the next tab makes its own from the storage and the
 * keys that it already has.
 */

import type { Bytes } from "./bytes.ts";
import { Departures } from "./departures.ts";
import { Edits } from "./edits.ts";
import { STOPPED } from "./errors.ts";
import type { Holdings } from "./holdings.ts";
import { signHello } from "./keys/device-keys.ts";
import { openUnlock } from "./keys/unlock.ts";
import { WARNINGS_MAX } from "./limits.ts";
import type {
  ClientMessage,
  CredentialId,
  DeviceId,
  DeviceView,
  RevokeReason,
  SealedUnlock,
  ServerMessage,
  SyncPage,
  UnixMillis,
  Welcome,
} from "./protocol.gen.ts";
import type { OtherTabs } from "./removal.ts";
import { Revoking } from "./revoking.ts";
import type { Progress } from "./state.ts";
import { Connection } from "./sync/connection.ts";
import type { ConnectionState, SessionAnswer } from "./sync/connection-machine.ts";
import { Incoming } from "./sync/incoming.ts";
import { Outgoing } from "./sync/outgoing.ts";
import { Retrieval } from "./sync/retrieval.ts";
import { type Errand, NO_STATUS, type Status } from "./tabs/messages.ts";

type Hello = Extract<ClientMessage, { type: "hello" }>;

export interface LeaderSurroundings {
  readonly holdings: Holdings;
  readonly tabs: OtherTabs;
  /** What this tab knew from the leader before it. */
  readonly status: Status;
  /** Opens a socket to the server. */
  dial(): WebSocket;
  askSession(): Promise<SessionAnswer>;
  /** Whether this device shares every account by itself. */
  autoConnect(): boolean;
  /** The status or the keys changed. */
  brief(status: Status): void;
  /** The storage changed. Resolves once this tab shows it; many in a row are shown together. */
  stored(ids?: readonly CredentialId[]): Promise<void>;
  listDevices(): Promise<DeviceView[]>;
  /** A revocation was carried out. */
  revoked(reason: RevokeReason): Promise<void>;
}

export class Leader {
  readonly #edits: Edits;
  readonly #connection: Connection;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #departures: Departures;
  readonly #retrieval: Retrieval;
  readonly #revoking: Revoking;
  #status: Status;
  #welcome: Welcome | undefined;
  #caughtUp = false;
  #refs = 0;

  constructor(private readonly here: LeaderSurroundings) {
    this.#status = { ...here.status, connection: NO_STATUS.connection };
    this.#edits = new Edits(here.holdings);
    this.#connection = new Connection(here.dial, {
      greet: (nonce) => this.#greet(nonce),
      handle: (message) => this.#handle(message),
      revoke: (reason, at) => this.revoke(reason, at),
      askSession: here.askSession,
      moved: (state) => this.#moved(state),
    });
    this.#incoming = new Incoming(here.holdings, this.#edits, (warning) => {
      this.#tell({ warnings: [...this.#status.warnings, warning].slice(-WARNINGS_MAX) });
    });
    const { holdings, stored } = here;
    const edits = this.#edits;
    const send = (message: ClientMessage) => this.#connection.send(message);
    const ref = () => ++this.#refs;
    this.#outgoing = new Outgoing(holdings, edits, send, ref);
    const progress = (retrieval: Progress | undefined) => this.#tellRetrieval(retrieval);
    this.#retrieval = new Retrieval({ holdings, edits, ref, send, progress, stored });
    this.#revoking = new Revoking(here, edits, send, (nonce, device) => this.#hello(nonce, device));
    this.#departures = new Departures(this.#edits, async (ids) => {
      await here.stored(ids);
      await this.#flush();
    });
  }

  get status(): Status {
    return this.#status;
  }

  /** Connects if this browser is enrolled; the devices are shown to one that is not, too: it may be the last that is left. */
  async start(): Promise<void> {
    void this.#departures.look();
    const { store } = this.here.holdings;
    const [enrolment, receiptDue] = await Promise.all([store.fact("enrolment"), store.fact("receiptDue")]);
    if (enrolment) return this.#connection.start();
    if (receiptDue) this.#revoking.confirmLate(receiptDue);
    await this.#listDevices();
  }

  stop(): void {
    this.#connection.stop();
    this.#outgoing.reset();
    this.#retrieval.reset();
    this.#departures.stop();
  }

  /** The network came back, or somebody looks at the page again. */
  wake(): void {
    this.#connection.wake();
  }

  async run(errand: Errand): Promise<void> {
    switch (errand) {
      case "send":
        return this.#flush();
      case "connect":
        this.stop();
        return this.start();
      case "look_for_due":
        return this.#departures.look();
      case "connect_all":
        return this.#connectAll();
      case "retrieve":
        await this.#retrieval.count();
        return this.#flush();
      case "list_devices":
        // A live socket is told by itself.
        return this.#connection.state.kind === "live" ? undefined : this.#listDevices();
      case "removed":
      case "erased":
      case "panic":
        return this.revoke(errand, Date.now());
    }
  }

  /** Ends with a receipt, if there is still a socket to send it over. */
  revoke(reason: RevokeReason, at: UnixMillis): Promise<void> {
    const stop = () => {
      this.#caughtUp = false;
      this.#outgoing.reset();
      this.#retrieval.reset();
    };
    return this.#revoking.revoke({ reason, at }, stop, () => {
      this.#tellRetrieval(undefined);
      this.#tell({ devices: [] });
    });
  }

  async #greet(nonce: Bytes): Promise<Hello> {
    const enrolment = await this.here.holdings.store.fact("enrolment");
    if (!enrolment) throw new Error("not enrolled");
    return this.#hello(nonce, enrolment.device);
  }

  async #hello(nonce: Bytes, device: DeviceId): Promise<Hello> {
    const { store, lock } = this.here.holdings;
    const [keys, cursor] = await Promise.all([store.deviceKeys(), store.fact("cursor")]);
    return {
      type: "hello",
      device,
      cursor: cursor?.seq ?? 0,
      ...(cursor && { epoch: cursor.epoch }),
      signature: await signHello(keys, nonce, device),
      want_unlock: lock.ring === undefined,
      // What the user picked; with auto connect the server sends everything.
      retrieve: "picked",
    };
  }

  async #handle(message: ServerMessage): Promise<void> {
    switch (message.type) {
      case "welcome":
        return this.#welcomed(message);
      case "unlock":
        return this.#unlock(message);
      case "sync":
        return this.#sync(message);
      case "done":
        await this.#outgoing.done(message);
        void this.here.stored([message.id]);
        return;
      case "error":
        if (this.#retrieval.refused(message.ref)) return;
        await this.#outgoing.refused(message);
        void this.here.stored();
        return;
      case "devices":
        this.#tell({ devices: message.devices });
        return this.#noteName(message.devices);
      case "retrieved":
        return this.#retrieval.retrieved(message.ref);
      case "challenge":
      case "drain":
      case "revoked":
        // The connection keeps these to itself.
        return;
    }
  }

  async #welcomed(welcome: Welcome): Promise<void> {
    this.#welcome = welcome;
    const { store, lock } = this.here.holdings;
    const [cursor, enrolment] = await Promise.all([store.fact("cursor"), store.fact("enrolment")]);
    if (cursor && cursor.epoch !== welcome.epoch) await store.setCursor({ epoch: welcome.epoch, seq: 0 });
    if (welcome.state === "pending" && enrolment?.state === "verified") {
      // A server that went back to a backup wants this device to be verified again before it unlocks it.
      lock.forget("server_needed");
      await store.setEnrolment({ ...enrolment, state: "pending" });
      await this.here.stored();
    }
    const { lostAt: _, ...status } = this.#status;
    this.#status = status;
    this.#tell({ graceMs: welcome.grace_ms });
  }

  async #unlock(sealed: SealedUnlock): Promise<void> {
    const { holdings } = this.here;
    const [keys, enrolment] = await Promise.all([holdings.store.deviceKeys(), holdings.store.fact("enrolment")]);
    if (!enrolment || !this.#welcome) throw new Error("not enrolled");
    const place = { user: holdings.user, device: enrolment.device, epoch: this.#welcome.epoch };
    const ring = await openUnlock(keys, sealed, place);
    const { mailExpiresAt: _, ...rest } = enrolment;
    if (enrolment.state === "pending") await holdings.store.setEnrolment({ ...rest, state: "verified" });
    holdings.lock.unlock(ring);
    await this.#adoptLocalAccounts();
    this.#tell({});
    await this.here.stored();
  }

  async #sync(page: SyncPage): Promise<void> {
    if (!this.#welcome) return;
    const { epoch } = this.#welcome;
    const news = page.upserts.length + page.deletes.length;
    if (news > 0) await this.#outgoing.recognise(page.upserts);
    const changed = await this.#incoming.apply(page, epoch, this.#caughtUp);
    this.#connection.send({ type: "ack", seq: page.seq });
    this.#progress(page, news);
    if (page.done && !this.#caughtUp) {
      await this.#incoming.localiseOtherEpochs(epoch);
      this.#caughtUp = true;
      await this.#connectAll();
      await this.#flush();
      void this.here.stored();
    }
    if (news === 0) return;
    void this.here.stored(changed);
    await this.#retrieval.count();
  }

  #progress({ total, done }: SyncPage, news: number): void {
    const { progress, ...status } = this.#status;
    this.#status = status;
    const known = total === undefined ? progress : { received: 0, total };
    if (known && !done) this.#tell({ progress: { ...known, received: known.received + news } });
    else if (progress) this.#tell({});
  }

  /** Local-only accounts from before the enrolment go under the key that a removal takes away. */
  async #adoptLocalAccounts(): Promise<void> {
    const { holdings } = this.here;
    await this.#edits.reviseAll(
      ({ row }) => row?.home === "local" && row.under === "browser",
      async (id, entry) => {
        if (entry.row?.home !== "local") return entry;
        const plain = await holdings.openRow(id, entry.row);
        return { ...entry, row: { ...entry.row, ...(await this.#edits.localRow(id, plain)) } };
      },
    );
    await holdings.store.dropBrowserKeyIfUnused();
  }

  /** With auto connect, shares what is local and retrieves what is elsewhere. */
  async #connectAll(): Promise<void> {
    if (!this.here.autoConnect() || !this.here.holdings.lock.ring) return;
    await this.#edits.shareAll();
    await this.#edits.want("all");
    await this.#flush();
    await this.here.stored();
  }

  async #noteName(devices: readonly DeviceView[]): Promise<void> {
    const { store, stored } = this.here.holdings;
    const own = devices.find(({ id }) => id === stored.enrolment?.device);
    if (own && own.name !== (await store.fact("name"))) await store.setName(own.name);
  }

  async #listDevices(): Promise<void> {
    try {
      this.#tell({ devices: await this.here.listDevices() });
    } catch {
      // Only for showing: whatever is wrong is said by the call that matters.
    }
  }

  async #flush(): Promise<void> {
    if (!this.#caughtUp) return;
    await this.#outgoing.flush();
    await this.#retrieval.flush();
  }

  #moved(state: ConnectionState): void {
    if (state.kind !== "live") {
      this.#caughtUp = false;
      this.#outgoing.reset();
      this.#retrieval.reset();
    }
    const lost = state.kind === "waiting" || state.kind === "asking" || state.kind === "stopped";
    const lostAt = lost ? { lostAt: this.#status.lostAt ?? Date.now() } : {};
    this.#tell({ connection: shown(state), ...lostAt });
  }

  #tellRetrieval(now: Progress | undefined): void {
    const { retrieval, ...status } = this.#status;
    if (!retrieval && !now) return;
    this.#status = status;
    this.#tell(now ? { retrieval: now } : {});
  }

  #tell(news: Partial<Status>): void {
    this.#status = { ...this.#status, ...news };
    this.here.brief(this.#status);
  }
}

function shown(state: ConnectionState): Status["connection"] {
  switch (state.kind) {
    case "offline":
    case "parting":
      return { kind: "offline" };
    case "live":
      return { kind: "live" };
    case "connecting":
    case "greeting":
    case "asking":
      return { kind: "connecting" };
    case "waiting":
      return { kind: "reconnecting", nextTryAt: state.until };
    case "stopped":
      return { kind: "stopped", why: state.why, detail: STOPPED[state.why] };
  }
}
