/**
 * What a removed device was ever given. What was copied cannot be un-copied, so these keys are to be rotated at their
 * exchanges; which of them are done is remembered by the server, for whenever the list is looked at again.
 */

import type { CredentialId, DeviceId, Holding, Snapshot } from "@keyleash/client";
import { type Exchange, exchangeById } from "@keyleash/client/exchanges";
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { LiveElement } from "../live.ts";
import type { Texts } from "../texts/texts.ts";
import { controls } from "../theme.ts";
import "../when.ts";

/** A credential that a device was given, by name. */
export interface HeldKey {
  readonly id: CredentialId;
  readonly label: string;
  readonly exchange?: Exchange;
  readonly rotatedAt?: number;
}

/** Names credentials from what this browser knows; one that it never had, or that was deleted, has no name here. */
export function heldKeys(
  held: readonly Pick<Holding, "credential" | "rotated_at">[],
  { accounts, elsewhere, sync }: Pick<Snapshot, "accounts" | "elsewhere" | "sync">,
  texts: Texts,
): HeldKey[] {
  // A browser that was locked has no names until it is verified again.
  const unknown = sync.kind === "verified" ? texts.words.unknownAccount : texts.words.unknownUntilVerified;
  return held.map(({ credential, rotated_at }) => {
    const account = [...accounts, ...elsewhere].find((each) => each.id === credential);
    const exchange = account && exchangeById(account.exchange);
    return {
      id: credential,
      label: account?.label ?? unknown,
      ...(exchange && { exchange }),
      ...(rotated_at !== undefined && { rotatedAt: rotated_at }),
    };
  });
}

@customElement("keyleash-rotation")
export class RotationList extends LiveElement {
  static override styles = [
    controls,
    css`
      details[open] > summary { margin-bottom: var(--space-3); }
      progress { display: block; margin: var(--space-1) 0 var(--space-3); }
      .keys { list-style: none; display: grid; }
      .keys li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px var(--space-4); align-items: center; padding-block: var(--space-2); border-top: 1px solid var(--line); }
      .key { display: flex; gap: var(--space-3); align-items: center; font-weight: 400; font-size: inherit; cursor: pointer; min-width: 0; overflow-wrap: anywhere; }
      .key input { width: 18px; height: 18px; min-height: 18px; flex: none; margin: 0; accent-color: var(--accent); }
      .rotated .name { color: var(--muted); text-decoration: line-through; }
      @media (pointer: coarse) { .key { min-height: 44px; } }
      @media (max-width: 479px) { .keys li { grid-template-columns: minmax(0, 1fr); } .keys li > :nth-child(2) { padding-left: 30px; } }
    `,
  ];

  @property({ attribute: false }) device!: { readonly id: DeviceId; readonly name: string };
  @property({ attribute: false }) held: readonly HeldKey[] = [];
  /** Called when a tick was stored. */
  @property({ attribute: false }) changed: (() => unknown) | undefined;

  override render() {
    const texts = this.texts.rotation;
    const { held } = this;
    if (held.length === 0) return html`<p class="muted small">${texts.none}</p>`;
    const done = held.filter((key) => key.rotatedAt !== undefined).length;
    const all = done === held.length;
    return html`
      <details class="inset" ?open=${!all} data-held>
        <summary><strong>${all ? texts.all(done) : texts.title}</strong> ${all ? nothing : html`<span class="badge warn">${texts.progress(done, held.length)}</span>`}</summary>
        <p class="small muted">${texts.why(this.device.name)}</p>
        <progress .value=${done} .max=${held.length} aria-label=${texts.progress(done, held.length)}></progress>
        <ul class="keys">${repeat(
          held,
          (key) => key.id,
          (key) => this.#row(key),
        )}</ul>
        ${this.failureView()}
      </details>
    `;
  }

  #row({ id, label, exchange, rotatedAt }: HeldKey) {
    const texts = this.texts.rotation;
    const rotated = rotatedAt !== undefined;
    const tick = (event: Event) => {
      // Moves when the server has stored it, not when it is touched.
      (event.currentTarget as HTMLInputElement).checked = rotated;
      void this.#mark(id, !rotated);
    };
    return html`
      <li class=${rotated ? "rotated" : ""}>
        <label class="key">
          <input type="checkbox" .checked=${live(rotated)} aria-label=${texts.tick(label)} @change=${tick} />
          <span><span class="name">${label}</span> ${exchange ? html`<span class="muted small">${exchange.name}</span>` : nothing}</span>
        </label>
        ${
          rotated
            ? html`<span class="muted small">${texts.rotated} <keyleash-when .at=${rotatedAt}></keyleash-when></span>`
            : exchange
              ? html`<a class="small" href=${exchange.apiKeyPage} target="_blank" rel="noopener noreferrer">${texts.rotateOn(exchange.name)}</a>`
              : nothing
        }
      </li>
    `;
  }

  async #mark(credential: CredentialId, rotated: boolean): Promise<void> {
    const last = rotated && this.held.every((key) => key.id === credential || key.rotatedAt !== undefined);
    const went = await this.attempt(async () => {
      await this.client.markRotated(this.device.id, credential, rotated);
      await this.changed?.();
    });
    // The list folds when all is done, and with it goes the box that had the focus.
    if (went && last) await this.focusOn("summary");
  }
}
