/** A switch that shows what is so: it moves when the state does, not when it is touched. */

import { html } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { live } from "lit/directives/live.js";

export interface ToggleOptions {
  readonly on: boolean;
  readonly disabled: boolean;
  /** Asks for the other state. */
  readonly flip: () => void;
  /** For a screen reader, where no label stands around it. */
  readonly label?: string;
}

export function toggle({ on, disabled, flip, label }: ToggleOptions) {
  const touched = (event: Event) => {
    (event.currentTarget as HTMLInputElement).checked = on;
    flip();
  };
  return html`
    <input
      type="checkbox" role="switch" aria-label=${ifDefined(label)} .checked=${live(on)} ?disabled=${disabled} @change=${touched}
    />
  `;
}
