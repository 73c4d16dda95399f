/** `<keyleash-settings>`: the panel as a whole. A terminal gives it the client and puts it where its settings are. */

import type { Client } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "./accounts.ts";
import "./general.ts";
import { LiveElement } from "./live.ts";
import "./security.ts";
import "./status.ts";
import "./sync.ts";
import { controls, tokens } from "./theme.ts";

export type Section = "general" | "accounts" | "security";
export type AccountsTab = "accounts" | "sync";

const SECTIONS: readonly Section[] = ["general", "accounts", "security"];
const TABS: readonly AccountsTab[] = ["accounts", "sync"];

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
      @media (max-width: 599px) { .card { padding: 14px; } }
    `,
  ];

  /** The page shows `<keyleash-status>` itself, in a better place. */
  @property({ type: Boolean, attribute: "without-status" }) withoutStatus = false;
  @property() section: Section = "accounts";
  @state() private tab: AccountsTab = "accounts";

  /** Leads to a place in the panel. */
  open(section: Section, tab: AccountsTab = this.tab): void {
    this.section = section;
    this.tab = tab;
  }

  override render() {
    if (this.snapshot.session.kind !== "in") return nothing;
    const { title, sections } = this.texts.settings;
    return html`
      <div>
        ${this.withoutStatus ? nothing : html`<keyleash-status .client=${this.client}></keyleash-status>`}
        <div class="card stack">
          ${tabList(title, SECTIONS, sections, this.section, (id) => this.open(id))}
          <div role="tabpanel" aria-label=${title}>${this.#panel(this.client)}</div>
        </div>
      </div>
    `;
  }

  #panel(client: Client) {
    const { sections, tabs } = this.texts.settings;
    switch (this.section) {
      case "general":
        return html`<keyleash-general .client=${client} .openSecurity=${this.#openSecurity} .openSync=${this.#openSync}></keyleash-general>`;
      case "accounts":
        return html`
          <div class="stack inner">
            ${tabList(sections.accounts, TABS, tabs, this.tab, (id) => this.open("accounts", id))}
            ${
              this.tab === "accounts"
                ? html`<keyleash-accounts .client=${client} .openSync=${this.#openSync}></keyleash-accounts>`
                : html`<keyleash-sync .client=${client} .openSecurity=${this.#openSecurity}></keyleash-sync>`
            }
          </div>
        `;
      case "security":
        return html`<keyleash-security .client=${client}></keyleash-security>`;
    }
  }

  #openSecurity = () => this.open("security");
  #openSync = () => this.open("accounts", "sync");
}

/** Tabs by the ARIA pattern: arrows move between them, and only the chosen one is in the tab order. */
function tabList<T extends string>(
  label: string,
  tabs: readonly T[],
  names: Readonly<Record<T, string>>,
  chosen: T,
  choose: (id: T) => void,
) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const index = (tabs.indexOf(chosen) + step + tabs.length) % tabs.length;
    const next = tabs[index];
    if (step === 0 || !next) return;
    choose(next);
    (event.currentTarget as HTMLElement).querySelectorAll("button")[index]?.focus();
  };
  return html`
    <div role="tablist" aria-label=${label} @keydown=${move}>
      ${tabs.map(
        (tab) => html`
        <button role="tab" aria-selected=${tab === chosen} tabindex=${tab === chosen ? 0 : -1} @click=${() => choose(tab)}>${names[tab]}</button>`,
      )}
    </div>
  `;
}
