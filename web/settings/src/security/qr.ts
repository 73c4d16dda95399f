/**
 * The QR code drawn as elements of the page. An `<img>` with a `data:` address would ask every page that embeds the panel to
 * allow those in its content security policy, and parsing SVG text asks for an exception from Trusted Types.
 */

import { html, nothing, svg } from "lit";

export interface QrShape {
  /** Modules along one side, with the quiet border. */
  readonly side: number;
  /** The dark modules. */
  readonly path: string;
}

/** Takes the drawing out of the server's SVG: a square view, and one path made of moves and lines. */
export function qrShape(text: string): QrShape | undefined {
  const side = text.match(/viewBox="0 0 (\d+) \1"/)?.[1];
  const path = text.match(/<path d="([MmHhVvLlZz\d\s,.-]+)"/)?.[1];
  return side && path ? { side: Number(side), path } : undefined;
}

export function qrCode(text: string, label: string) {
  const shape = qrShape(text);
  if (!shape) return nothing;
  // Read by cameras: dark on light, in dark mode too.
  return html`
    <svg class="qr" role="img" aria-label=${label} viewBox="0 0 ${shape.side} ${shape.side}" shape-rendering="crispEdges">
      ${svg`<rect width=${shape.side} height=${shape.side} fill="#fff" /><path d=${shape.path} fill="#000" />`}
    </svg>
  `;
}
