/** What docs/embedding.md shows and lists is what there is. Its TypeScript is compiled by `tests/packages.test.ts`. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

/** From `web/`, as all tests. */
const page = readFileSync("../docs/embedding.md", "utf8");

for (const path of ["example/index.html", "example/terminal.js"]) {
  test(`the documentation shows ${path} as it is`, () => {
    const shown = page.split(`<!-- web/${path} -->\n`)[1]?.match(/^```\w+\n(.*?)^```$/ms)?.[1];
    assert.equal(shown, readFileSync(path, "utf8"));
  });
}

test("the documentation lists every custom property, and no other", () => {
  const theme = readFileSync("settings/src/theme.ts", "utf8");
  const used = new Set(theme.match(/var\((--keyleash-[\w-]+)/g)?.map((each) => each.slice("var(".length)));
  const listed = new Set([...page.matchAll(/^\| `(--keyleash-[\w-]+)` \|/gm)].map(([, name]) => name));
  assert.ok(used.size > 0);
  assert.deepEqual([...listed].sort(), [...used].sort());
});

test("the documentation lists every attribute of the elements", () => {
  for (const name of ["settings", "login"]) {
    const source = readFileSync(`settings/src/${name}.ts`, "utf8");
    const named = [...source.matchAll(/@property\(\{[^}]*attribute: "([\w-]+)"/g)].map(([, attribute]) => attribute);
    const plain = [...source.matchAll(/@property\(\) (\w+)/g)].map(([, attribute]) => attribute);
    const attributes = [...named, ...plain];
    assert.ok(attributes.length > 0, name);
    for (const attribute of attributes) assert.match(page, new RegExp(`^\\| \`${attribute}\` \\| ${name} \\|`, "m"));
  }
});

test("the demo terminal uses what vendors have, and nothing else of Keyleash", () => {
  const imports = readdirSync("terminal/src").flatMap((file) => {
    const source = readFileSync(`terminal/src/${file}`, "utf8");
    return [...source.matchAll(/(?:from|import) "([^"]+)"/g)].map(([, name = ""]) => name);
  });
  const open = new Set(["@keyleash/client", "@keyleash/client/exchanges", "@keyleash/settings"]);
  const foreign = imports.filter((name) => !name.startsWith("./") && !/^lit(\/|$)/.test(name));
  assert.ok(foreign.length > 0);
  assert.deepEqual(
    foreign.filter((name) => !open.has(name)),
    [],
  );
  const { exports } = JSON.parse(readFileSync("settings/package.json", "utf8")) as { exports: unknown };
  assert.equal(exports, "./src/index.ts", "the panel has one entry");
  const entry = readFileSync("settings/src/index.ts", "utf8");
  assert.doesNotMatch(entry, /live\.ts|theme\.ts|field\.ts/, "and none of its inner parts is in it");
});
