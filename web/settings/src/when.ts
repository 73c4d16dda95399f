/** `<keyleash-when>`: how long ago something was, kept up to date; the exact moment on hover and focus. */

import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Clock } from "./clock.ts";
import { textsFor } from "./texts/texts.ts";
import { ago, agoChangesIn, moment } from "./words.ts";

/** Between the exact moment and what is around it. */
const GAP_PX = 6;

@customElement("keyleash-when")
export class When extends LitElement {
  static override styles = css`
    :host { display: inline; position: relative; white-space: nowrap; }
    time { border-radius: 2px; text-decoration: underline dotted 1px; text-decoration-color: var(--line-strong); text-underline-offset: 3px; }
    time.plain { text-decoration: none; }
    time:focus-visible { outline: var(--focus); outline-offset: 2px; }
    /* Fixed: wherever it stands in a narrow list, it is not cut off. */
    .exact {
      display: none; position: fixed; z-index: 9; padding: 3px 9px; white-space: nowrap; pointer-events: none;
      color: var(--text); background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius-small);
      box-shadow: var(--shadow); font-size: var(--font-size-xs); font-weight: 400;
    }
    time:hover + .exact, time:focus + .exact { display: block; }
  `;

  /** Milliseconds since 1970. */
  @property({ type: Number }) at = 0;

  readonly #clock = new Clock(this, (now) => agoChangesIn(this.at, now));

  override render() {
    const texts = textsFor(this);
    const exact = moment(this.at, texts);
    const words = ago(this.at, texts, this.#clock.now);
    const datetime = new Date(this.at).toISOString();
    if (words === exact) return html`<time class="plain" datetime=${datetime}>${words}</time>`;
    return html`<time datetime=${datetime} tabindex="0" aria-describedby="exact" @pointerenter=${this.#place} @focus=${this.#place}>${words}</time><span class="exact" id="exact" role="tooltip">${exact}</span>`;
  }

  /** Above the words, and inside of the window. */
  #place = (event: Event) => {
    const words = event.currentTarget as HTMLElement;
    const exact = words.nextElementSibling as HTMLElement;
    const { left, top } = words.getBoundingClientRect();
    exact.style.bottom = `${innerHeight - top + GAP_PX}px`;
    exact.style.left = "0";
    requestAnimationFrame(() => {
      exact.style.left = `${Math.max(GAP_PX, Math.min(left, innerWidth - exact.offsetWidth - GAP_PX))}px`;
    });
  };
}
