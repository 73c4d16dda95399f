/** What a browser has to load stays within its bounds. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bundles } from "./bundles.mjs";
import { weigh } from "./sizes.mjs";

const out = mkdtempSync(join(tmpdir(), "keyleash-sizes-"));
after(() => rmSync(out, { recursive: true }));
const weights = weigh(out, await bundles(out));

for (const { name, minified, bound } of weights) {
  test(`${name} is within its bound`, () => {
    assert.ok(minified > 0, "it was built");
    assert.ok(minified <= bound, `${minified} bytes minified, and at most ${bound} are allowed (build/sizes.mjs)`);
  });
}
