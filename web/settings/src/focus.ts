/**
 * Where the focus goes when something that was opened in place is closed again: back to what opened it, so that who uses the
 * keyboard goes on where they were.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";

type Host = ReactiveControllerHost & { readonly shadowRoot: ShadowRoot | null };

export class ReturningFocus implements ReactiveController {
  #opener: HTMLElement | undefined;

  constructor(private readonly host: Host) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#opener = undefined;
  }

  /** Call it when something opens. */
  opened(): void {
    this.#opener = focused(this.host.shadowRoot);
  }

  /** Call it when it closes. `otherwise` is a selector for where to go when what opened it is gone. */
  async closed(otherwise?: string): Promise<void> {
    const opener = this.#opener;
    this.#opener = undefined;
    await this.host.updateComplete;
    const fallback = otherwise ? this.host.shadowRoot?.querySelector<HTMLElement>(otherwise) : undefined;
    (opener?.isConnected ? opener : fallback)?.focus();
  }
}

/** What has the focus, also inside of the elements of which this root knows only the outermost. */
function focused(root: ShadowRoot | null): HTMLElement | undefined {
  const { activeElement } = root ?? {};
  if (!(activeElement instanceof HTMLElement)) return undefined;
  return focused(activeElement.shadowRoot) ?? activeElement;
}
