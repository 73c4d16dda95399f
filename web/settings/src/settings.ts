/**
 * `<keyleash-settings>`: the panel as a whole. A terminal puts it where its settings are, and either gives it the client that
 * it has, or names the server and lets the panel open one.
 */

import type { Client, Identity } from "@keyleash/client";
import { css, html, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import "./accounts/accounts.ts";
import "./general.ts";
import { failureOf } from "./failure.ts";
import { LiveElement } from "./live.ts";
import "./login.ts";
import { hostOf, type Obstacle, obstacle, openOnce } from "./opening.ts";
import type { AccountsTab, Section } from "./places.ts";
import "./security.ts";
import "./status.ts";
import "./sync.ts";
import { tabList } from "./tabs.ts";
import { controls, tokens } from "./theme.ts";

const SECTIONS: readonly Section[] = ["general", "accounts", "security"];
const TABS: readonly AccountsTab[] = ["accounts", "sync"];

/**
 * @fires keyleash-ready - once there is a client, whoever opened it; it is the event's `detail`, and `client` of the element
 */
@customElement("keyleash-settings")
export class KeyleashSettings extends LiveElement {
  static override styles = [
    tokens,
    controls,
    css`
      [role="tablist"] { display: flex; gap: 4px; border-bottom: 1px solid var(--line); }
      [role="tab"] { border: 0; border-bottom: 2px solid transparent; border-radius: 0; background: none; color: var(--muted); padding: 10px 12px; margin-bottom: -1px; }
      [role="tab"]:hover:not(:disabled) { background: none; color: var(--text); }
      [role="tab"][aria-selected="true"] { color: var(--text); border-bottom-color: var(--accent); }
      .inner [role="tab"] { text-transform: uppercase; letter-spacing: 0.06em; font-size: 0.8rem; }
      .alone { max-width: 26rem; margin-inline: auto; }
      .banner { margin-bottom: 16px; }
      @media (max-width: 599px) { .card { padding: 14px; } }
    `,
  ];

  static override get observedAttributes(): string[] {
    // biome-ignore lint/complexity/noThisInStatic: Lit's getter adds the attributes of the class that it is asked on
    return [...super.observedAttributes, "lang"];
  }

  /** Origin of the Keyleash server. With it the panel opens the client itself, unless it is given one. */
  @property() server: string | undefined;
  /**
   * Of a vendor who keeps the login, with `server`: asks for a fresh token of the user who is logged in there, or for
   * `undefined` when nobody is. A client that the page opens itself is given it there.
   */
  @property({ attribute: false }) identity: Identity | undefined;
  /** The page shows `<keyleash-status>` itself, in a better place. */
  @property({ type: Boolean, attribute: "without-status" }) withoutStatus = false;
  @property() section: Section = "accounts";
  @state() private tab: AccountsTab = "accounts";
  @state() private inTheWay: Obstacle | undefined;
  /** The server that the client is being opened for. */
  #opening: string | undefined;
  /** The client that it opened, if that is the one it shows. */
  #own: Client | undefined;

  /** Leads to a place in the panel. */
  open(section: Section, tab: AccountsTab = this.tab): void {
    this.section = section;
    this.tab = tab;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("securitypolicyviolation", this.#heedPolicy);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("securitypolicyviolation", this.#heedPolicy);
  }

  override attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    super.attributeChangedCallback(name, before, value);
    if (name === "lang") this.requestUpdate();
  }

  protected override shouldUpdate(): boolean {
    return true;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { server, client } = this;
    if (server === undefined) return;
    if (!client && this.#opening !== server) void this.#open(server);
    else if (changed.has("identity") && client === this.#own) void this.#vouchedFor(server);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("client") && this.client) this.#tellThatReady(this.client);
    if (this.client && this.snapshot.session.kind === "unknown") void this.#lookForObstacle();
  }

  override render() {
    // Every view reads its texts as it is drawn: another language draws them all anew.
    return keyed(this.texts.language, this.#content());
  }

  #content() {
    if (!this.client) return this.#without();
    switch (this.snapshot.session.kind) {
      case "unknown":
        return this.#unanswered();
      case "none":
      case "second_factor":
        return html`
          ${this.#status()}
          <div class="card alone"><keyleash-login .client=${this.client}></keyleash-login></div>
        `;
      case "in":
        return this.#panel(this.client);
    }
  }

  /** No client: it is being opened, could not be, or nobody gave or named one. */
  #without() {
    const { opening } = this.texts;
    if (this.failure) {
      return html`
        <div class="card stack" role="alert">
          <div class="stack tight"><h3>${opening.failed}</h3><p class="muted">${this.failure.message}</p></div>
          <div><button @click=${this.#tryAgain}>${opening.tryAgain}</button></div>
        </div>
      `;
    }
    if (this.server === undefined) return nothing;
    return html`<div class="card"><p class="muted" role="status">${opening.connecting(hostOf(this.server))}</p></div>`;
  }

  #unanswered() {
    const { opening } = this.texts;
    const server = hostOf(this.client.server);
    if (!this.inTheWay)
      return html`<div class="card"><p class="muted" role="status">${opening.connecting(server)}</p></div>`;
    return html`
      <div class="card stack" role="alert">
        ${this.#explained(this.inTheWay)}
        <div><button ?disabled=${this.busy} @click=${this.#askAgain}>${opening.tryAgain}</button></div>
      </div>
    `;
  }

  #explained(inTheWay: Obstacle) {
    const { title, why } = this.texts.opening.obstacles[inTheWay](hostOf(this.client.server), location.origin);
    return html`<div class="stack tight"><h3>${title}</h3><p class="muted">${why}</p></div>`;
  }

  #panel(client: Client) {
    const { title, sections } = this.texts.settings;
    return html`
      <div>
        ${this.#status()}
        ${this.inTheWay === "policy" ? html`<div class="banner" role="alert">${this.#explained(this.inTheWay)}</div>` : nothing}
        <div class="card stack">
          ${tabList(title, SECTIONS, sections, this.section, (id) => this.open(id))}
          <div role="tabpanel" aria-label=${title}>${this.#section(client)}</div>
        </div>
      </div>
    `;
  }

  #status() {
    return this.withoutStatus
      ? nothing
      : html`<keyleash-status .client=${this.client} .open=${this.#lead}></keyleash-status>`;
  }

  #section(client: Client) {
    const { sections, tabs } = this.texts.settings;
    switch (this.section) {
      case "general":
        return html`<keyleash-general .client=${client} .open=${this.#lead}></keyleash-general>`;
      case "accounts":
        return html`
          <div class="stack inner">
            ${tabList(sections.accounts, TABS, tabs, this.tab, (id) => this.open("accounts", id))}
            ${
              this.tab === "accounts"
                ? html`<keyleash-accounts .client=${client} .openSync=${this.#openSync}></keyleash-accounts>`
                : html`<keyleash-sync .client=${client} .open=${this.#lead}></keyleash-sync>`
            }
          </div>
        `;
      case "security":
        return html`<keyleash-security .client=${client}></keyleash-security>`;
    }
  }

  #lead = (section: Section, tab?: AccountsTab) => this.open(section, tab);
  #openSync = () => this.open("accounts", "sync");

  async #open(server: string): Promise<void> {
    this.#opening = server;
    this.failure = undefined;
    if (server !== "" && !URL.canParse(server)) {
      this.failure = { message: this.texts.opening.badAddress(server), fields: {} };
      return;
    }
    try {
      const client = await openOnce(server, this.identity);
      // In the meantime the page may have given another one, or named another server.
      if (this.#opening === server && !this.client) this.client = this.#own = client;
    } catch (error) {
      this.failure = failureOf(error, this.texts);
    }
  }

  /** The page says who is there only after the client was opened, or says somebody else. */
  async #vouchedFor(server: string): Promise<void> {
    const client = await openOnce(server, this.identity).catch(() => undefined);
    await client?.refreshSession();
  }

  #tryAgain = () => {
    this.#opening = undefined;
    this.requestUpdate();
  };

  async #lookForObstacle(): Promise<void> {
    if (this.inTheWay) return;
    this.inTheWay = await obstacle(this.client.server);
  }

  /** The policy may let the calls pass and not the socket: then all else works, and nothing ever arrives. */
  #heedPolicy = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent) => {
    const ours = this.client && hostOf(blockedURI) === hostOf(this.client.server);
    if (ours && effectiveDirective === "connect-src") this.inTheWay = "policy";
  };

  #askAgain = () =>
    this.attempt(async () => {
      await this.client.refreshSession();
      this.inTheWay = undefined;
    });

  #tellThatReady(client: Client): void {
    this.dispatchEvent(new CustomEvent("keyleash-ready", { detail: client, bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "keyleash-settings": KeyleashSettings;
  }
  interface HTMLElementEventMap {
    "keyleash-ready": CustomEvent<Client>;
  }
}
