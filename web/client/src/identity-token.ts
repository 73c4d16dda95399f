/** What a vendor's token says of its holder. Not verified here, and no decision of trust: the server verifies it. */

import { fromBase64Url, fromUtf8 } from "./bytes.ts";

/** Tells one user of the vendor's from another; `undefined` for what is no JWT (RFC 7519). */
export function holderOf(token: string): string | undefined {
  try {
    const { iss, sub } = JSON.parse(fromUtf8(fromBase64Url(token.split(".")[1] ?? ""))) as Record<string, unknown>;
    return typeof sub === "string" ? JSON.stringify([iss, sub]) : undefined;
  } catch {
    return undefined;
  }
}
