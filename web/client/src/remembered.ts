/**
 * Who was logged in here last, kept from page to page, so that a page opened without the server knows whose storage to
 * look into. No secret: an id, an address, a few switches, and the vendor's name for its user.
 */

import type { Me } from "./protocol.gen.ts";

export interface Remembered {
  readonly me: Me;
  /** False once the session ended; what the owner did to this device is still to be shown. */
  readonly signedIn: boolean;
  /** Who the vendor says it is, if the login came from there. */
  readonly holder?: string;
}

export function recall(server: string): Remembered | undefined {
  const text = localStorage.getItem(storageKey(server));
  return text === null ? undefined : (JSON.parse(text) as Remembered);
}

export function remember(server: string, remembered: Remembered | undefined): void {
  if (remembered) localStorage.setItem(storageKey(server), JSON.stringify(remembered));
  else localStorage.removeItem(storageKey(server));
}

function storageKey(server: string): string {
  return `keyleash ${server}`;
}
