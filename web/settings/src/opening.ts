/**
 * The client that a panel opens for itself, when its page gave it none.
 *
 * One for each server and page: panels come and go with a dialog, while the terminal goes on signing with what they opened.
 */

import { type Client, type Identity, Keyleash } from "@keyleash/client";

/** Of each server: its client, and the vendor's login of the panel that said last what it is. */
interface Opened {
  readonly client: Promise<Client>;
  identity: Identity | undefined;
}

const opened = new Map<string, Opened>();

/** `server` as it stands in the attribute: an origin, or nothing for the page's own. */
export async function openOnce(server: string, identity: Identity | undefined): Promise<Client> {
  const origin = server === "" ? location.origin : new URL(server).origin;
  const known = opened.get(origin);
  if (known) {
    if (identity) known.identity = identity;
    return known.client;
  }
  const entry: Opened = {
    // Whoever vouches for nobody leaves it to the log-in form: a page may say only later who is there.
    client: Keyleash.open({ server: origin, identity: async () => entry.identity?.() }),
    identity,
  };
  opened.set(origin, entry);
  // What failed may go better the next time.
  entry.client.catch(() => opened.delete(origin));
  return entry.client;
}

/**
 * What may stand between this page and the server. A browser tells a script only that a request failed, so each of the
 * others is found out by a request that anybody may make.
 */
export type Obstacle =
  /** Nobody answers: the server is down, the address is wrong, or there is no network. */
  | "silent"
  /** It answers everybody, but not this page: its origin is not one of the server's `http.allowed_origins`. */
  | "origin"
  /** The page's own content security policy forbids the request: `connect-src` does not name the server. */
  | "policy";

/** Looks for it. Best asked after the client could not reach the server. */
export async function obstacle(server: string): Promise<Obstacle> {
  const open = new URL("/embed/keyleash-client.js", server);
  let forbidden = false;
  const hear = ({ effectiveDirective }: SecurityPolicyViolationEvent) => {
    if (effectiveDirective === "connect-src") forbidden = true;
  };
  document.addEventListener("securitypolicyviolation", hear);
  try {
    const answer = await fetch(open, { cache: "no-store", credentials: "omit" });
    return answer.ok ? "origin" : "silent";
  } catch {
    // The violation is told in a task of its own, which may come after the request's end.
    await new Promise((resolve) => setTimeout(resolve));
    return forbidden ? "policy" : "silent";
  } finally {
    document.removeEventListener("securitypolicyviolation", hear);
  }
}

/** The server as people know it. */
export function hostOf(server: string): string {
  if (server === "") return location.host;
  return URL.canParse(server) ? new URL(server).host : server;
}
