// Runs the browser tests, or those whose names contain one of the arguments; one file after the other: each has browsers of
// its own.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { bundle, here } from "./bundle.mjs";

const wanted = process.argv.slice(2);
const files = readdirSync(here)
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();
if (files.length === 0) throw new Error(`no test file matches ${wanted.join(" ")}`);

const flags = ["--enable-source-maps", "--test", "--test-concurrency=1", "--test-reporter=spec"];
const run = spawnSync(process.execPath, [...flags, ...(await bundle(files))], { stdio: "inherit" });
process.exit(run.status ?? 1);
