/** The security log as data: grouped, searched, exported so that no spreadsheet carries anything out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventKind, EventView } from "@keyleash/client";
import { csv } from "../src/security/csv.ts";
import { byDay, entryOf, kindsOf, logAsCsv, logAsJson, matches } from "../src/security/log.ts";
import { en } from "../src/texts/en.ts";

const NAMES = { accounts: [], elsewhere: [], devices: [] };

const event = (id: string, at: Date, kind: EventKind, more: Partial<EventView> = {}): EventView => ({
  id,
  at: at.getTime(),
  kind,
  detail: "",
  ...more,
});

test("every kind of event belongs to exactly one group, and has words", () => {
  const kinds = (["devices", "keys", "logins", "security"] as const).flatMap(kindsOf);
  assert.deepEqual([...kinds].sort(), Object.keys(en.log.kinds).sort());
});

test("entries share a day by this browser's clock, in their order", () => {
  const events = [
    event("4", new Date(2026, 10, 23, 9), "logged_in"),
    event("3", new Date(2026, 10, 23, 0, 0, 0), "logged_in"),
    event("2", new Date(2026, 10, 22, 23, 59, 59), "logged_out"),
    event("1", new Date(2026, 9, 1), "signed_up"),
  ];
  const days = byDay(events.map((each) => entryOf(each, NAMES, en)));
  assert.deepEqual(
    days.map(({ entries }) => entries.map((entry) => entry.event.id)),
    [["4", "3"], ["2"], ["1"]],
  );
});

test("a search finds words in any order, in what is said and not in ids", () => {
  const entry = entryOf(
    event("019a", new Date(), "device_renamed", { detail: "Old phone", address: "192.0.2.7" }),
    NAMES,
    en,
  );
  for (const search of ["phone", "PHONE renamed", " 192.0.2 ", ""]) assert.ok(matches(entry, search), search);
  for (const search of ["laptop", "phone laptop", "019a"]) assert.ok(!matches(entry, search), search);
});

test("no cell of the export begins like a formula, however it is written", () => {
  const evil = [
    '=HYPERLINK("https://example.com")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1",
    "\0=1",
  ];
  for (const text of evil) {
    const line = csv([[text]]).slice(1);
    assert.match(line, /^"?'/, JSON.stringify(text));
  }
  const exported = logAsCsv(
    [event("1", new Date(0), "device_added", { detail: "=cmd|'/c calc'!A1", address: "192.0.2.7" })],
    NAMES,
    en,
  );
  assert.equal(
    exported,
    "\u{FEFF}Time (UTC),Event,About,Device,Address\r\n1970-01-01T00:00:00.000Z,Device asked to be verified,'=cmd|'/c calc'!A1,,192.0.2.7\r\n",
  );
});

test("what is harmless stays as it is, quoted by RFC 4180 where it has to be", () => {
  assert.equal(
    csv([["a", "b c", 'say "x"', "1,5", "two\nlines"]]).slice(1),
    'a,b c,"say ""x""","1,5","two\nlines"\r\n',
  );
});

test("the export for programs keeps codes and ids", () => {
  const text = logAsJson([event("7", new Date(0), "panic", { device: "d1" })]);
  assert.deepEqual(JSON.parse(text), [
    { at: "1970-01-01T00:00:00.000Z", id: "7", kind: "panic", detail: "", device: "d1" },
  ]);
});
