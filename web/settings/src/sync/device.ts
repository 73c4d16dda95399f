/** One device that may have keys: what it is, how it stands, and renaming or removing it in place. */

import type { DeviceView, SecondFactor } from "@keyleash/client";
import { DEVICE_NAME_CHARS_MAX } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { field } from "../field.ts";
import { entries, LiveElement } from "../live.ts";
import "../second-factor.ts";
import { controls } from "../theme.ts";
import "../when.ts";
import { browserName } from "../words.ts";
import { deviceMark } from "./device-mark.ts";
import type { HeldKey } from "./rotation.ts";

/** What is open below a device's row. */
export type DeviceOpened = "rename" | "remove" | "erase";

@customElement("keyleash-device")
export class DeviceRow extends LiveElement {
  static override styles = [
    controls,
    css`
      .device { display: grid; grid-template-columns: auto minmax(0, 1.5fr) minmax(0, 1.2fr) auto; gap: var(--space-2) var(--space-4); align-items: center; }
      .device > svg { color: var(--muted); }
      strong { overflow-wrap: anywhere; }
      .facts { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
      .below { margin-top: var(--space-3); }
      details, .holds { grid-column: 2 / -1; }
      details ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 6px; padding-top: 6px; }
      @media (max-width: 767px) {
        .device { grid-template-columns: auto minmax(0, 1fr); }
        .facts, .actions { grid-column: 2; }
      }
    `,
  ];

  @property({ attribute: false }) device!: DeviceView;
  /** It is the one that shows this. */
  @property({ type: Boolean }) own = false;
  /** What it was given; `undefined` while that is not known. */
  @property({ attribute: false }) held: readonly HeldKey[] | undefined;
  @property({ attribute: false }) opened: DeviceOpened | undefined;
  @property({ attribute: false }) open!: (what: DeviceOpened) => void;
  @property({ attribute: false }) close!: () => void;
  @property({ attribute: false }) removeIt!: (factor: SecondFactor, erase: boolean) => Promise<void>;

  override render() {
    const { device, own } = this;
    const texts = this.texts.devices;
    return html`
      <div class="device">
        ${deviceMark(device.user_agent)}
        <div>
          <p><strong>${device.name}</strong> ${own ? html`<span class="badge">${this.texts.words.thisDevice}</span>` : nothing}</p>
          <p class="muted small">${browserName(device.user_agent, this.texts)}</p>
          <p class="muted small">
            ${device.verified_at === undefined ? texts.asked : texts.verified} <keyleash-when .at=${device.verified_at ?? device.created_at}></keyleash-when>
          </p>
        </div>
        <div class="facts">${this.#facts()}</div>
        <div class="row actions">
          <button class="small" aria-label=${texts.renameOf(device.name)} aria-expanded=${this.opened === "rename"} @click=${() => this.open("rename")}>${texts.rename}</button>
          <button class="small danger" aria-label=${texts.removeOf(device.name)} aria-expanded=${this.opened === "remove" || this.opened === "erase"} @click=${() => this.open("remove")}>${texts.remove}</button>
        </div>
        ${this.#holdings()}
      </div>
      ${this.opened ? html`<div class="below">${this.#below(this.opened)}</div>` : nothing}
    `;
  }

  #facts() {
    const { device } = this;
    const texts = this.texts.devices;
    const behind = device.seq - device.acked_seq;
    return html`
      ${device.state === "pending" ? html`<span class="badge warn dot">${texts.notVerified}</span>` : nothing}
      ${
        device.online
          ? html`<span class="badge good dot">${texts.online}</span>`
          : html`<span class="badge">${device.last_seen === undefined ? texts.neverOnline : html`${texts.lastSeen} <keyleash-when .at=${device.last_seen}></keyleash-when>`}</span>`
      }
      ${
        device.state === "verified"
          ? behind > 0
            ? html`<span class="badge warn" title=${texts.behindMeans(behind)}>${texts.behind(behind)}<span class="unseen">: ${texts.behindMeans(behind)}</span></span>`
            : html`<span class="badge">${texts.upToDate}</span>`
          : nothing
      }
    `;
  }

  #holdings() {
    const { held } = this;
    const texts = this.texts.devices;
    if (!held || this.device.state !== "verified") return nothing;
    if (held.length === 0) return html`<p class="muted small holds">${texts.holdsNone}</p>`;
    return html`
      <details class="small">
        <summary class="muted">${texts.holds(held.length)}</summary>
        <ul>${held.map(({ label, exchange }) => html`<li class="badge">${label}${exchange ? html` <span class="muted">${exchange.name}</span>` : nothing}</li>`)}</ul>
      </details>
    `;
  }

  #below(opened: DeviceOpened) {
    const { device, own } = this;
    const texts = this.texts.devices;
    switch (opened) {
      case "rename":
        return this.#renameForm();
      case "remove":
        return html`
          <keyleash-second-factor danger action=${texts.remove} .confirm=${(factor: SecondFactor) => this.removeIt(factor, false)} .cancel=${this.close}>
            <p><strong>${device.name}</strong> ${texts.removeMeans} ${own ? html`<strong>${texts.thisOneMeans}</strong>` : nothing}</p>
            <p class="small muted">
              ${texts.lostOrStolen}
              <button type="button" class="link small" @click=${() => this.open("erase")}>${texts.eraseInstead}</button>
            </p>
          </keyleash-second-factor>
        `;
      case "erase":
        return html`
          <keyleash-second-factor danger action=${texts.erase} .confirm=${(factor: SecondFactor) => this.removeIt(factor, true)} .cancel=${this.close}>
            <p><strong>${device.name}</strong> ${texts.eraseMeans} ${own ? html`<strong>${texts.thisOneMeans}</strong>` : nothing}</p>
          </keyleash-second-factor>
        `;
    }
  }

  #renameForm() {
    const { device } = this;
    const { newName } = this.texts.devices;
    const { save, cancel } = this.texts.words;
    const rename = (event: SubmitEvent) => {
      const { name = "" } = entries(event);
      void this.attempt(() => this.client.renameDevice(device.id, name.trim())).then((went) => went && this.close());
    };
    return html`
      <form class="inset stack" @submit=${rename} @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.close()}>
        ${field({ name: "name", label: newName, value: device.name, maxlength: DEVICE_NAME_CHARS_MAX, error: this.failure?.message })}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>${save}</button>
          <button type="button" @click=${this.close}>${cancel}</button>
        </div>
      </form>
    `;
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("opened") && this.opened === "rename") this.renderRoot.querySelector("input")?.select();
  }
}
