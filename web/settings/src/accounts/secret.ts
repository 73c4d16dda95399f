/**
 * One field of a stored credential, to be read and copied. A secret is dots until it is asked for, and dots again after a
 * while, and as soon as nobody looks: when the window is left or hidden.
 *
 * Owns a secret's text only while that is on the screen.
 */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { failureOf } from "../failure.ts";
import { textsFor } from "../texts/texts.ts";
import { controls } from "../theme.ts";

/** Long enough to read it off to another screen. */
const SHOWN_MS = 30_000;

@customElement("keyleash-secret")
export class SecretField extends LitElement {
  static override styles = [
    controls,
    css`
      .line { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 6px 10px; }
      .text { flex: 1 1 12rem; min-width: 0; padding-top: 5px; overflow-wrap: anywhere; white-space: pre-wrap; }
      .dots { flex-basis: 7rem; letter-spacing: 0.15em; user-select: none; color: var(--muted); }
      .buttons { display: flex; gap: 6px; }
      @media (pointer: coarse) { button.small { min-height: 44px; } .text { padding-top: 10px; } }
    `,
  ];

  @property() label = "";
  @property({ type: Boolean }) secret = false;
  /** To be read only. */
  @property({ type: Boolean, attribute: "without-copy" }) withoutCopy = false;
  /** Fetches the text, which is not kept beyond its use. */
  @property({ attribute: false }) read!: () => Promise<string>;
  @property({ attribute: false }) copy!: (text: string, what: string) => Promise<void>;
  @state() private shown: string | undefined;
  @state() private failure = "";

  #timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("blur", this.#hide);
    addEventListener("pagehide", this.#hide);
    document.addEventListener("visibilitychange", this.#hide);
    if (!this.secret) void this.#show();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("blur", this.#hide);
    removeEventListener("pagehide", this.#hide);
    document.removeEventListener("visibilitychange", this.#hide);
    clearTimeout(this.#timer);
    this.shown = undefined;
  }

  override render() {
    const { detail } = textsFor(this).accounts;
    const { shown, secret, label } = this;
    return html`
      <div class="line">
        ${
          shown === undefined
            ? html`<span class="text dots">${secret ? html`<span aria-hidden="true">••••••••••••</span>` : nothing}</span>`
            : html`<span class="text mono" data-shown=${secret ? "secret" : "open"}>${shown}</span>`
        }
        <span class="buttons">
          ${
            secret
              ? html`<button class="small" aria-pressed=${shown !== undefined} aria-label=${detail.showField(label, shown !== undefined)} @click=${this.#toggle}>${shown === undefined ? detail.show : detail.hide}</button>`
              : nothing
          }
          ${this.withoutCopy ? nothing : html`<button class="small" aria-label=${detail.copyField(label)} @click=${this.#copy}>${detail.copy}</button>`}
        </span>
      </div>
      ${this.failure ? html`<p class="error" role="alert">${this.failure}</p>` : nothing}
    `;
  }

  #toggle = () => (this.shown === undefined ? void this.#show() : this.#forget());

  async #show(): Promise<void> {
    await this.#attempt(async () => {
      this.shown = await this.read();
      if (this.secret) this.#timer = setTimeout(this.#hide, SHOWN_MS);
    });
  }

  #copy = () => this.#attempt(async () => this.copy(await this.read(), this.label));

  #hide = () => {
    if (this.secret) this.#forget();
  };

  #forget(): void {
    clearTimeout(this.#timer);
    this.shown = undefined;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.failure = "";
    try {
      await work();
    } catch (error) {
      this.failure = failureOf(error, textsFor(this)).message;
    }
  }
}
