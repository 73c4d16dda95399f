/** What the terminal needs to start without a network, and the service worker that keeps it. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** The page itself, served as `/`: it carries the version, and so is no part of what that is made from. */
const PAGE = "index.html";

/**
 * Writes `sw.js`, and the version into the page.
 *
 * @param {string} out the directory that was built into
 * @param {readonly string[]} files what the page is made of, besides itself
 */
export async function keepShell(out, files) {
  const hash = createHash("sha256");
  for (const file of [PAGE, ...files]) hash.update(readFileSync(join(out, file)));
  const version = hash.digest("base64url").slice(0, 16);

  const page = join(out, PAGE);
  writeFileSync(page, readFileSync(page, "utf8").replace("%SHELL_VERSION%", version));
  await build({
    entryPoints: { sw: "terminal/worker/worker.ts" },
    outdir: out,
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    define: {
      SHELL_VERSION: JSON.stringify(version),
      SHELL_FILES: JSON.stringify(["/", ...files.map((file) => `/${file}`)]),
    },
    logLevel: "warning",
  });
}
