/**
 * Settings > Accounts > ACCOUNTS: every account that opens in this browser, those that are elsewhere, and what is done with
 * them, one by one or many at once.
 *
 * Owns what is searched for, selected and open. What is true about the accounts is the client's; a row is drawn anew only
 * when something about it changed.
 */

import type { Account, CredentialId } from "@keyleash/client";
import { css, html, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { failureOf } from "../failure.ts";
import { LiveElement } from "../live.ts";
import type { Texts } from "../texts/texts.ts";
import { controls } from "../theme.ts";
import "../toast.ts";
import "./account-detail.ts";
import "./account-form.ts";
import { accountRow, type RowActions, rowStyles } from "./account-row.ts";
import "./auto-connect.ts";
import { bulkBar, bulkStyles } from "./bulk-bar.ts";
import { SelfClearingClipboard } from "./clipboard.ts";
import { Growing } from "./growing.ts";
import { Holders } from "./holders.ts";
import { type Filter, type Item, type Listed, Listing, type Order, type Wanted } from "./listing.ts";
import { markStyles } from "./marks.ts";
import { allToggled, NOTHING_SELECTED, pruned, type Selection, toggled } from "./selection.ts";
import { decisionsBanner, elsewhereBanner, emptyView, retrievalBar, sealedView, stateStyles } from "./states.ts";
import { toolbar, toolbarStyles } from "./toolbar.ts";

/** Long enough to notice a slip, short enough that the account is gone when one looks for it elsewhere. */
const UNDO_MS = 10_000;

@customElement("keyleash-accounts")
export class AccountsView extends LiveElement {
  static override styles = [
    controls,
    markStyles,
    rowStyles,
    toolbarStyles,
    bulkStyles,
    stateStyles,
    css`
      :host { container-type: inline-size; }
      .ledger { border-block-end: 1px solid var(--line); }
      .toasts { position: sticky; bottom: 12px; z-index: 2; display: grid; gap: 8px; max-width: 34rem; margin-inline: auto; width: 100%; }
    `,
  ];

  @property({ attribute: false }) openSync!: () => void;
  @state() private adding = false;
  @state() private discarding = false;
  @state() private opened: CredentialId | undefined;
  @state() private query = "";
  @state() private filter: Filter = "all";
  @state() private order: Order = "label";
  @state() private selection: Selection = NOTHING_SELECTED;
  @state() private busyWith: ReadonlySet<CredentialId> = new Set();

  readonly #clipboard = new SelfClearingClipboard(() => this.requestUpdate());
  readonly #holders = new Holders(this, () => this.client);
  readonly #growing = new Growing<CredentialId>(this);
  #listing: { readonly texts: Texts; readonly listing: Listing } | undefined;
  #listed: Listed = { items: [], counts: { all: 0, synced: 0, local: 0, elsewhere: 0, warnings: 0, conflicts: 0 } };

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.#listed = this.#list({ query: this.query, filter: this.filter, order: this.order });
    if (this.filter !== "all" && this.#listed.counts[this.filter] === 0) {
      this.filter = "all";
      this.#listed = this.#list({ query: this.query, filter: "all", order: this.order });
    }
    const { accounts, elsewhere } = this.snapshot;
    if (this.selection.ids.size > 0) {
      const there = new Set(
        [...accounts, ...elsewhere].filter(({ pending }) => pending?.kind !== "deleting").map(({ id }) => id),
      );
      this.selection = pruned(this.selection, (id) => there.has(id));
    }
  }

  override render() {
    const { snapshot, texts } = this;
    const { items, counts } = this.#listed;
    const isEmpty = counts.all === 0;
    return html`
      <div class="stack" @keydown=${this.#keys}>
        <keyleash-auto-connect .client=${this.client} .openSync=${this.openSync}></keyleash-auto-connect>
        <div class="row spread">
          <h3>${texts.accounts.title} ${isEmpty ? nothing : html`<span class="muted">${counts.all}</span>`}</h3>
          <button class="primary add" ?hidden=${this.adding} ?disabled=${snapshot.lock.kind === "locked"} @click=${() => this.#add()}>${texts.accounts.add}</button>
        </div>
        ${this.adding ? html`<keyleash-account-form .client=${this.client} .close=${this.#added}></keyleash-account-form>` : nothing}
        ${this.failureView()}
        ${this.#sealed()}
        ${retrievalBar(texts, snapshot)}
        ${elsewhereBanner(texts, snapshot, () => void this.attempt(() => this.client.retrieveAll()))}
        ${decisionsBanner(texts, this.filter === "conflicts" ? 0 : counts.conflicts, () => this.#decide())}
        ${isEmpty && snapshot.sealedAccounts === 0 && !this.adding ? emptyView(texts) : nothing}
        ${isEmpty ? nothing : this.#list_(items, counts)}
        ${this.#toasts()}
        <div class="unseen" role="status">${this.#announcement()}</div>
      </div>
    `;
  }

  #list_(items: readonly Item[], counts: Listed["counts"]) {
    const { texts, selection, snapshot } = this;
    const inView = items.map(({ id }) => id);
    const { accounts } = texts;
    const selected = this.#listed.items.filter(({ id }) => selection.ids.has(id));
    return html`
      <div class="ledger">
        ${toolbar(texts, {
          ...{ query: this.query, filter: this.filter, order: this.order, counts },
          search: (query) => {
            this.query = query;
          },
          show: (filter) => {
            this.filter = filter;
          },
          sort: (order) => {
            this.order = order;
          },
        })}
        ${bulkBar(texts, {
          ...{ snapshot, selection, inView, selected: [...selected], shown: items.length },
          selectAll: () => {
            this.selection = allToggled(selection, inView);
          },
          clear: () => {
            this.selection = NOTHING_SELECTED;
          },
          setSynced: (ids, on) => void this.#many(() => this.client.setSyncedMany(ids, on)),
          retrieve: (ids) => void this.#many(() => this.client.retrieve(ids)),
          delete: (ids) => void this.#many(() => this.client.deleteMany(ids, { undoMs: UNDO_MS })),
        })}
        ${
          items.length === 0
            ? html`<p class="nothing muted">${accounts.noneFound(this.query)}</p>`
            : html`
          <ul class="rows" aria-label=${accounts.title}>
            ${repeat(
              items.slice(0, this.#growing.upTo(inView)),
              ({ id }) => id,
              (item) => html`<li>${this.#row(item)}</li>`,
            )}
          </ul>`
        }
      </div>
    `;
  }

  #row(item: Item) {
    const { texts, snapshot, selection } = this;
    const open = this.opened === item.id;
    const state = {
      open,
      selected: selection.ids.has(item.id),
      busy: this.busyWith.has(item.id),
      canSync: snapshot.sync.kind === "verified" && snapshot.lock.kind !== "locked",
      heldBy: this.#holders.of(item.id),
    };
    const line = guard([texts, item, state.open, state.selected, state.busy, state.canSync, state.heldBy], () =>
      accountRow(texts, item, state, this.#actions),
    );
    return open ? html`${line}${this.#detail(item, state.heldBy)}` : line;
  }

  #detail(item: Item, heldBy: readonly string[] | undefined) {
    if (item.place === "elsewhere") {
      const { elsewhere } = this.texts.accounts;
      return html`
        <div class="apart stack" id="detail-${item.id}">
          <p class="muted">${elsewhere.explained}${heldBy ? ` ${elsewhere.heldBy(heldBy.join(", "))}` : ""}</p>
          <div class="row"><button class="small danger" aria-label=${this.texts.accounts.detail.deleteOf(item.account.label)} @click=${() => this.#delete(item)}>${this.texts.accounts.detail.delete}</button></div>
        </div>
      `;
    }
    return html`
      <keyleash-account-detail
        id="detail-${item.id}" .client=${this.client} .item=${item} .heldBy=${heldBy} .copy=${this.#copy} .delete=${() => this.#delete(item)}
        .close=${() => this.#open(item)}
      ></keyleash-account-detail>
    `;
  }

  #sealed() {
    return sealedView(this.texts, this.snapshot, {
      ...{ busy: this.busy, asking: this.discarding },
      ask: (asking) => {
        this.discarding = asking;
      },
      discard: () =>
        void this.attempt(() => this.client.discardSealed()).then(() => {
          this.discarding = false;
        }),
    });
  }

  // --- What is asked for ---

  readonly #actions: RowActions = {
    open: (item) => this.#open(item),
    select: ({ id }, range) => {
      this.selection = toggled(this.selection, id, { range, inView: this.#listed.items.map((item) => item.id) });
    },
    setSynced: ({ id }, on) => void this.#with(id, () => this.client.setSynced(id, on)),
    retrieve: ({ id }) => void this.#with(id, () => this.client.retrieve([id])),
  };

  #open({ id }: Item) {
    this.opened = this.opened === id ? undefined : id;
    if (this.opened) this.#holders.look();
    void this.#focusRow(id);
  }

  #decide() {
    this.query = "";
    this.filter = "conflicts";
    this.opened = this.#list({ query: "", filter: "conflicts", order: this.order }).items[0]?.id;
    void this.#focusRow(this.opened);
  }

  #copy = async (text: string, what: string) => {
    await this.#clipboard.copy(text, what);
  };

  #delete({ id }: Item) {
    const at = this.#listed.items.findIndex((item) => item.id === id);
    const next = this.#listed.items[at + 1] ?? this.#listed.items[at - 1];
    void this.#with(id, () => this.client.deleteAccount(id, { undoMs: UNDO_MS })).then((went) => {
      if (went) void (next ? this.#focusRow(next.id) : this.#focus(".add"));
    });
  }

  async #with(id: CredentialId, work: () => Promise<unknown>): Promise<boolean> {
    this.busyWith = new Set([...this.busyWith, id]);
    try {
      return await this.attempt(work);
    } finally {
      this.busyWith = new Set([...this.busyWith].filter((each) => each !== id));
    }
  }

  /** What could not be done for some of many is said in one sentence; those stay selected. */
  async #many(work: () => Promise<unknown>): Promise<void> {
    this.selection = NOTHING_SELECTED;
    await this.attempt(async () => {
      const outcome = await work();
      const failed = isOutcome(outcome) ? outcome.failed : [];
      if (failed.length === 0) return;
      this.selection = { ids: new Set(failed.map(({ id }) => id)) };
      throw new Error(this.texts.accounts.bulk.failed(failed.length, failureOf(failed[0]?.error, this.texts).message));
    });
  }

  #add() {
    this.opened = undefined;
    this.adding = true;
  }

  #added = (stored?: CredentialId) => {
    this.adding = false;
    if (stored) {
      // What was just stored is to be seen, whatever was looked for before.
      this.query = "";
      this.filter = "all";
    }
    void (stored ? this.#focusRow(stored) : this.#focus(".add"));
  };

  // --- Messages ---

  #toasts() {
    const { accounts } = this.texts;
    const { copied } = this.#clipboard;
    const going = this.#going();
    const until = Math.max(...going.map(({ pending }) => (pending?.kind === "deleting" ? pending.until : 0)));
    const undo = () =>
      void this.attempt(() => this.client.undoDelete(going.map(({ id }) => id))).then(() =>
        this.#focusRow(going[0]?.id),
      );
    if (!copied && going.length === 0) return nothing;
    return html`<div class="toasts">
      ${copied ? html`<keyleash-toast message=${accounts.copied(copied.what)} .until=${copied.until} action=${accounts.clearNow} .act=${() => void this.#clipboard.clear()}></keyleash-toast>` : nothing}
      ${going.length > 0 ? html`<keyleash-toast message=${accounts.deleted(going.length, going[0]?.label ?? "")} .until=${until} action=${accounts.undo} .act=${undo}></keyleash-toast>` : nothing}
    </div>`;
  }

  /** Said once, without the countdown. */
  #announcement(): string {
    const { accounts } = this.texts;
    const going = this.#going();
    if (going.length > 0) return `${accounts.deleted(going.length, going[0]?.label ?? "")} ${accounts.undoIsPossible}`;
    const { copied } = this.#clipboard;
    return copied ? accounts.copied(copied.what) : "";
  }

  #going(): readonly Pick<Account, "id" | "label" | "pending">[] {
    const { accounts, elsewhere } = this.snapshot;
    return [...accounts, ...elsewhere].filter(({ pending }) => pending?.kind === "deleting");
  }

  // --- The list ---

  #list(wanted: Wanted): Listed {
    const { texts, snapshot } = this;
    if (this.#listing?.texts !== texts) this.#listing = { texts, listing: new Listing(texts) };
    return this.#listing.listing.list(snapshot, wanted, Date.now());
  }

  #keys(event: KeyboardEvent) {
    const target = event.composedPath()[0];
    if (target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select")) return;
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      void this.#focus("input[type=search]");
    }
    if (event.key === "Escape" && this.selection.ids.size > 0) this.selection = NOTHING_SELECTED;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || !(target instanceof HTMLElement) || !target.dataset.row) return;
    const at = this.#listed.items.findIndex(({ id }) => id === target.dataset.row);
    const next = this.#listed.items[at + step];
    if (!next) return;
    event.preventDefault();
    void this.#focusRow(next.id);
  }

  async #focusRow(id: CredentialId | undefined): Promise<void> {
    if (id !== undefined) await this.#focus(`[data-row="${id}"]`);
  }

  async #focus(selector: string): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(selector)?.focus();
  }
}

function isOutcome(value: unknown): value is { failed: readonly { id: CredentialId; error: Error }[] } {
  return typeof value === "object" && value !== null && "failed" in value;
}
