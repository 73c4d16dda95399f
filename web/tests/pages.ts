/**
 * A terminal's pages may come from another machine than Keyleash (a vendor's own server, a cache). This serves copies of them
 * in the browser while the server is down, so that what is tested is the client without its server, not an empty window.
 */
import type { BrowserContext } from "playwright-core";
import type { Server } from "./server.ts";

interface Copy {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export async function servePagesWithoutServer(server: Server) {
  const copies = new Map<string, Copy>();
  await copy(server, "/", copies);
  return {
    /** From now on, in this browser. */
    in: (context: BrowserContext) =>
      context.route(
        (url) => url.origin === server.url && copies.has(url.pathname),
        (route) => route.fulfill(copies.get(new URL(route.request().url()).pathname) ?? {}),
      ),
    /** No longer, in this browser. */
    out: (context: BrowserContext) => context.unrouteAll(),
  };
}

/** Copies a file, and every script and style sheet that it names. */
async function copy(server: Server, path: string, copies: Map<string, Copy>): Promise<void> {
  if (copies.has(path)) return;
  const answer = await fetch(server.url + path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  const headers = Object.fromEntries(answer.headers);
  delete headers["content-encoding"];
  delete headers["content-length"];
  const body = Buffer.from(await answer.arrayBuffer());
  copies.set(path, { headers, body });
  for (const [, name = ""] of body.toString().matchAll(/["'](\.{0,2}\/[\w/-]+\.(?:js|css))["']/g)) {
    await copy(server, new URL(name, server.url + path).pathname, copies);
  }
}
