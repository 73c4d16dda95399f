/** What a close code of the socket asks of this browser; the table itself is `CloseCode`, generated from the protocol. */

import { CloseCode } from "../protocol.gen.ts";
import type { StopReason } from "../state.ts";

export type CloseRuling =
  | { readonly kind: "come_back" }
  /** The session or the device is in doubt: the server is asked over HTTP. */
  | { readonly kind: "ask" }
  | { readonly kind: "stop"; readonly why: StopReason };

/** Codes from here on are final. */
const FINAL_FROM = 4500;

export function closeRuling(code: number): CloseRuling {
  switch (code) {
    case CloseCode.revoked:
    case CloseCode.unauthorised:
      return { kind: "ask" };
    case CloseCode.unsupported_version:
      return { kind: "stop", why: "outdated" };
    case CloseCode.frame_too_large:
    case CloseCode.protocol_error:
      return { kind: "stop", why: "not_understood" };
    default:
      return code >= FINAL_FROM && code < 5000 ? { kind: "stop", why: "closed_for_good" } : { kind: "come_back" };
  }
}
