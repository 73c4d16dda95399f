/** Bundles the two pages into the directory named by the first argument: `node build.mjs DIRECTORY`. */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const out = process.argv[2];
if (!out) throw new Error("usage: node build.mjs DIRECTORY");

/** What is served at which path. */
const STATIC = {
  "index.html": "terminal/index.html",
  "verify.html": "verify/index.html",
  "page.css": "terminal/page.css",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: { app: "terminal/src/main.ts", verify: "verify/src/main.ts" },
  outdir: out,
  bundle: true,
  splitting: true,
  chunkNames: "[name]-[hash]",
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
});
await Promise.all(Object.entries(STATIC).map(([name, source]) => cp(source, join(out, name))));
