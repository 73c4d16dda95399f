/** A small picture of the kind of device, told by its user agent. Says nothing that the words beside it do not say. */

import { browserParts, type DeviceForm } from "@keyleash/client";
import { html, svg } from "lit";

const SHAPES: Record<DeviceForm, ReturnType<typeof svg>> = {
  desktop: svg`<rect x="3" y="4" width="18" height="12" rx="1.8" /><path d="M9 20h6M12 16v4" />`,
  phone: svg`<rect x="7" y="2.8" width="10" height="18.4" rx="2.2" /><path d="M11 18.4h2" />`,
  tablet: svg`<rect x="4.5" y="2.8" width="15" height="18.4" rx="2.2" /><path d="M11 18.4h2" />`,
};

export function deviceMark(userAgent: string) {
  return html`
    <svg viewBox="0 0 24 24" width="28" height="28" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      ${SHAPES[browserParts(userAgent).form]}
    </svg>
  `;
}
