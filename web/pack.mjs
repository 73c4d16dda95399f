/**
 * Makes installable packages of `@keyleash/client` and `@keyleash/settings`, each as `npm pack` makes them, in the directory
 * named by the first argument: `npm run pack DIRECTORY`.
 *
 * In this workspace a package's `exports` name its sources, so that nothing has to be built to work on it. What is published
 * is made here: ES modules and their types, and a `package.json` that names those.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const PACKAGES = ["client", "settings"];

const destination = process.argv[2];
if (!destination) throw new Error("usage: npm run pack DIRECTORY");
mkdirSync(destination, { recursive: true });

const stage = mkdtempSync(join(tmpdir(), "keyleash-pack-"));
try {
  types(join(stage, "types"));
  for (const name of PACKAGES) await pack(name);
} finally {
  rmSync(stage, { recursive: true });
}

async function pack(name) {
  const folder = join(stage, name);
  const manifest = JSON.parse(readFileSync(join(name, "package.json"), "utf8"));
  const sources = typeof manifest.exports === "string" ? { ".": manifest.exports } : manifest.exports;

  await build({
    entryPoints: Object.values(sources).map((source) => join(name, source)),
    outdir: join(folder, "dist"),
    outbase: join(name, "src"),
    bundle: true,
    splitting: true,
    packages: "external",
    format: "esm",
    target: "es2022",
    sourcemap: true,
    logLevel: "warning",
  });
  cpSync(join(stage, "types", name, "src"), join(folder, "dist"), { recursive: true });
  cpSync(join(name, "README.md"), join(folder, "README.md"));
  cpSync("../LICENSE", join(folder, "LICENSE"));
  const published = { ...manifest, files: ["dist"], exports: Object.fromEntries(Object.entries(sources).map(built)) };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", resolve(destination)], {
    cwd: folder,
    stdio: "inherit",
  });
}

/** An entry of `exports`, as it is published. */
function built([path, source]) {
  const file = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
  return [path, { types: `${file}.d.ts`, default: `${file}.js` }];
}

/** Declarations of both packages at once: one imports the other's. */
function types(out) {
  const configuration = join(stage, "tsconfig.json");
  const options = { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: resolve("."), outDir: out };
  const include = PACKAGES.map((name) => join(resolve(name), "src"));
  const typeRoots = [resolve("node_modules/@types")];
  writeFileSync(
    configuration,
    JSON.stringify({
      extends: resolve("tsconfig.json"),
      compilerOptions: { ...options, typeRoots },
      include,
      exclude: [],
    }),
  );
  execFileSync("npx", ["tsc", "-p", configuration], { stdio: "inherit" });
}
