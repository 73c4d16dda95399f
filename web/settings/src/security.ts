/** Settings > Security: two-factor authentication, password, sessions, mails and the history. */

import { html } from "lit";
import { customElement } from "lit/decorators.js";
import { LiveElement } from "./live.ts";
import "./security/history.ts";
import "./security/mail.ts";
import "./security/password.ts";
import "./security/sessions.ts";
import "./security/totp.ts";

@customElement("keyleash-security")
export class SecurityView extends LiveElement {
  /** How many recovery codes are left may have changed on another device, or by a code that was just used. */
  override firstUpdated(): void {
    void this.client.refreshSession();
  }

  override render() {
    const { client } = this;
    return html`
      <div class="stack">
        <keyleash-totp .client=${client}></keyleash-totp>
        <hr />
        <keyleash-password .client=${client}></keyleash-password>
        <hr />
        <keyleash-sessions .client=${client}></keyleash-sessions>
        <hr />
        <keyleash-mail .client=${client}></keyleash-mail>
        <hr />
        <keyleash-history .client=${client}></keyleash-history>
      </div>
    `;
  }
}
