// Turns the TypeScript of this folder into what Node 20 runs.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const here = dirname(fileURLToPath(import.meta.url));

/** Returns the paths of the bundles of `files`, in their order. */
export async function bundle(files) {
  const outdir = join(here, "../node_modules/.cache/keyleash-browser-tests");
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: files.map((name) => join(here, name)),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  });
  return files.map((name) => join(outdir, name.replace(/\.ts$/, ".mjs")));
}
