/** Real Chromium profiles on disk: closing one and opening it again is what shutting the browser is for its owner. */
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

export const CHROMIUM = process.env.KEYLEASH_CHROMIUM ?? "/usr/bin/chromium";
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Lets a test ask whether something is still in memory.
  "--js-flags=--expose-gc",
];
/** What a condition may take before it counts as failed. Generous: the machine has two cores and compiles beside us. */
export const PATIENCE_MS = 20_000;

/** The three browsers of the journey, by their window. */
export const windows = {
  desk: { width: 1440, height: 1000 },
  laptop: { width: 1024, height: 768 },
  phone: { width: 360, height: 740 },
} as const;

export class Profile {
  /** Those whose browser runs now. */
  static readonly running = new Set<Profile>();

  readonly directory = mkdtempSync(join(tmpdir(), "keyleash-profile-"));
  /** What pages complained about: scripts that threw, and whatever the content security policy had to stop. */
  readonly complaints: string[] = [];
  #context: BrowserContext | undefined;

  constructor(
    readonly name: string,
    private readonly viewport: { width: number; height: number },
    private readonly colorScheme: "light" | "dark" = "light",
  ) {
    try {
      accessSync(CHROMIUM, constants.X_OK);
    } catch {
      throw new Error(
        `No Chromium at ${CHROMIUM}: install it (\`apt-get install -y chromium\`), or name it in KEYLEASH_CHROMIUM.`,
      );
    }
  }

  async open(url: string): Promise<Page> {
    this.#context ??= await this.#launch();
    Profile.running.add(this);
    const blank = this.#context.pages().find((page) => page.url() === "about:blank");
    const page = blank ?? (await this.#context.newPage());
    await page.goto(url);
    return page;
  }

  get context(): BrowserContext {
    if (!this.#context) throw new Error(`browser ${this.name} is shut`);
    return this.#context;
  }

  /** Shuts the browser. The profile stays on disk. */
  async shut(): Promise<void> {
    Profile.running.delete(this);
    await this.#context?.close();
    this.#context = undefined;
  }

  async dispose(): Promise<void> {
    await this.shut();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #launch(): Promise<BrowserContext> {
    const context = await chromium.launchPersistentContext(this.directory, {
      executablePath: CHROMIUM,
      args: FLAGS,
      viewport: this.viewport,
      colorScheme: this.colorScheme,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    context.on("weberror", (error) => this.complaints.push(String(error.error())));
    context.on("console", (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) this.complaints.push(message.text());
    });
    return context;
  }
}

/** Waits until the browser has kept the page, to start it without the server. */
export async function shellKept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}
