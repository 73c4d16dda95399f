/** How much a browser loads for each entry, and how much it may be at most: a growth is decided upon, not found out later. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { AT_ONCE, EVERY_IMPORT, graph, reached } from "./imports.mjs";

/** Bytes of minified script that are loaded at once. */
export const BOUNDS = {
  "embed/keyleash-client.js": 56_000,
  "embed/keyleash-exchanges.js": 26_000,
  "embed/keyleash-settings.js": 340_000,
  "app.js": 350_000,
  "verify.js": 200_000,
};

/**
 * For each entry of {@link BOUNDS}: what it loads at once, and what it loads only when it is needed.
 *
 * @param {string} out the directory that was built into
 * @param {import("esbuild").Metafile} metafile
 */
export function weigh(out, metafile) {
  const files = graph(out, metafile);
  return Object.entries(BOUNDS).map(([name, bound]) => {
    const atOnce = reached(files, [name], AT_ONCE);
    const all = reached(files, [name], EVERY_IMPORT);
    const later = bytesOf(
      out,
      [...all].filter((file) => !atOnce.has(file)),
    ).minified;
    return { name, bound, ...bytesOf(out, atOnce), later };
  });
}

/** Each file is compressed by itself, as a server sends it. */
function bytesOf(out, files) {
  const sum = { minified: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    const bytes = readFileSync(join(out, file));
    sum.minified += bytes.length;
    sum.gzip += gzipSync(bytes, { level: 9 }).length;
    sum.brotli += brotliCompressSync(bytes).length;
  }
  return sum;
}

/** For people. */
export function table(weights) {
  const kilobytes = (bytes) => (bytes / 1000).toFixed(1);
  const rows = weights.map(({ name, minified, gzip, brotli, later, bound }) => [
    name,
    ...[minified, gzip, brotli, later, bound].map(kilobytes),
  ]);
  const lines = [["kB", "minified", "gzip", "brotli", "later", "at most"], ...rows];
  return lines
    .map(([name, ...figures]) => name.padEnd(28) + figures.map((figure) => figure.padStart(10)).join(""))
    .join("\n");
}
