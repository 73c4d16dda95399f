/** The two languages say the same things: each sentence is there, speaks with any number, and is not the other language's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { de } from "../src/texts/de.ts";
import { en } from "../src/texts/en.ts";

type Leaf = readonly [path: string, text: unknown];

function leaves(value: unknown, path = ""): Leaf[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, each]) => leaves(each, path ? `${path}.${key}` : key));
}

const english = new Map(leaves(en));
const german = new Map(leaves(de));

test("both have the same sentences", () => {
  // What exchanges call their keys is looked up by the English words, so only the translation has such a table.
  const sentences = (texts: ReadonlyMap<string, unknown>) =>
    [...texts.keys()].filter((path) => path.split(".")[0] !== "terms").sort();
  assert.deepEqual(sentences(german), sentences(english));
});

test("a sentence with values in it says the same ones in both", () => {
  for (const [path, text] of english) {
    if (!isSentence(text)) continue;
    const translated = german.get(path);
    assert.ok(isSentence(translated), path);
    assert.deepEqual(valuesIn(translated, text.length), valuesIn(text, text.length), path);
  }
});

type Sentence = (...values: (string | string[])[]) => unknown;

function isSentence(text: unknown): text is Sentence {
  return typeof text === "function";
}

/** Which of its values a sentence says. */
function valuesIn(text: Sentence, count: number): string[] {
  const marks = Array.from({ length: count }, (_, index) => `⟨${index}⟩`);
  const said = say(text, marks);
  return marks.filter((mark) => said.includes(mark));
}

/** Some take a list where others take one value; those that take more than values are left to the views that use them. */
function say(text: Sentence, values: readonly string[]): string {
  for (const arguments_ of [values, values.map((value) => [value])]) {
    try {
      return JSON.stringify(text(...arguments_)) ?? "";
    } catch {}
  }
  return "";
}

test("a sentence of several words is not left in English", () => {
  for (const [path, text] of german) {
    if (typeof text !== "string" || !/[a-z]+ [a-z]+ [a-z]+/i.test(text)) continue;
    assert.notEqual(text, english.get(path), path);
  }
});

test("German addresses its reader as Sie throughout", () => {
  for (const [path, text] of german) {
    const said = isSentence(text) ? say(text, ["x", "x", "x"]) : String(text);
    assert.doesNotMatch(said, /\b(du|dich|dir|dein|deine|deinen|deinem|deiner)\b/i, path);
  }
});
