/**
 * `<demo-terminal>`: what a trading terminal with Keyleash in it looks like, as small as it can be shown. It is built of what
 * every vendor has: the client, the three elements of the panel, and its own style sheet (`../page.css`).
 */

import { type Client, Keyleash, type Snapshot } from "@keyleash/client";
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import "@keyleash/settings";
import "./order.ts";
import "./updates.ts";

/** The terminal itself is English; the panel in it speaks the reader's language, where it can. */
const PANEL_LANGUAGE =
  navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag === "de" || tag === "en") ?? "en";

@customElement("demo-terminal")
export class DemoTerminal extends LitElement {
  @state() private client: Client | undefined;
  @state() private snapshot: Snapshot | undefined;
  @state() private failure: string | undefined;

  /** In the page itself, whose style sheet then holds for it. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#open();
  }

  override render() {
    return html`
      <header class="top">
        <div class="bar">
          <span class="brand">${mark} Demo terminal</span>
          ${this.#whoIsIn()}
        </div>
      </header>
      <main>
        <terminal-updates></terminal-updates>
        ${this.failure ? html`<p class="error" role="alert">${this.failure}</p>` : nothing} ${this.#page()}
      </main>
    `;
  }

  #whoIsIn() {
    const { client, snapshot } = this;
    if (!client || snapshot?.session.kind !== "in") return nothing;
    return html`
      <div class="who">
        ${connectionBadge(snapshot)}
        <span class="email">${snapshot.session.me.email}</span>
        <button @click=${() => this.#logOut(client)}>Log out</button>
      </div>
    `;
  }

  #page() {
    const { client, snapshot } = this;
    if (!client || !snapshot) return nothing;
    const status = html`<keyleash-status lang=${PANEL_LANGUAGE} .client=${client}></keyleash-status>`;
    const signedIn = snapshot.session.kind === "in";
    const settings = html`<keyleash-settings lang=${PANEL_LANGUAGE} without-status .client=${client}></keyleash-settings>`;
    // A removed device still says so at the order form, beside the log-in.
    if (!signedIn && snapshot.sync.kind !== "removed") {
      return html`<div class="alone">${status}${settings}</div>`;
    }
    return html`
      ${status}
      <div class="desk">
        <terminal-order .client=${client} .snapshot=${snapshot}></terminal-order>
        ${settings}
      </div>
    `;
  }

  async #open() {
    try {
      const client = await Keyleash.open();
      this.client = client;
      this.snapshot = client.state;
      client.onChange((snapshot) => {
        this.snapshot = snapshot;
      });
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  async #logOut(client: Client) {
    this.failure = undefined;
    try {
      await client.logOut();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }
}

function connectionBadge({ connection }: Snapshot) {
  switch (connection.kind) {
    case "live":
      return html`<span class="badge good">Live</span>`;
    case "connecting":
      return html`<span class="badge">Connecting</span>`;
    case "reconnecting":
      return html`<span class="badge warn">Reconnecting</span>`;
    case "stopped":
      return html`<span class="badge bad">Not connected</span>`;
    case "offline":
      return html`<span class="badge">Sync off</span>`;
  }
}

const mark = html`
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
    <circle cx="8" cy="8" r="4.5" />
    <path d="M11.2 11.2 20 20m-3.2-3.2 2.4-2.4M14 14l2-2" />
  </svg>
`;
