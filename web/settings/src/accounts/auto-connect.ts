/** "Auto connect all accounts": everything both ways, or account by account. Without sync, the way to it. */

import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { LiveElement } from "../live.ts";
import { toggle } from "../toggle.ts";

@customElement("keyleash-auto-connect")
export class AutoConnect extends LiveElement {
  @property({ attribute: false }) openSync!: () => void;

  override render() {
    const { session, sync } = this.snapshot;
    const { autoConnect } = this.texts.accounts;
    if (sync.kind !== "verified" || session.kind !== "in") {
      const waits = sync.kind === "pending";
      return html`
        <div class="banner">
          <div>${waits ? autoConnect.waits : autoConnect.noSync}</div>
          <button class="small" @click=${this.openSync}>${waits ? autoConnect.verify : autoConnect.setUp}</button>
        </div>
      `;
    }
    const on = session.me.auto_connect;
    return html`
      <label class="switch inset">
        <span class="stack tight">
          <strong>${autoConnect.title}</strong>
          <span class="muted small" id="auto-connect-note">${on ? autoConnect.on : autoConnect.off}</span>
        </span>
        ${toggle({ on, disabled: this.busy, flip: () => void this.attempt(() => this.client.setAutoConnect(!on)), label: autoConnect.title })}
      </label>
      ${this.failureView()}
    `;
  }
}
