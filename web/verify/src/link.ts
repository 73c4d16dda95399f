/**
 * `<verify-link>`: says what a mail link asks for. Opening it changes nothing (mail scanners open links); only the button does.
 */

import { Keyleash } from "@keyleash/client";
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { failureOf } from "../../settings/src/failure.ts";
import { controls, tokens } from "../../settings/src/theme.ts";
import "./device.ts";
import "./panic.ts";
import "./reset.ts";
import "./signup.ts";
import { takeLink } from "./token.ts";

@customElement("verify-link")
export class VerifyLink extends LitElement {
  static override styles = [
    tokens,
    controls,
    css`
      main { max-width: 520px; margin: 0 auto; padding: 8vh 16px 48px; }
      .brand { font-weight: 650; }
    `,
  ];

  @state() private client: Keyleash | undefined;
  @state() private failure: string | undefined;
  readonly #link = takeLink();

  override connectedCallback(): void {
    super.connectedCallback();
    Keyleash.open().then(
      (client) => {
        this.client = client;
      },
      (error: unknown) => {
        this.failure = failureOf(error).message;
      },
    );
  }

  override render() {
    return html`
      <main class="stack">
        <p class="brand">Keyleash</p>
        <section class="card stack">
          ${this.failure ? html`<p class="error" role="alert">${this.failure}</p>` : nothing} ${this.#asked()}
        </section>
      </main>
    `;
  }

  #asked() {
    if (!this.#link) {
      return html`
        <h2>This link is not complete</h2>
        <p>Nothing was changed. Open the link from the mail again; if your mail program broke it into two lines, copy both.</p>
      `;
    }
    if (!this.client) return html`<p class="muted" role="status">One moment…</p>`;
    const link = this.#link;
    switch (link.kind) {
      case "signup":
        return html`<verify-signup .client=${this.client} .token=${link.token}></verify-signup>`;
      case "device":
        return html`<verify-device .client=${this.client} .token=${link.token}></verify-device>`;
      case "reset":
        return html`<verify-reset .client=${this.client} .token=${link.token}></verify-reset>`;
      case "panic":
        return html`<verify-panic .client=${this.client}></verify-panic>`;
    }
  }
}
