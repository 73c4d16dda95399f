/**
 * Which accounts the list shows, and in which order. Pure, and quick enough for each keystroke with thousands of accounts:
 * what is searched in is put together once for each account, and sorted once for each change of the accounts.
 */

import type { Account, CredentialId, ElsewhereAccount } from "@keyleash/client";
import { type DraftWarning, exchangeById, warningsAbout } from "@keyleash/client/exchanges";
import type { Texts } from "../texts/texts.ts";
import { nameOf } from "./terms.ts";

export type Item = Described & (Here | Elsewhere);
interface Here {
  readonly place: "here";
  readonly account: Account;
}
interface Elsewhere {
  readonly place: "elsewhere";
  readonly account: ElsewhereAccount;
}

interface Described {
  readonly id: CredentialId;
  readonly exchangeName: string;
  readonly environmentName: string;
  readonly warnings: readonly DraftWarning[];
  /** What a search looks in. */
  readonly haystack: string;
}

export const FILTERS = ["all", "synced", "local", "elsewhere", "warnings", "conflicts"] as const;
export type Filter = (typeof FILTERS)[number];

export const ORDERS = ["label", "exchange", "newest", "oldest"] as const;
export type Order = (typeof ORDERS)[number];

/** A key that lapses within this time is one to look after. */
const SOON_MS = 14 * 86_400_000;

export interface Wanted {
  readonly query: string;
  readonly filter: Filter;
  readonly order: Order;
}

export interface Listed {
  readonly items: readonly Item[];
  /** How many there are under each filter, whatever is searched for. */
  readonly counts: Readonly<Record<Filter, number>>;
}

interface Source {
  readonly accounts: readonly Account[];
  readonly elsewhere: readonly ElsewhereAccount[];
}

/** Remembers what it made of the accounts that it saw; one for each language. */
export class Listing {
  readonly #items = new WeakMap<Account | ElsewhereAccount, Item>();
  #of: Source | undefined;
  #sorted: { readonly order: Order; readonly items: readonly Item[] } | undefined;
  #counts: Listed["counts"] = NONE;

  constructor(private readonly texts: Texts) {}

  list(source: Source, { query, filter, order }: Wanted, now: number): Listed {
    const sorted = this.#sort(source, order, now);
    const words = folded(query).split(/\s+/).filter(Boolean);
    const items = sorted.filter(
      (item) => belongs(item, filter, now) && words.every((word) => item.haystack.includes(word)),
    );
    return { items, counts: this.#counts };
  }

  #sort(source: Source, order: Order, now: number): readonly Item[] {
    const isSame = this.#of?.accounts === source.accounts && this.#of.elsewhere === source.elsewhere;
    if (isSame && this.#sorted?.order === order) return this.#sorted.items;
    const items = [
      // What is about to be deleted is out of sight; the message with the way back stands for it.
      ...source.accounts.filter(({ pending }) => pending?.kind !== "deleting").map((account) => this.#here(account)),
      ...source.elsewhere
        .filter(({ pending }) => pending?.kind !== "deleting")
        .map((account) => this.#elsewhere(account)),
    ].sort(this.#comparing(order));
    this.#of = source;
    this.#sorted = { order, items };
    this.#counts = counted(items, now);
    return items;
  }

  #here(account: Account): Item {
    return this.#remembered(account, () => ({ place: "here", account, ...this.#described(account) }));
  }

  #elsewhere(account: ElsewhereAccount): Item {
    return this.#remembered(account, () => ({ place: "elsewhere", account, ...this.#described(account) }));
  }

  #remembered(account: Account | ElsewhereAccount, make: () => Item): Item {
    const known = this.#items.get(account);
    if (known) return known;
    const item = make();
    this.#items.set(account, item);
    return item;
  }

  #described(account: Account | ElsewhereAccount): Described {
    const exchange = exchangeById(account.exchange);
    const environment = exchange?.environments.find((each) => each.id === account.environment);
    const exchangeName = exchange?.name ?? account.exchange;
    const environmentName = environment ? nameOf(this.texts, environment) : account.environment;
    const hint = "keyHint" in account ? account.keyHint : undefined;
    return {
      id: account.id,
      exchangeName,
      environmentName,
      warnings: warningsAbout(account),
      haystack: folded([account.label, exchangeName, environmentName, account.environment, hint ?? ""].join("\n")),
    };
  }

  #comparing(order: Order): (one: Item, other: Item) => number {
    const collator = new Intl.Collator(this.texts.language, { numeric: true, sensitivity: "base" });
    const byLabel = (one: Item, other: Item) =>
      collator.compare(one.account.label, other.account.label) || (one.id < other.id ? -1 : 1);
    switch (order) {
      case "label":
        return byLabel;
      case "exchange":
        return (one, other) => collator.compare(one.exchangeName, other.exchangeName) || byLabel(one, other);
      case "newest":
        return (one, other) => other.account.createdAt - one.account.createdAt || byLabel(one, other);
      case "oldest":
        return (one, other) => one.account.createdAt - other.account.createdAt || byLabel(one, other);
    }
  }
}

/** What deserves a look: not what merely may lapse one day. */
export function isUrgent(warning: DraftWarning, now: number): boolean {
  return warning.code !== "lapses" || (warning.by !== undefined && warning.by - now < SOON_MS);
}

/** Whether something happened to it that its owner has to decide. */
export function needsDecision({ account: { pending } }: Item): boolean {
  return pending?.kind === "conflict" || pending?.kind === "refused";
}

function belongs(item: Item, filter: Filter, now: number): boolean {
  switch (filter) {
    case "all":
      return true;
    case "synced":
      return item.place === "here" && item.account.synced;
    case "local":
      return item.place === "here" && !item.account.synced;
    case "elsewhere":
      return item.place === "elsewhere";
    case "warnings":
      return item.warnings.some((warning) => isUrgent(warning, now));
    case "conflicts":
      return needsDecision(item);
  }
}

const NONE: Listed["counts"] = { all: 0, synced: 0, local: 0, elsewhere: 0, warnings: 0, conflicts: 0 };

function counted(items: readonly Item[], now: number): Listed["counts"] {
  const counts = { ...NONE };
  for (const item of items) for (const filter of FILTERS) if (belongs(item, filter, now)) counts[filter] += 1;
  return counts;
}

/** Without case and accents: "Zürich" is found by "zurich". */
function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
