/**
 * A message that stays for a while, with what can be done about it in that time: "Deleted. Undo (8)".
 *
 * It says when it goes and does not go by itself: whoever shows it knows what is so.
 */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { controls } from "./theme.ts";

const TICK_MS = 250;

@customElement("keyleash-toast")
export class Toast extends LitElement {
  static override styles = [
    controls,
    css`
      .toast {
        display: flex; align-items: center; gap: 12px; padding: 8px 8px 8px 16px; min-height: 52px; border-radius: var(--radius);
        background: light-dark(#20262f, #e8ebf0); color: light-dark(#f4f6f9, #171b22);
        box-shadow: 0 6px 24px light-dark(#171b2240, #0009);
      }
      .message { flex: 1; min-width: 0; overflow-wrap: anywhere; }
      .left { opacity: 0.75; min-width: 2.6em; text-align: right; }
      button { flex: none; background: transparent; border-color: color-mix(in oklab, currentColor 40%, transparent); color: inherit; }
      button:hover:not(:disabled) { background: color-mix(in oklab, currentColor 12%, transparent); border-color: currentColor; }
      :focus-visible { outline-color: currentColor; }
    `,
  ];

  @property() message = "";
  /** When it will be too late; counted down, for the eyes only. */
  @property({ type: Number }) until: number | undefined;
  @property() action = "";
  @property({ attribute: false }) act: (() => void) | undefined;
  @state() private now = Date.now();

  #ticker: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticker = setInterval(() => {
      this.now = Date.now();
    }, TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticker);
  }

  override render() {
    const left = this.until === undefined ? undefined : Math.max(0, Math.ceil((this.until - this.now) / 1000));
    return html`
      <div class="toast">
        <span class="message">${this.message}</span>
        ${left === undefined ? nothing : html`<span class="left small" aria-hidden="true">${left} s</span>`}
        ${this.act ? html`<button class="small" @click=${this.act}>${this.action}</button>` : nothing}
      </div>
    `;
  }
}
