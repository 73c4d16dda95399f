/** What the list of accounts shows for what is searched, filtered and sorted, and how a selection grows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account, CredentialId, ElsewhereAccount } from "@keyleash/client";
import { badgesOf } from "../src/accounts/badges.ts";
import { type Filter, Listing, type Order } from "../src/accounts/listing.ts";
import { allToggled, NOTHING_SELECTED, pruned, toggled } from "../src/accounts/selection.ts";
import { de } from "../src/texts/de.ts";
import { en } from "../src/texts/en.ts";

const NOW = Date.UTC(2026, 10, 1);
const DAY_MS = 86_400_000;

const account = (id: string, more: Partial<Account> = {}): Account => ({
  ...{ id, exchange: "okx", kind: "hmac", label: id, environment: "live", createdAt: NOW, version: 1, synced: true },
  ...more,
});

const accounts: readonly Account[] = [
  account("Zürich", { keyHint: "abcd…wxyz", createdAt: NOW - 2 * DAY_MS }),
  account("desk 10", { exchange: "bybit", environment: "mainnet", synced: false, createdAt: NOW - 80 * DAY_MS }),
  account("desk 9", { exchange: "bybit", environment: "testnet", createdAt: NOW - 1 * DAY_MS }),
  account("archive", { exchange: "bitmex", environment: "mainnet", pending: { kind: "conflict", what: "change" } }),
  account("going", { pending: { kind: "deleting", until: NOW + 1 } }),
];
const elsewhere: readonly ElsewhereAccount[] = [
  {
    ...{
      id: "away",
      exchange: "coinbase",
      kind: "es256",
      label: "away",
      environment: "live",
      createdAt: NOW - 3 * DAY_MS,
    },
    ...{ version: 1, wanted: false },
  },
];
const source = { accounts, elsewhere };

function labels(
  { query = "", filter = "all", order = "label" }: { query?: string; filter?: Filter; order?: Order },
  texts = en,
) {
  return new Listing(texts).list(source, { query, filter, order }, NOW).items.map((item) => item.account.label);
}

test("what is about to be deleted is out of sight; the rest stands in the order of its labels, numbers as numbers", () => {
  assert.deepEqual(labels({}), ["archive", "away", "desk 9", "desk 10", "Zürich"]);
  assert.deepEqual(labels({ order: "exchange" }), ["archive", "desk 9", "desk 10", "away", "Zürich"]);
  assert.deepEqual(labels({ order: "newest" }), ["archive", "desk 9", "Zürich", "away", "desk 10"]);
  assert.deepEqual(labels({ order: "oldest" }), ["desk 10", "away", "Zürich", "desk 9", "archive"]);
});

const SEARCHES: readonly (readonly [query: string, found: readonly string[]])[] = [
  ["zurich", ["Zürich"]],
  ["OKX", ["Zürich"]],
  ["bybit test", ["desk 9"]],
  ["test bybit", ["desk 9"]],
  ["wxyz", ["Zürich"]],
  ["coin", ["away"]],
  ["  ", ["archive", "away", "desk 9", "desk 10", "Zürich"]],
  ["kraken", []],
];

for (const [query, found] of SEARCHES) {
  test(`a search for "${query}" finds ${found.length}`, () => assert.deepEqual(labels({ query }), found));
}

test("each filter shows what it says, and how many there are whatever is searched for", () => {
  assert.deepEqual(labels({ filter: "synced" }), ["archive", "desk 9", "Zürich"]);
  assert.deepEqual(labels({ filter: "local" }), ["desk 10"]);
  assert.deepEqual(labels({ filter: "elsewhere" }), ["away"]);
  // A closed exchange, and a Bybit key that is 80 of its 90 days old.
  assert.deepEqual(labels({ filter: "warnings" }), ["archive", "desk 10"]);
  assert.deepEqual(labels({ filter: "conflicts" }), ["archive"]);
  const { counts } = new Listing(en).list(source, { query: "kraken", filter: "all", order: "label" }, NOW);
  assert.deepEqual(counts, { all: 5, synced: 3, local: 1, elsewhere: 1, warnings: 2, conflicts: 1 });
});

test("an account that did not change is the same item in the next list, so that its row is left alone", () => {
  const listing = new Listing(en);
  const wanted = { query: "", filter: "all", order: "label" } as const;
  const before = listing.list(source, wanted, NOW).items;
  const [first, ...others] = accounts;
  assert.ok(first);
  const changed = { ...source, accounts: [{ ...first, label: "Zug" }, ...others] };
  const after = listing.list(changed, wanted, NOW).items;
  assert.equal(after.filter((item) => before.includes(item)).length, before.length - 1);
});

test("badges say when a key lapses, and only its last weeks are a warning", () => {
  const badgeOf = (age: number, texts = en) => {
    const items = new Listing(texts).list(
      { accounts: [account("one", { exchange: "bybit", createdAt: NOW - age * DAY_MS })], elsewhere: [] },
      { query: "", filter: "all", order: "label" },
      NOW,
    ).items;
    return items.flatMap((item) => badgesOf(texts, item, NOW));
  };
  assert.deepEqual(badgeOf(0), [{ tone: "", words: "Expires about Jan 30, 2027" }]);
  assert.deepEqual(badgeOf(80), [{ tone: "warn", words: "Expires about Nov 11, 2026" }]);
  assert.deepEqual(badgeOf(100), [{ tone: "bad", words: "Expired about Oct 22, 2026" }]);
  assert.deepEqual(badgeOf(80, de), [{ tone: "warn", words: "Läuft ab etwa 11.11.2026" }]);
});

const inView = ["a", "b", "c", "d", "e"] as CredentialId[];
const picked = (selection: { ids: ReadonlySet<string> }) => [...selection.ids].sort().join("");

test("a click selects one, with shift everything from the last one, in either direction", () => {
  const one = toggled(NOTHING_SELECTED, "b", { range: false, inView });
  const down = toggled(one, "d", { range: true, inView });
  assert.equal(picked(down), "bcd");
  assert.equal(picked(toggled(down, "c", { range: false, inView })), "bd");
  assert.equal(
    picked(toggled(toggled(NOTHING_SELECTED, "d", { range: false, inView }), "a", { range: true, inView })),
    "abcd",
  );
  // What the range began with is not in view any more: one is one.
  assert.equal(picked(toggled(one, "d", { range: true, inView: ["c", "d"] })), "bd");
});

test("all in view, or none of them; what is out of view stays as it is", () => {
  const outside = toggled(NOTHING_SELECTED, "x", { range: false, inView });
  const all = allToggled(outside, inView);
  assert.equal(picked(all), "abcdex");
  assert.equal(picked(allToggled(all, inView)), "x");
});

test("what is gone is not selected, and nothing is made anew when nothing went", () => {
  const both = toggled(toggled(NOTHING_SELECTED, "a", { range: false, inView }), "b", { range: false, inView });
  assert.equal(picked(pruned(both, (id) => id !== "a")), "b");
  assert.equal(
    pruned(both, () => true),
    both,
  );
});
