/**
 * A vendor's page: `web/example` from a server of its own, on another origin than Keyleash (another port), or on another site
 * (`localhost` and `127.0.0.1` are two, and both are this machine).
 */
import { readFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { extname, join, resolve } from "node:path";
import { freePort, type Server } from "./server.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
};

export class VendorSite {
  /** Turns the page into what a test wants of it. */
  change: (html: string) => string = (html) => html;
  #keys = "";
  readonly #files = new Map<string, () => string | undefined>();
  readonly #appended = new Map<string, string>();

  private constructor(
    readonly port: number,
    private readonly http: HttpServer,
  ) {}

  static async start(): Promise<VendorSite> {
    const port = await freePort();
    const http = createServer((request, answer) => {
      const path = new URL(request.url ?? "/", "http://vendor").pathname;
      const text = site.#text(path === "/" ? "/index.html" : path);
      if (text === undefined) return answer.writeHead(404).end();
      answer.writeHead(200, {
        "Content-Type": TYPES[extname(path)] ?? "text/html; charset=utf-8",
        "Cache-Control": "no-store",
      });
      answer.end(text);
    });
    const site = new VendorSite(port, http);
    await new Promise<void>((listening) => http.listen(port, "127.0.0.1", listening));
    return site;
  }

  /** Of the same site as the server, which is at 127.0.0.1 too: another origin. */
  get sameSite(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Another site. */
  get otherSite(): string {
    return `http://localhost:${this.port}`;
  }

  /** Puts this server's address where the example has one. */
  embed(server: Pick<Server, "url">): void {
    this.#keys = server.url;
  }

  /** Serves one more file, made anew at each request. */
  serve(path: string, text: () => string | undefined): void {
    this.#files.set(path, text);
  }

  /** Adds to a file of the example. */
  append(path: string, text: string): void {
    this.#appended.set(path, text);
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((closed) => this.http.close(closed));
  }

  #text(path: string): string | undefined {
    const made = this.#files.get(path);
    if (made) return made();
    if (!["/index.html", "/terminal.js", "/terminal.css"].includes(path)) return undefined;
    const text = readFileSync(join(resolve("example"), path), "utf8")
      .replaceAll("https://keys.example", this.#keys)
      .replaceAll("wss://keys.example", this.#keys.replace(/^http/, "ws"));
    return path === "/index.html" ? this.change(text) : text + (this.#appended.get(path) ?? "");
  }
}
