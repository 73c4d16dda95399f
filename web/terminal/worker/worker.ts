/**
 * The terminal's service worker: lets the page start without a network, where it shows that it is locked and why.
 *
 * Owns one cache, of the files that the page is made of. Must never touch anything else: what the API answers is not looked
 * at, not kept, and not made up.
 *
 * While there is a network the page always comes from the server, so that a new version needs nobody's consent. A file with
 * its hash in its name comes from the cache, which therefore stays until the last page of its version is closed: the worker
 * of the next version waits for that, as browsers have it, and deletes it then.
 */

declare const self: ServiceWorkerGlobalScope;
/** Set by the build: the hash of all the files, and their paths. */
declare const SHELL_VERSION: string;
declare const SHELL_FILES: readonly string[];

const CACHE_PREFIX = "keyleash-shell-";
const CACHE = CACHE_PREFIX + SHELL_VERSION;
/** A page that waits for a server that says nothing is of no use; what is here is. */
const NETWORK_MS_MAX = 5_000;

self.addEventListener("install", (event) => {
  const fresh = SHELL_FILES.map((path) => new Request(path, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(deleteOthers());
});

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || !SHELL_FILES.includes(pathname)) return;
  event.respondWith(pathname.startsWith("/embed/") ? kept(event.request) : newest(event.request));
});

/** A page asks which version this is, to know whether it is older. */
self.addEventListener("message", ({ ports }) => ports[0]?.postMessage(SHELL_VERSION));

async function kept(request: Request): Promise<Response> {
  return (await fromCache(request)) ?? fetch(request);
}

async function newest(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(NETWORK_MS_MAX) });
    // A balancer with no server behind it.
    if (answer.status < 500) return answer;
  } catch {
    // No network, or nobody who answers.
  }
  return (await fromCache(request)) ?? Response.error();
}

async function fromCache(request: Request): Promise<Response | undefined> {
  const cache = await caches.open(CACHE);
  return cache.match(request, { ignoreSearch: true });
}

async function deleteOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE).map((name) => caches.delete(name)),
  );
}
