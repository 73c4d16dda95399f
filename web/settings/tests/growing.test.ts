/** How many rows of a long list are drawn at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Growing } from "../src/accounts/growing.ts";

const HOST = { addController() {}, removeController() {}, requestUpdate() {}, updateComplete: Promise.resolve(true) };
const ids = Array.from({ length: 500 }, (_, index) => index);

test("a long list is drawn in steps, to its end", () => {
  const growing = new Growing<number>(HOST);
  const counts: number[] = [];
  while (counts.at(-1) !== ids.length) counts.push(growing.upTo(ids));
  assert.ok((counts[0] ?? 0) < 50, "the first step fits a screen, not the list");
  assert.ok(counts.every((count, index) => count - (counts[index - 1] ?? 0) <= (counts[0] ?? 0)));
});

test("what is drawn stays, whatever is left out around it; what comes back comes in steps", () => {
  const growing = new Growing<number>(HOST);
  while (growing.upTo(ids) < ids.length);
  const even = ids.filter((id) => id % 2 === 0);
  assert.equal(growing.upTo(even), even.length, "a narrower search draws nothing anew");
  const few = growing.upTo(ids);
  assert.ok(
    few < ids.length && few >= 40,
    "half of the first rows were there, and the first few of the others are made",
  );
  assert.equal(growing.upTo([...ids].reverse().slice(0, 5)), 5);
});
