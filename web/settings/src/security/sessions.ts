/** Where the user is logged in, and ending it. */

import type { SessionView } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { LiveElement } from "../live.ts";
import { Loaded } from "../loaded.ts";
import { deviceMark } from "../sync/device-mark.ts";
import { controls } from "../theme.ts";
import "../when.ts";
import { browserName, moment } from "../words.ts";

@customElement("keyleash-sessions")
export class SessionsView extends LiveElement {
  static override styles = [
    controls,
    css`
      .session { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: var(--space-2) var(--space-4); align-items: center; }
      .session > svg { color: var(--muted); }
      .session div { min-width: 0; overflow-wrap: anywhere; }
      @media (max-width: 479px) { .session { grid-template-columns: auto minmax(0, 1fr); } .session > button { grid-column: 2; justify-self: start; } }
    `,
  ];

  @state() private ended: number | undefined;
  readonly #sessions = new Loaded(this, () => this.client.sessions());

  override firstUpdated(): void {
    void this.#sessions.refresh();
  }

  override render() {
    const texts = this.texts.sessions;
    const { value: sessions, failure } = this.#sessions;
    const others = sessions?.filter((session) => !session.current).length ?? 0;
    return html`
      <section class="stack" aria-label=${texts.title}>
        <div class="row spread">
          <h3 tabindex="-1">${texts.title}</h3>
          ${others > 0 ? html`<button class="small danger" ?disabled=${this.busy} @click=${this.#endOthers}>${texts.endOthers(others)}</button>` : nothing}
        </div>
        ${failure ? html`<p class="error" role="alert">${failure.message} <button class="small" @click=${() => this.#sessions.refresh()}>${this.texts.words.tryAgain}</button></p>` : nothing}
        ${this.failureView()}
        <p class="small" role="status" ?hidden=${this.ended === undefined}>${this.ended === undefined ? "" : texts.ended(this.ended)}</p>
        ${sessions || failure ? nothing : html`<p class="muted">${this.texts.words.loading}</p>`}
        <ul class="list" aria-label=${texts.title}>
          ${repeat(
            sessions ?? [],
            (session) => session.id,
            (session) => html`<li>${this.#row(session)}</li>`,
          )}
        </ul>
      </section>
    `;
  }

  #row(session: SessionView) {
    const texts = this.texts.sessions;
    const browser = browserName(session.user_agent, this.texts);
    return html`
      <div class="session">
        ${deviceMark(session.user_agent)}
        <div>
          <p>${browser} ${session.current ? html`<span class="badge good">${texts.current}</span>` : nothing}</p>
          <p class="muted small">${session.address} · ${texts.used} <keyleash-when .at=${session.last_used_at}></keyleash-when> · ${texts.since(moment(session.created_at, this.texts))}</p>
        </div>
        ${session.current ? nothing : html`<button class="small danger" aria-label=${texts.endOf(browser)} ?disabled=${this.busy} @click=${() => this.#end(session)}>${texts.end}</button>`}
      </div>
    `;
  }

  #end(session: SessionView) {
    void this.#endBy(async () => {
      await this.client.endSession(session.id);
      return 1;
    });
  }

  #endOthers = () => {
    void this.#endBy(() => this.client.endOtherSessions());
  };

  /** `end` answers how many sessions it ended. */
  async #endBy(end: () => Promise<number>): Promise<void> {
    this.ended = undefined;
    const went = await this.attempt(async () => {
      const count = await end();
      await this.#sessions.refresh();
      this.ended = count;
    });
    // The button went with its row.
    if (went) await this.focusOn("h3");
  }
}
