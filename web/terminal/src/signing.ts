/**
 * A sample order and its signature. Real exchanges each have their own way; here it is HMAC-SHA256 over one canonical text,
 * so that a signature can be checked against the same secret on another device.
 */

import type { Credential } from "@keyleash/client";
import { exchangeById } from "@keyleash/client/exchanges";

export interface Order {
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly price: string;
}

/** The text that is signed: the parts in alphabetical order, as in a query string. */
export function canonical({ price, quantity, side, symbol }: Order): string {
  return new URLSearchParams({ price, quantity, side, symbol }).toString();
}

/** HMAC-SHA256 under the credential's first secret field, in hexadecimal. */
export async function sign(order: Order, credential: Credential): Promise<string> {
  const kind = exchangeById(credential.exchange)?.kinds.find((each) => each.id === credential.kind);
  const secret = credential.fields[kind?.fields.find((each) => each.secret)?.id ?? "secret"] ?? "";
  const bytes = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  bytes.fill(0);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(canonical(order)));
  return Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
