/** Settings > Security: two-factor authentication, password, sessions and the security log. */

import { browserOf, type EventView, type SessionView } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { field } from "./field.ts";
import { entries, LiveElement } from "./live.ts";
import { controls } from "./theme.ts";
import "./totp.ts";
import { aboutEvent, ago, eventWords, moment } from "./words.ts";

const EVENTS_PER_PAGE = 20;

@customElement("keyleash-security")
export class SecurityView extends LiveElement {
  static override styles = [
    controls,
    css`
      .list { list-style: none; border-top: 1px solid var(--line); }
      .list > li { padding: 10px 0; border-bottom: 1px solid var(--line); }
      .list > li:last-child { border-bottom: 0; }
      hr { border: 0; border-top: 1px solid var(--line); margin: 8px 0; width: 100%; }
      .list > li > div { min-width: 0; overflow-wrap: anywhere; }
    `,
  ];

  @state() private sessions: readonly SessionView[] | undefined;
  @state() private events: readonly EventView[] | undefined;
  @state() private moreEvents = false;
  @state() private changingPassword = false;
  @state() private passwordChanged = false;

  override firstUpdated(): void {
    void this.attempt(() => Promise.all([this.#loadSessions(), this.#loadEvents()]));
  }

  override render() {
    return html`
      <div class="stack">
        <keyleash-totp .client=${this.client}></keyleash-totp>
        <hr />
        ${this.#password()}
        <hr />
        ${this.changingPassword ? nothing : this.failureView()} ${this.#sessions()}
        <hr />
        ${this.#log()}
      </div>
    `;
  }

  #password() {
    if (!this.changingPassword) {
      return html`
        <div class="row spread">
          <h3>Password</h3>
          <button @click=${() => this.#changePassword(true)}>Change password</button>
        </div>
        ${this.passwordChanged ? html`<p role="status"><span class="badge good dot">Changed</span> Your other sessions were ended.</p>` : nothing}
      `;
    }
    const { session } = this.snapshot;
    const totp = session.kind === "in" && session.me.totp_enabled;
    const fields = this.failure?.fields;
    return html`
      <form class="inset stack" @submit=${this.#submitPassword}>
        <h3>Change password</h3>
        ${field({ name: "password", label: "Present password", type: "password", autocomplete: "current-password", error: fields?.password })}
        ${field({ name: "new_password", label: "New password", type: "password", autocomplete: "new-password", hint: "At least 12 characters.", error: fields?.new_password })}
        ${totp ? field({ name: "totp", label: "Code from your authenticator app", className: "code", autocomplete: "one-time-code", inputmode: "numeric", maxlength: 7, error: fields?.totp }) : nothing}
        ${this.failureView(["password", "new_password", "totp"])}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>Change password</button>
          <button type="button" @click=${() => this.#changePassword(false)}>Cancel</button>
        </div>
      </form>
    `;
  }

  #changePassword(changing: boolean) {
    this.failure = undefined;
    this.passwordChanged = false;
    this.changingPassword = changing;
  }

  #submitPassword(event: SubmitEvent) {
    const { password = "", new_password = "", totp } = entries(event);
    void this.attempt(async () => {
      await this.client.changePassword(password, new_password, totp === undefined ? undefined : { totp });
      this.changingPassword = false;
      this.passwordChanged = true;
      await this.#loadSessions();
    });
  }

  #sessions() {
    return html`
      <section class="stack" aria-label="Sessions">
        <h3>Where you are logged in</h3>
        <ul class="list">
          ${this.sessions?.map(
            (session) => html`
            <li class="row spread">
              <div>
                <p>${browserOf(session.user_agent)} ${session.current ? html`<span class="badge">This one</span>` : nothing}</p>
                <p class="muted small">${session.address} · used ${ago(session.last_used_at)} · since ${moment(session.created_at)}</p>
              </div>
              ${session.current ? nothing : html`<button class="small danger" @click=${() => this.#end(session)}>End</button>`}
            </li>`,
          )}
        </ul>
      </section>
    `;
  }

  #end(session: SessionView) {
    void this.attempt(async () => {
      await this.client.endSession(session.id);
      await this.#loadSessions();
    });
  }

  #log() {
    return html`
      <section class="stack" aria-label="Security log">
        <h3>Security log</h3>
        <ul class="list">
          ${this.events?.map(
            (event) => html`
            <li class="row spread">
              <div class="grow">
                <p>${eventWords[event.kind]}</p>
                <p class="muted small">${aboutEvent(event, this.snapshot)}</p>
              </div>
              <time class="muted small nowrap" datetime=${new Date(event.at).toISOString()}>${moment(event.at)}</time>
            </li>`,
          )}
        </ul>
        ${this.moreEvents ? html`<div><button ?disabled=${this.busy} @click=${() => this.attempt(() => this.#loadEvents())}>Show more</button></div>` : nothing}
      </section>
    `;
  }

  async #loadSessions() {
    this.sessions = await this.client.sessions();
  }

  async #loadEvents() {
    const known = this.events ?? [];
    const before = known.at(-1)?.id;
    const page = await this.client.events({ limit: EVENTS_PER_PAGE, ...(before !== undefined && { before }) });
    this.events = [...known, ...page];
    this.moreEvents = page.length === EVENTS_PER_PAGE;
  }
}
