// Runs what can be tested without a browser, with Node's own test runner: `npm test [PART-OF-A-FILE-NAME...]`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { build } from "esbuild";

const web = join(import.meta.dirname, "..");
const FOLDERS = ["client/tests", "settings/tests"];

const named = process.argv.slice(2);
const tests = FOLDERS.flatMap((folder) => readdirSync(join(web, folder)).map((file) => join(web, folder, file)))
  .filter((path) => path.endsWith(".test.ts"))
  .filter((path) => named.length === 0 || named.some((name) => basename(path).includes(basename(name))));
if (tests.length === 0) throw new Error(`no test file matches ${named.join(" ")}`);

const out = mkdtempSync(join(tmpdir(), "keyleash-unit-tests-"));
await build({
  entryPoints: tests,
  outdir: out,
  outbase: web,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  sourcemap: "inline",
  logLevel: "warning",
});
const files = tests.map((path) => join(out, relative(web, path).replace(/\.ts$/, ".mjs")));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
rmSync(out, { recursive: true });
process.exitCode = status ?? 1;
