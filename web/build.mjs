/**
 * Bundles what the server serves into the directory named by the first argument, and prints how large it came out:
 * `node build.mjs DIRECTORY`. Cargo's build script calls it; `KEYLEASH_WEB_DIST` takes what it made.
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { bundles } from "./build/bundles.mjs";
import { table, weigh } from "./build/sizes.mjs";

const out = process.argv[2];
if (!out) throw new Error("usage: node build.mjs DIRECTORY");

/** What is served as it is. */
const STATIC = {
  "index.html": "terminal/index.html",
  "verify.html": "verify/index.html",
  "page.css": "terminal/page.css",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const metafile = await bundles(out);
await Promise.all(Object.entries(STATIC).map(([name, source]) => cp(source, join(out, name))));
console.log(table(weigh(out, metafile)));
