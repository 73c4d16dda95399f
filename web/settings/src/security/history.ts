/** The security log in words: grouped by day, filtered by kind and by text, and exported as a whole. */

import type { EventView } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { download, today } from "../download.ts";
import { LiveElement } from "../live.ts";
import { controls } from "../theme.ts";
import { dayName, moment, timeOfDay } from "../words.ts";
import { byDay, type Day, type Entry, type EventGroup, entryOf, kindsOf, logAsCsv, logAsJson, matches } from "./log.ts";

/** Entries that are shown at first, and added by "Show more". */
const PAGE_SIZE = 30;
/** As many as the server gives at a time, for searching and exporting. */
const BULK_PAGE_SIZE = 200;
/** A search that finds nothing reads this many entries before it asks whether to go on. */
const SEARCH_DEPTH = 1000;

const GROUPS = ["all", "devices", "keys", "logins", "security"] as const satisfies readonly (EventGroup | "all")[];
type Shown = (typeof GROUPS)[number];

@customElement("keyleash-history")
export class HistoryView extends LiveElement {
  static override styles = [
    controls,
    css`
      .tools { display: flex; flex-wrap: wrap; gap: var(--space-3); align-items: end; }
      .chips { display: flex; flex-wrap: wrap; gap: 6px; }
      .chip { display: inline-flex; align-items: center; min-height: 32px; padding: 4px 12px; border: 1px solid var(--line-strong); border-radius: 99px; font-size: var(--font-size-s); font-weight: 500; cursor: pointer; }
      .chip:has(:checked) { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
      .chip:has(:focus-visible) { outline: var(--focus); outline-offset: 2px; }
      .search { flex: 1 1 14rem; }
      h4 { margin: 0; font-size: var(--font-size-s); color: var(--muted); font-weight: 600; padding-top: var(--space-2); }
      .entry { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 var(--space-4); }
      .entry p { overflow-wrap: anywhere; }
      .state { min-height: 1.5em; }
      @media (pointer: coarse) { .chip { min-height: 44px; } }
    `,
  ];

  @state() private events: readonly EventView[] | undefined;
  /** All of the kind that is chosen are here. */
  @state() private complete = false;
  @state() private shown: Shown = "all";
  @state() private search = "";
  /** While the log is being collected: how many entries so far. */
  @state() private collecting: { readonly what: "search" | "export"; readonly count: number } | undefined;
  @state() private exported: number | undefined;

  /** Ends what is under way when something else is asked for. */
  #abort = new AbortController();

  override firstUpdated(): void {
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#abort.abort();
  }

