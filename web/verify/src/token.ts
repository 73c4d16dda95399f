/** What a mail link asks for stands in the fragment, which browsers send to nobody; it leaves the address bar at once. */

const WITH_TOKEN = ["signup", "device", "reset"] as const;

export type Link =
  | { readonly kind: (typeof WITH_TOKEN)[number]; readonly token: string }
  /** Proves nothing by itself, and so needs no token: it takes the owner's login and a code. */
  | { readonly kind: "panic" };

/** Reads the link, and removes it from the address bar and the history. */
export function takeLink(): Link | undefined {
  const [name, token] = location.hash.slice(1).split("=", 2);
  history.replaceState(null, "", location.pathname);
  if (name === "panic") return { kind: "panic" };
  const kind = WITH_TOKEN.find((each) => each === name);
  return kind && token ? { kind, token } : undefined;
}
