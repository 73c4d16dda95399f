/** The reference in the README names every call, event and error that there is. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as client from "../src/index.ts";

const reference = readFileSync("client/README.md", "utf8");
const named = (name: string) => assert.match(reference, new RegExp(`[\`(]${name}\\b`), name);

test("every call", () => {
  const calls = new Set<string>();
  for (let type = client.Keyleash.prototype; type !== Object.prototype; type = Object.getPrototypeOf(type)) {
    for (const name of Object.getOwnPropertyNames(type)) if (name !== "constructor") calls.add(name);
  }
  assert.ok(calls.size > 40);
  for (const name of calls) if (name !== "state" && name !== "server") named(name);
});

test("every event", () => {
  const source = readFileSync("client/src/events.ts", "utf8");
  const [body = ""] = /export interface ClientEvents \{[\s\S]*?\n\}/.exec(source) ?? [];
  const events = [...body.matchAll(/readonly (\w+):/g)].map(([, name = ""]) => name);
  assert.ok(events.length > 10);
  events.forEach(named);
});

test("every error", () => {
  const errors = Object.keys(client).filter((name) => name.endsWith("Error"));
  assert.ok(errors.length >= 8);
  errors.forEach(named);
});
