/** The page of all states (`web/states`), built into a directory and shown by a browser without any server. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { CHROMIUM, FLAGS } from "./browser.ts";

/** No such host: whatever the page asks for comes from the directory, and nothing else leaves the browser. */
const ORIGIN = "https://states.invalid";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

export interface Look {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
  readonly lang?: "en" | "de";
}

export class StatesSite {
  private constructor(
    private readonly directory: string,
    private readonly browser: Browser,
    private readonly context: BrowserContext,
  ) {}

  /** From `web/`, as all browser tests. */
  static async open(): Promise<StatesSite> {
    const directory = mkdtempSync(join(tmpdir(), "keyleash-states-"));
    const source = resolve("states");
    for (const name of ["index.html", "page.css"]) cpSync(join(source, name), join(directory, name));
    await build({
      entryPoints: [join(source, "src/main.ts")],
      outfile: join(directory, "states.js"),
      bundle: true,
      format: "esm",
      target: "es2022",
      logLevel: "warning",
      tsconfig: resolve("tsconfig.json"),
    });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const context = await browser.newContext({ reducedMotion: "reduce" });
    await context.route(`${ORIGIN}/**`, (route) => {
      const path = new URL(route.request().url()).pathname.slice(1) || "index.html";
      const contentType = TYPES[extname(path)] ?? "application/octet-stream";
      return route.fulfill({ body: readFileSync(join(directory, path)), contentType });
    });
    return new StatesSite(directory, browser, context);
  }

  /** The page with what `query` chooses (`state=…`, `group=…`), drawn. */
  async page(query: string, { width, colorScheme, lang = "en" }: Look): Promise<Page> {
    const page = await this.context.newPage();
    const fault = new Promise<never>((_, fail) => page.once("pageerror", fail));
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto(`${ORIGIN}/?${query}&lang=${lang}`);
    await Promise.race([page.locator("html[data-ready]").waitFor({ state: "attached" }), fault]);
    return page;
  }

  async dispose(): Promise<void> {
    await this.browser.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
