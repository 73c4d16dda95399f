/** What a close code of the socket asks of this browser; the table itself is `CloseCode`, generated from the protocol. */

import { CloseCode } from "../protocol.gen.ts";

export type CloseRuling =
  | { readonly kind: "come_back" }
  /** The session or the device is in doubt: the server is asked over HTTP. */
  | { readonly kind: "ask" }
  | { readonly kind: "stop"; readonly detail: string };

/** Codes from here on are final. */
const FINAL_FROM = 4500;

export function closeRuling(code: number): CloseRuling {
  switch (code) {
    case CloseCode.revoked:
    case CloseCode.unauthorised:
      return { kind: "ask" };
    case CloseCode.unsupported_version:
      return { kind: "stop", detail: "This page is older than the server. Reload it." };
    case CloseCode.frame_too_large:
    case CloseCode.protocol_error:
      return { kind: "stop", detail: "The server did not understand this page. Reload it." };
    default:
      return code >= FINAL_FROM && code < 5000
        ? { kind: "stop", detail: `The server closed the connection for good (${code}). Reload the page.` }
        : { kind: "come_back" };
  }
}
