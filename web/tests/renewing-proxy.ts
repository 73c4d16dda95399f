/** Stands before the server and can put a newer version of the terminal's page in its place, as an upgrade does. */
import { createServer, type Server as HttpServer, request } from "node:http";
import { freePort, type Server } from "./server.ts";

export class RenewingProxy {
  /** Added to the page's version, and to its worker's. */
  renewed = "";
  #upstream = 0;

  private constructor(
    readonly port: number,
    private readonly http: HttpServer,
  ) {}

  static async start(): Promise<RenewingProxy> {
    const port = await freePort();
    const http = createServer((incoming, answer) => {
      // It changes texts, and so asks for them plain and whole.
      const {
        url,
        method,
        headers: { "accept-encoding": _, "if-none-match": __, ...headers },
      } = incoming;
      const inner = request({ host: "127.0.0.1", port: proxy.#upstream, path: url, method, headers }, (got) => {
        const chunks: Buffer[] = [];
        got.on("data", (chunk) => chunks.push(chunk));
        got.on("end", () => {
          const { "content-length": _, etag: __, ...kept } = got.headers;
          answer.writeHead(got.statusCode ?? 502, kept).end(proxy.#body(url ?? "", Buffer.concat(chunks)));
        });
      });
      inner.on("error", () => answer.destroy());
      incoming.pipe(inner);
    });
    const proxy = new RenewingProxy(port, http);
    await new Promise<void>((listening) => http.listen(port, "127.0.0.1", listening));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  before(server: Server): void {
    this.#upstream = server.port;
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((closed) => this.http.close(closed));
  }

  #body(path: string, body: Buffer): Buffer | string {
    if (path === "/") return body.toString().replace(/(keyleash-shell" content=")([\w-]+)/, `$1$2${this.renewed}`);
    // The version is the one text of that length in the worker that is no path.
    if (path === "/sw.js") return body.toString().replace(/"([\w-]{16})"/g, `"$1${this.renewed}"`);
    return body;
  }
}
