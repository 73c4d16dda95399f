/** `<demo-terminal>`: what a trading terminal with Keyleash in it looks like, as small as it can be shown. */

import { Keyleash, type Snapshot } from "@keyleash/client";
import { controls, failureOf, tokens } from "@keyleash/settings";
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import "./gate.ts";
import "./order.ts";

@customElement("demo-terminal")
export class DemoTerminal extends LitElement {
  static override styles = [
    tokens,
    controls,
    css`
      header { position: sticky; top: 0; z-index: 1; background: var(--surface); border-bottom: 1px solid var(--line); }
      .bar, main { max-width: 1240px; margin: 0 auto; padding: 12px 24px; }
      main { padding-block: 24px 48px; }
      .brand { display: flex; align-items: center; gap: 10px; font-weight: 650; letter-spacing: -0.01em; }
      .bar, .who { flex-wrap: nowrap; white-space: nowrap; }
      .brand svg { width: 24px; height: 24px; color: var(--accent); }
      .email { max-width: 16rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .desk { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); gap: 20px; align-items: start; }
      terminal-gate.alone { max-width: 420px; margin: 6vh auto 0; }
      @media (max-width: 1023px) { .desk { grid-template-columns: minmax(0, 1fr); } }
      @media (max-width: 599px) { .bar, main { padding-inline: 12px; } main { padding-top: 12px; } .email { display: none; } .bar { gap: 8px; } .brand, .who { gap: 6px; font-size: 0.93rem; } }
    `,
  ];

  @state() private client: Keyleash | undefined;
  @state() private snapshot: Snapshot | undefined;
  @state() private failure: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    Keyleash.open().then(
      (client) => {
        this.client = client;
        this.snapshot = client.state;
        client.onChange((snapshot) => {
          this.snapshot = snapshot;
        });
      },
      (error: unknown) => {
        this.failure = failureOf(error).message;
      },
    );
  }

  override render() {
    return html`
      <header>
        <div class="bar row spread">
          <span class="brand">${mark} Demo terminal</span>
          ${this.#whoIsIn()}
        </div>
      </header>
      <main>
        ${this.failure ? html`<p class="error" role="alert">${this.failure}</p>` : nothing} ${this.#page()}
      </main>
    `;
  }

  #whoIsIn() {
    const { client, snapshot } = this;
    if (!client || snapshot?.session.kind !== "in") return nothing;
    return html`
      <div class="row who">
        ${connectionBadge(snapshot)}
        <span class="muted small email">${snapshot.session.me.email}</span>
        <button class="small" @click=${() => this.#logOut(client)}>Log out</button>
      </div>
    `;
  }

  #page() {
    const { client, snapshot } = this;
    if (!client || !snapshot) return nothing;
    const status = html`<keyleash-status .client=${client}></keyleash-status>`;
    if (snapshot.session.kind !== "in" && snapshot.sync.kind !== "removed") {
      return html`${status} <terminal-gate class="alone" .client=${client}></terminal-gate>`;
    }
    return html`
      ${status}
      <div class="desk">
        <terminal-order .client=${client}></terminal-order>
        ${
          snapshot.session.kind === "in"
            ? html`<keyleash-settings without-status .client=${client}></keyleash-settings>`
            : html`<terminal-gate .client=${client}></terminal-gate>`
        }
      </div>
    `;
  }

  async #logOut(client: Keyleash) {
    this.failure = undefined;
    await client.logOut().catch((error: unknown) => {
      this.failure = failureOf(error).message;
    });
  }
}

function connectionBadge({ connection }: Snapshot) {
  switch (connection.kind) {
    case "live":
      return html`<span class="badge good dot">Live</span>`;
    case "connecting":
      return html`<span class="badge dot">Connecting</span>`;
    case "reconnecting":
      return html`<span class="badge warn dot">Reconnecting</span>`;
    case "stopped":
      return html`<span class="badge bad dot">Not connected</span>`;
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
