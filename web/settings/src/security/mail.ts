/** Which mails are sent: those that are a courtesy can be turned off, those that security needs cannot, and why. */

import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { LiveElement } from "../live.ts";
import { controls } from "../theme.ts";
import { toggle } from "../toggle.ts";

@customElement("keyleash-mail")
export class MailView extends LiveElement {
  static override styles = [
    controls,
    css`
      .always { list-style: none; display: grid; gap: 4px; }
      .always li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-2); align-items: baseline; }
      .always svg { width: 14px; height: 14px; color: var(--good); align-self: center; }
    `,
  ];

  override render() {
    const { session } = this.snapshot;
    if (session.kind !== "in") return nothing;
    const texts = this.texts.mail;
    const { email, mail_preferences } = session.me;
    return html`
      <section class="stack" aria-label=${texts.title}>
        <div>
          <h3>${texts.title}</h3>
          <p class="muted small">${texts.to(email)}</p>
        </div>
        <label class="switch">
          <span class="stack tight">
            <span>${texts.logins}</span>
            <span class="muted small">${texts.loginsMeans}</span>
          </span>
          ${toggle({
            on: mail_preferences.logins,
            disabled: this.busy,
            flip: () => void this.attempt(() => this.client.setMailPreferences({ logins: !mail_preferences.logins })),
          })}
        </label>
        ${this.failureView()}
        <div class="inset stack tight">
          <p><strong>${texts.always}</strong></p>
          <ul class="always small">${texts.alwaysKinds.map((kind) => html`<li>${tick}<span>${kind}</span></li>`)}</ul>
          <p class="muted small">${texts.alwaysWhy}</p>
        </div>
      </section>
    `;
  }
}

const tick = html`
  <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m3 8.5 3.2 3.2L13 4.8" /></svg>
`;
