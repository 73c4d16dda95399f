/** The token of a mail link stands in the fragment, which browsers send to nobody; it leaves the address bar at once. */

const KINDS = ["signup", "device", "reset", "panic"] as const;
export type LinkKind = (typeof KINDS)[number];

export interface Link {
  readonly kind: LinkKind;
  readonly token: string;
}

/** Reads the link, and removes it from the address bar and the history. */
export function takeLink(): Link | undefined {
  const [kind, token] = location.hash.slice(1).split("=", 2);
  history.replaceState(null, "", location.pathname);
  const known = KINDS.find((each) => each === kind);
  return known && token ? { kind: known, token } : undefined;
}
