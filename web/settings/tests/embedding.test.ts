/** What docs/embedding.md shows and lists is what there is. Its TypeScript is compiled by `tests/packages.test.ts`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** From `web/`, as all tests. */
const page = readFileSync("../docs/embedding.md", "utf8");

for (const path of ["example/index.html", "example/terminal.js"]) {
  test(`the documentation shows ${path} as it is`, () => {
    const shown = page.split(`<!-- web/${path} -->\n`)[1]?.match(/^```\w+\n(.*?)^```$/ms)?.[1];
    assert.equal(shown, readFileSync(path, "utf8"));
  });
}

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