  override render() {
    const texts = this.texts.log;
    return html`
      <section class="stack" aria-label=${texts.listLabel}>
        <div class="row spread">
          <h3>${texts.title}</h3>
          <div class="row">
            <button class="small" ?disabled=${this.collecting} @click=${() => this.#export("csv")}>${texts.exportCsv}</button>
            <button class="small" ?disabled=${this.collecting} @click=${() => this.#export("json")}>${texts.exportJson}</button>
          </div>
        </div>
        <div class="tools">
          <fieldset class="chips">
            <legend class="unseen">${texts.filter}</legend>
            ${GROUPS.map(
              (group) => html`
              <label class="chip"><input class="unseen" type="radio" name="group" .checked=${this.shown === group} @change=${() => this.#show(group)} />${texts.groups[group]}</label>`,
            )}
          </fieldset>
          <input class="search" type="search" aria-label=${texts.search} placeholder=${texts.searchPlaceholder} .value=${this.search} @input=${this.#searched} />
        </div>
        ${this.failureView()} ${this.#list()}
      </section>
    `;
  }

  #list() {
    const texts = this.texts.log;
    if (!this.events) return this.failure ? this.#again() : html`<p class="muted">${this.texts.words.loading}</p>`;
    const found = this.#found();
    return html`
      ${byDay(found).map((day) => this.#day(day))}
      <div class="row state">
        <span class="muted small" role="status">${this.#state(found.length)}</span>
        ${this.collecting ? html`<button class="small" @click=${this.#stop}>${texts.stop}</button>` : nothing}
        ${this.complete || this.collecting ? nothing : html`<button ?disabled=${this.busy} @click=${() => this.#load()}>${texts.more}</button>`}
      </div>
    `;
  }

  #again() {
    return html`<div><button @click=${() => this.#load()}>${this.texts.words.tryAgain}</button></div>`;
  }

  #day({ start, entries }: Day) {
    const name = dayName(start, this.texts);
    return html`
      <div>
        <h4>${name}</h4>
        <ul class="list" aria-label=${name}>
          ${repeat(
            entries,
            ({ event }) => event.id,
            ({ event, title, about }) => html`
            <li class="entry" data-kind=${event.kind}>
              <div>
                <p>${title}</p>
                ${about ? html`<p class="muted small">${about}</p>` : nothing}
              </div>
              <time class="muted small nowrap" datetime=${new Date(event.at).toISOString()} title=${moment(event.at, this.texts)}>${timeOfDay(event.at, this.texts)}</time>
            </li>`,
          )}
        </ul>
      </div>
    `;
  }

  #state(found: number): string {
    const texts = this.texts.log;
    const read = this.events?.length ?? 0;
    if (this.collecting?.what === "export") return texts.exporting(this.collecting.count);
    if (this.collecting) return texts.searching(read);
    if (this.exported !== undefined) return texts.exported(this.exported);
    if (found > 0) return texts.shown(found);
    if (!this.#isSearched) return texts.nothing;
    return this.complete ? texts.noMatch : texts.searchFurther(read);
  }

  #found(): readonly Entry[] {
    const entries = (this.events ?? []).map((event) => entryOf(event, this.snapshot, this.texts));
    return this.#isSearched ? entries.filter((entry) => matches(entry, this.search)) : entries;
  }

  get #isSearched(): boolean {
    return this.search.trim() !== "";
  }

  #show(group: Shown) {
    this.shown = group;
    this.events = undefined;
    this.complete = false;
    this.#restart();
    void this.#load();
  }

  #searched = (event: Event) => {
    this.search = (event.currentTarget as HTMLInputElement).value;
    this.#restart();
    if (this.#isSearched) void this.#load();
  };

  /** What was under way is for something that is not asked for any more. */
  #restart() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.collecting = undefined;
    this.exported = undefined;
  }

  #stop = () => this.#restart();

  /**
   * Reads on until there is a page more to show. With a search that may take many pages: `depth` bounds how many entries are
   * read before the reader is asked.
   */
  async #load(depth = SEARCH_DEPTH): Promise<void> {
    const { signal } = this.#abort;
    const searching = this.#isSearched;
    const enough = this.#found().length + PAGE_SIZE;
    const end = (this.events?.length ?? 0) + depth;
    this.exported = undefined;
    await this.attempt(async () => {
      do {
        const known = this.events ?? [];
        const limit = searching ? BULK_PAGE_SIZE : PAGE_SIZE;
        const page = await this.#page(known.at(-1), limit);
        if (signal.aborted) return;
        this.events = [...known, ...page];
        this.complete = page.length < limit;
        if (searching) this.collecting = { what: "search", count: this.events.length };
      } while (!this.complete && searching && this.#found().length < enough && (this.events?.length ?? 0) < end);
    });
    if (!signal.aborted) this.collecting = undefined;
  }

  #page(last: EventView | undefined, limit: number): Promise<EventView[]> {
    const { shown } = this;
    return this.client.events({
      limit,
      ...(last && { before: last.id }),
      ...(shown !== "all" && { kinds: kindsOf(shown) }),
    });
  }

  /** All pages of what is chosen, and of those the entries that match the search. */
  async #export(form: "csv" | "json"): Promise<void> {
    this.#restart();
    const { signal } = this.#abort;
    await this.attempt(async () => {
      const all: EventView[] = [];
      for (let complete = false; !complete; ) {
        this.collecting = { what: "export", count: all.length };
        const page = await this.#page(all.at(-1), BULK_PAGE_SIZE);
        if (signal.aborted) return;
        all.push(...page);
        complete = page.length < BULK_PAGE_SIZE;
      }
      const isWanted = (event: EventView) => matches(entryOf(event, this.snapshot, this.texts), this.search);
      const chosen = this.#isSearched ? all.filter(isWanted) : all;
      const text = form === "csv" ? logAsCsv(chosen, this.snapshot, this.texts) : logAsJson(chosen);
      const type = form === "csv" ? "text/csv;charset=utf-8" : "application/json";
      download(`keyleash-history-${today()}.${form}`, type, text);
      this.exported = chosen.length;
    });
    if (!signal.aborted) this.collecting = undefined;
  }
}
