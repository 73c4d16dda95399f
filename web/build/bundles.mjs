/**
 * The scripts: our own two pages', and what other sites' pages load. They share chunks, so that a page which loads both the
 * client and the panel has the client once.
 *
 * Names that others write into their pages stay as they are; every chunk has the hash of its content in its name, and may be
 * kept for ever.
 */
import { build } from "esbuild";

/** By the name under which each is served. */
export const ENTRIES = {
  app: "terminal/src/main.ts",
  verify: "verify/src/main.ts",
  "embed/keyleash-client": "client/src/index.ts",
  "embed/keyleash-exchanges": "client/src/exchanges/index.ts",
  "embed/keyleash-settings": "settings/src/index.ts",
};

/** Returns esbuild's account of what went where, with paths relative to `out`. */
export async function bundles(out) {
  const { metafile } = await build({
    entryPoints: ENTRIES,
    outdir: out,
    bundle: true,
    splitting: true,
    chunkNames: "embed/[name]-[hash]",
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
  });
  return metafile;
}
