/** The packed packages, as a vendor has them: installed into an empty project, type-checked, bundled, and run. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { build } from "esbuild";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { BINARY, Server } from "./server.ts";
import { VendorSite } from "./vendor-site.ts";

const project = mkdtempSync(join(tmpdir(), "keyleash-vendor-"));
const browser = new Profile("vendor", windows.desk);
let server: Server;
let vendor: VendorSite;

/** What the documentation tells vendors to write. */
const documentation = readFileSync("../docs/embedding.md", "utf8");
const snippets = [...documentation.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text);

/** Types that would let anything pass would let this pass too. */
const MISUSE = `
import type { Client } from "@keyleash/client";
export function misuse(client: Client) {
  // @ts-expect-error there is no such event
  client.on("coffee", () => {});
  // @ts-expect-error an account has no secret
  client.state.accounts[0]?.secret;
  // @ts-expect-error there is no such section
  document.createElement("keyleash-settings").open("coffee");
  document.createElement("keyleash-settings").addEventListener("keyleash-ready", ({ detail }) => {
    // @ts-expect-error the event carries the client
    detail.brew();
  });
}
`;

before(async () => {
  vendor = await VendorSite.start();
  server = await Server.start({ KEYLEASH_HTTP__ALLOWED_ORIGINS: JSON.stringify([vendor.otherSite]) });
  vendor.embed(server);
});
after(async () => {
  await browser.dispose();
  await vendor?.stop();
  await server?.dispose();
  rmSync(project, { recursive: true, force: true });
});

step("they can be packed, and installed into an empty project", () => {
  const packed = join(project, "packed");
  execFileSync("node", ["pack.mjs", packed], { stdio: "pipe" });
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const tarballs = readdirSync(packed).map((name) => join(packed, name));
  assert.equal(tarballs.length, 2);
  const flags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", ["install", ...flags, ...tarballs], { cwd: project, stdio: "pipe" });
  for (const name of ["client", "settings"]) {
    const files = readdirSync(join(project, "node_modules/@keyleash", name));
    assert.deepEqual(files.sort(), ["LICENSE", "README.md", "dist", "package.json"], "no sources, no tests");
  }
});

for (const [module, moduleResolution] of [
  ["esnext", "bundler"],
  ["nodenext", "nodenext"],
] as const) {
  step(`what the documentation shows compiles against them, strictly (${moduleResolution})`, () => {
    assert.ok(snippets.length >= 3, "there are snippets");
    const folder = join(project, moduleResolution);
    mkdirSync(folder);
    for (const [index, text] of [...snippets, MISUSE].entries()) {
      writeFileSync(join(folder, `snippet-${index}.ts`), `${text}\nexport {};\n`);
    }
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2022",
      lib: ["ES2023", "DOM", "DOM.Iterable"],
      types: [],
      module,
      moduleResolution,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    try {
      execFileSync(resolve("node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      throw new Error((error as { stdout?: string }).stdout, { cause: error });
    }
  });
}

step("the server takes the configuration that the documentation shows", () => {
  const blocks = [...documentation.matchAll(/^```toml\n(.*?)^```$/gms)].map(([, text]) => text);
  assert.ok(blocks.length >= 2, "there are such blocks");
  const file = join(project, "keyleash.toml");
  writeFileSync(file, blocks.join("\n"));
  const shown = execFileSync(BINARY, ["config", "--config", file], { cwd: project, encoding: "utf8", stdio: "pipe" });
  for (const value of ["https://terminal.example", "keyleash", "https://terminal.example/log-in"]) {
    assert.ok(shown.includes(value), `${value} is in effect`);
  }
});

step("bundled into a vendor's page, they draw the panel", async () => {
  writeFileSync(
    join(project, "main.js"),
    `
import { Keyleash } from "@keyleash/client";
import "@keyleash/settings";
const panel = document.querySelector("keyleash-settings");
panel.addEventListener("keyleash-ready", ({ detail }) => document.body.setAttribute("data-server", detail.server));
panel.client = await Keyleash.open({ server: ${JSON.stringify(server.url)} });
`,
  );
  const bundle = await build({
    entryPoints: [join(project, "main.js")],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  const [script] = bundle.outputFiles;
  assert.ok(script);
  vendor.serve("/terminal.js", () => script.text);
  vendor.change = (html) => html.replace(/ server="[^"]*"/, "");
  const page = await browser.open(vendor.otherSite);
  await page.getByRole("button", { name: "Log in" }).waitFor();
  assert.equal(await page.locator("body").getAttribute("data-server"), server.url);
  assert.deepEqual(browser.complaints, []);
});
