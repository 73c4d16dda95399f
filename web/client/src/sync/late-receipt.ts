/**
 * A removal that was heard over HTTP leaves no socket to confirm it over: the session that the device used is good for nothing
 * any more. Once somebody has logged in here again, this says hello as the removed device, hears why it was removed, and sends
 * the receipt that the owner still waits for.
 */

import { type Bytes, fromBase64Url } from "../bytes.ts";
import type { ClientMessage, RevokeReason, ServerMessage, UnixMillis } from "../protocol.gen.ts";

export interface RemovedDevice {
  greet(nonce: Bytes): Promise<Extract<ClientMessage, { type: "hello" }>>;
  /** Wipes what the reason asks for; resolves to whether everything is known to be gone. */
  wipe(reason: RevokeReason, at: UnixMillis): Promise<boolean>;
}

/**
 * Resolves to whether the receipt was sent. The server bounds the wait: it closes a socket that it has nothing to say to.
 */
export function confirmLate(socket: WebSocket, device: RemovedDevice): Promise<boolean> {
  return new Promise((resolve) => {
    let confirmed = false;
    const send = (message: ClientMessage) => socket.send(JSON.stringify(message));
    const handle = async (message: ServerMessage) => {
      switch (message.type) {
        case "challenge":
          return send(await device.greet(fromBase64Url(message.nonce)));
        case "revoked":
          send({ type: "receipt", at: Date.now(), wiped: await device.wipe(message.reason, message.at) });
          confirmed = true;
          return;
        default:
          // It is not removed any more.
          return socket.close();
      }
    };
    socket.onmessage = ({ data }) => void handle(JSON.parse(String(data))).catch(() => socket.close());
    socket.onclose = () => resolve(confirmed);
  });
}
