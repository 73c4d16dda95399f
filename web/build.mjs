/**
 * Bundles what the server serves into the directory named by the first argument, and prints how large it came out:
 * `node build.mjs DIRECTORY`. Cargo's build script calls it; `KEYLEASH_WEB_DIST` takes what it made.
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { bundles } from "./build/bundles.mjs";
import { compressAll } from "./build/compress.mjs";
import { EVERY_IMPORT, graph, reached } from "./build/imports.mjs";
import { keepShell } from "./build/shell.mjs";
import { table, weigh } from "./build/sizes.mjs";

const out = process.argv[2];
if (!out) throw new Error("usage: node build.mjs DIRECTORY");

/** What is served as it is. */
const STATIC = {
  "index.html": "terminal/index.html",
  "verify.html": "verify/index.html",
  "page.css": "terminal/page.css",
  "manifest.webmanifest": "terminal/manifest.webmanifest",
  "icon.svg": "terminal/icons/icon.svg",
  "icon-192.png": "terminal/icons/icon-192.png",
  "icon-512.png": "terminal/icons/icon-512.png",
  "icon-maskable-512.png": "terminal/icons/icon-maskable-512.png",
};
/** What the terminal shows without a network, besides its script. */
const SHELL = ["page.css", "manifest.webmanifest", "icon.svg"];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const metafile = await bundles(out);
await Promise.all(Object.entries(STATIC).map(([name, source]) => cp(source, join(out, name))));
const script = reached(graph(out, metafile), ["app.js"], EVERY_IMPORT);
await keepShell(out, [...SHELL, ...[...script].sort()]);
compressAll(out);
console.log(table(weigh(out, metafile)));
