/** Bundles the tests beside this file and runs them with Node's own test runner: `npm test [FILE...]`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const named = process.argv.slice(2);
const tests = readdirSync(here).filter((file) => file.endsWith(".test.ts"));
const chosen = named.length ? tests.filter((file) => named.some((name) => file.includes(basename(name)))) : tests;

const out = mkdtempSync(join(tmpdir(), "keyleash-client-tests-"));
await build({
  entryPoints: chosen.map((file) => join(here, file)),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  sourcemap: "inline",
  logLevel: "warning",
});
const files = chosen.map((file) => join(out, file.replace(/\.ts$/, ".mjs")));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
rmSync(out, { recursive: true });
process.exitCode = status ?? 1;
