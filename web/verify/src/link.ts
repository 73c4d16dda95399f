/**
 * `<verify-link>`: says what a mail link asks for. Opening it changes nothing (mail scanners open links); only the button does.
 */

import type { Client } from "@keyleash/client";
import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { failureOf } from "../../settings/src/failure.ts";
import { textsFor } from "../../settings/src/texts/texts.ts";
import { controls, tokens } from "../../settings/src/theme.ts";
import "./device.ts";
import "./panic.ts";
import "./reset.ts";
import "./signup.ts";
import type { Link } from "./token.ts";

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

  @property({ attribute: false }) link: Link | undefined;
  @property({ attribute: false }) opening!: Promise<Client>;
  @state() private client: Client | undefined;
  @state() private failure: string | undefined;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("opening")) void this.#open();
  }

  override render() {
    return html`
      <main class="stack">
        <p class="brand">Keyleash</p>
        <section class="card stack">
          ${this.failure ? html`<p class="error" role="alert">${this.failure}</p>` : this.#asked()}
        </section>
      </main>
    `;
  }

  #asked() {
    const { client, link } = this;
    const { verify } = textsFor(this);
    if (!link) return html`<h2>${verify.incomplete}</h2><p>${verify.incompleteMeans}</p>`;
    if (!client) return html`<p class="muted" role="status">${verify.oneMoment}</p>`;
    switch (link.kind) {
      case "signup":
        return html`<verify-signup .client=${client} .token=${link.token}></verify-signup>`;
      case "device":
        return html`<verify-device .client=${client} .token=${link.token}></verify-device>`;
      case "reset":
        return html`<verify-reset .client=${client} .token=${link.token}></verify-reset>`;
      case "panic":
        return html`<verify-panic .client=${client}></verify-panic>`;
    }
  }

  async #open() {
    try {
      this.client = await this.opening;
    } catch (error) {
      this.failure = failureOf(error, textsFor(this)).message;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "verify-link": VerifyLink;
  }
}
