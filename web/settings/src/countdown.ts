/** `<keyleash-countdown>`: what is left until a moment. Seen each second, said to a screen reader only when it is asked. */

import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Clock, countdownChangesIn } from "./clock.ts";
import { countdown } from "./words.ts";

@customElement("keyleash-countdown")
export class Countdown extends LitElement {
  static override styles = css`
    :host { display: inline; font-variant-numeric: tabular-nums; white-space: nowrap; }
  `;

  /** Milliseconds since 1970. */
  @property({ type: Number }) until = 0;
  /** What the countdown is of, for a screen reader. */
  @property() label = "";
  /** Called once when the time is over. */
  @property({ attribute: false }) over: (() => void) | undefined;

  readonly #clock = new Clock(this, (now) => countdownChangesIn(this.until, now));
  #told = false;

  override render() {
    return html`<span role="timer" aria-label=${this.label}>${countdown(this.until - this.#clock.now)}</span>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("until")) this.#told = false;
    if (this.#told || this.until > this.#clock.now) return;
    this.#told = true;
    this.over?.();
  }
}
