/** Recovery codes at the one moment that they are shown: to be downloaded, printed, copied or written down. */

import { css, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { download } from "../download.ts";
import { LiveElement } from "../live.ts";
import { controls } from "../theme.ts";
import { moment } from "../words.ts";
import { print } from "./print.ts";

@customElement("keyleash-recovery-codes")
export class RecoveryCodes extends LiveElement {
  static override styles = [
    controls,
    css`
      .codes { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: var(--space-2) var(--space-5); font-family: var(--mono); user-select: all; padding: var(--space-3) var(--space-4); background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius-small); }
      .codes li { white-space: nowrap; }
    `,
  ];

  @property({ attribute: false }) codes: readonly string[] = [];
  @property({ attribute: false }) done!: () => void;
  @state() private copied = false;

  override render() {
    const texts = this.texts.recovery;
    return html`
      <div class="inset stack">
        <p tabindex="-1" id="about"><strong>${texts.yours}</strong> ${texts.meaning}</p>
        <ul class="codes" aria-label=${texts.listLabel}>${this.codes.map((code) => html`<li>${code}</li>`)}</ul>
        ${this.failureView()}
        <div class="row">
          <button @click=${this.#download}>${texts.download}</button>
          <button @click=${this.#print}>${texts.print}</button>
          <button @click=${this.#copy}>${this.texts.words.copy}</button>
          <span class="badge good dot" role="status" ?hidden=${!this.copied}>${this.copied ? texts.copied : ""}</span>
        </div>
        <div><button class="primary" @click=${this.done}>${texts.stored}</button></div>
      </div>
    `;
  }

  override firstUpdated(): void {
    void this.focusOn("#about");
  }

  #facts(): { title: string; facts: string[] } {
    const texts = this.texts.recovery;
    const { session } = this.snapshot;
    const account = session.kind === "in" ? [texts.fileAccount(session.me.email)] : [];
    return {
      title: texts.fileTitle(location.host),
      facts: [...account, texts.fileMade(moment(Date.now(), this.texts)), texts.fileNote],
    };
  }

  #download = () => {
    const { title, facts } = this.#facts();
    const text = [title, ...facts, "", ...this.codes, ""].join("\n");
    download(`recovery-codes-${location.hostname}.txt`, "text/plain;charset=utf-8", text);
  };

  #print = () => {
    print({ ...this.#facts(), lines: this.codes });
  };

  #copy = () => {
    void this.attempt(async () => {
      await navigator.clipboard.writeText(this.codes.join("\n"));
      this.copied = true;
    });
  };
}
