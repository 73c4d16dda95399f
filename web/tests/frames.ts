/** The messages on a page's socket, seen from outside the page. */
import type { Page } from "playwright-core";

export type Message = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface Frames {
  readonly sent: Message[];
  readonly received: Message[];
}

export function recordFrames(page: Page): Frames {
  const frames: Frames = { sent: [], received: [] };
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => frames.sent.push(JSON.parse(String(payload))));
    socket.on("framereceived", ({ payload }) => frames.received.push(JSON.parse(String(payload))));
  });
  return frames;
}
