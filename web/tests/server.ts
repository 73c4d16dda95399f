/** The real binary, started with its embedded parts on free ports and a private data directory. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A debug build on a loaded machine starts in well under a second; this only bounds a failure. */
const START_MS_MAX = 30_000;
const POLL_MS = 25;

export const BINARY = resolve(process.env.KEYLEASH_BIN ?? "../target/release/keyleash");

export class Server {
  readonly directory = mkdtempSync(join(tmpdir(), "keyleash-test-"));
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly adminPort: number,
    private readonly settings: Record<string, string>,
  ) {}

  /** `settings` are further environment variables of the server, such as `KEYLEASH_LIMITS__GRACE_SECONDS`. */
  static async start(settings: Record<string, string> = {}): Promise<Server> {
    try {
      accessSync(BINARY, constants.X_OK);
    } catch {
      throw new Error(`No server at ${BINARY}: build it with \`cargo build --release\`, or name it in KEYLEASH_BIN.`);
    }
    const server = new Server(await freePort(), await freePort(), settings);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const log = openSync(join(this.directory, "server.log"), "a");
    const child = spawn(BINARY, ["serve"], {
      cwd: this.directory,
      stdio: ["ignore", log, log],
      env: {
        PATH: process.env.PATH,
        KEYLEASH_HTTP__LISTEN: `127.0.0.1:${this.port}`,
        KEYLEASH_HTTP__PUBLIC_URL: this.url,
        KEYLEASH_ADMIN__LISTEN: `127.0.0.1:${this.adminPort}`,
        KEYLEASH_STORE__URL: `sqlite:${this.directory}/keyleash.db`,
        KEYLEASH_MAIL__URL: `file:${this.directory}/mail`,
        KEYLEASH_KMS__KEY_FILE: join(this.directory, "master.key"),
        ...this.settings,
      },
    });
    this.#process = child;
    const deadline = performance.now() + START_MS_MAX;
    for (;;) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`The server did not start:\n${this.log()}`);
      const answers = await fetch(`${this.url}/`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (answers) return;
      await delay(POLL_MS);
    }
  }

  /** Ends the process at once, as a power cut does. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Ends the process as an operator does. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Holds the process: connections stay open, and nothing answers. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  log(): string {
    return readFileSync(join(this.directory, "server.log"), "utf8");
  }

  /** Names of the stored files (database, its journal, mails, log) in which `secret` stands in the clear. */
  filesWith(secret: string): string[] {
    const needle = Buffer.from(secret);
    return readdirSync(this.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path).includes(needle));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await ended;
  }
}

export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      if (address === null || typeof address === "string") return failed(new Error("no port"));
      probe.close(() => found(address.port));
    });
  });
}
