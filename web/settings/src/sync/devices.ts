/** Every device of the account, and taking them away: remove, remove and erase, remove all others, panic. */

import type { CredentialId, DeviceId, DeviceView, RemovedDevices, SecondFactor } from "@keyleash/client";
import { css, html, nothing, type PropertyValues } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { ReturningFocus } from "../focus.ts";
import { LiveElement } from "../live.ts";
import { Loaded } from "../loaded.ts";
import "../second-factor.ts";
import { controls } from "../theme.ts";
import { removalOutcome } from "../words.ts";
import "./device.ts";
import type { DeviceOpened } from "./device.ts";
import "./removed-device.ts";
import { type HeldKey, heldKeys } from "./rotation.ts";

/** What is open: below one device's row, or below the list. */
type Opened =
  | { readonly what: DeviceOpened; readonly id: DeviceId }
  | { readonly what: "remove-others" | "panic"; readonly id?: undefined };

/** Removed devices that are shown at once; older ones are a click away. */
const REMOVED_SHOWN = 5;

@customElement("keyleash-devices")
export class DevicesView extends LiveElement {
  static override styles = [
    controls,
    css`
      h3 { outline-offset: 6px; }
      .emergency { display: grid; gap: var(--space-3); padding-top: var(--space-2); }
    `,
  ];

  @state() private opened: Opened | undefined;
  @state() private allRemoved = false;
  /** Removed while this view is open, and what each held by the answer to that: what becomes of them is said aloud. */
  @state() private removedHere: ReadonlyMap<DeviceId, readonly CredentialId[]> = new Map();

  /** Removed by this view, and maybe not in the list yet: that comes by the socket, and may come after the answer. */
  #leaving: readonly DeviceId[] = [];
  readonly #focus = new ReturningFocus(this);
  readonly #holdings = new Loaded(this, () => this.client.holdings());
  #devicesSeen: readonly DeviceView[] | undefined;

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { devices } = this.snapshot;
    if (devices === this.#devicesSeen) return;
    // Each change of a device, and each tick in another panel, comes as a new list.
    if (this.#devicesSeen === undefined) void this.#holdings.refresh();
    else this.#holdings.refreshSoon();
    this.#devicesSeen = devices;
  }

  /** The row that had the focus is gone with its device: reading goes on where it stands what became of it. */
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { devices } = this.snapshot;
    if (!devices.some(({ id, state }) => state === "removed" && this.#leaving.includes(id))) return;
    this.#leaving = [];
    void this.focusOn("#removed");
  }

  override render() {
    const own = this.#own;
    const { devices } = this.snapshot;
    const present = devices
      .filter((device) => device.state !== "removed")
      .sort((a, b) => Number(b.id === own) - Number(a.id === own) || b.created_at - a.created_at);
    const removed = devices
      .filter((device) => device.state === "removed")
      .sort((a, b) => (b.removed_at ?? 0) - (a.removed_at ?? 0));
    const texts = this.texts.devices;
    return html`
      <div class="stack">
        <h3 tabindex="-1" id="devices">${texts.title}</h3>
        <ul class="list" aria-label=${texts.title}>
          ${repeat(
            present,
            (device) => device.id,
            (device) => html`<li data-device=${device.id}>${this.#row(device, own)}</li>`,
          )}
        </ul>
        ${this.#many(present, own)} ${this.#removed(removed)}
        <div class="unseen" role="status">${this.#outcomes(removed)}</div>
      </div>
    `;
  }

  get #own(): DeviceId | undefined {
    const { sync } = this.snapshot;
    return sync.kind === "pending" || sync.kind === "verified" ? sync.device : undefined;
  }

  #heldBy(id: DeviceId): readonly HeldKey[] | undefined {
    const known = this.#holdings.value?.find(({ device }) => device === id)?.held;
    const told = this.removedHere.get(id)?.map((credential) => ({ credential }));
    const held = known ?? told ?? (this.#holdings.value && []);
    return held && heldKeys(held, this.snapshot, this.texts);
  }

  #row(device: DeviceView, own: DeviceId | undefined) {
    const { id } = device;
    const { opened } = this;
    return html`
      <keyleash-device
        .client=${this.client} .device=${device} ?own=${id === own} .held=${this.#heldBy(id)}
        .opened=${opened?.id === id ? opened.what : undefined}
        .open=${(what: DeviceOpened) => this.#open({ what, id })} .close=${this.#close}
        .removeIt=${(factor: SecondFactor, erase: boolean) => this.#remove(id, factor, erase)}
      ></keyleash-device>
    `;
  }

  #many(present: readonly DeviceView[], own: DeviceId | undefined) {
    const texts = this.texts.devices;
    const others = present.filter((device) => device.id !== own).length;
    if (present.length === 0) return nothing;
    return html`
      <section class="emergency" aria-label=${texts.emergency}>
        <p class="muted small">${texts.emergencyMeans}</p>
        <div class="row">
          ${others > 0 && own ? html`<button class="danger" aria-expanded=${this.opened?.what === "remove-others"} @click=${() => this.#open({ what: "remove-others" })}>${texts.removeOthers}</button>` : nothing}
          <button class="danger" aria-expanded=${this.opened?.what === "panic"} @click=${() => this.#open({ what: "panic" })}>${texts.panic}</button>
        </div>
        ${this.#confirmMany(others)}
      </section>
    `;
  }

  #confirmMany(others: number) {
    const texts = this.texts.devices;
    switch (this.opened?.what) {
      case "remove-others":
        return html`
          <keyleash-second-factor danger action=${texts.removeOthersAction} .confirm=${this.#removeOthers} .cancel=${this.#close}>
            <p>${texts.removeOthersMeans(others)}</p>
          </keyleash-second-factor>
        `;
      case "panic":
        return html`
          <keyleash-second-factor danger action=${texts.panicAction} .confirm=${this.#panic} .cancel=${this.#close}>
            <p>${texts.panicMeans.before}<strong>${texts.panicMeans.strong}</strong>${texts.panicMeans.after}</p>
          </keyleash-second-factor>
        `;
      default:
        return nothing;
    }
  }

  #removed(removed: readonly DeviceView[]) {
    const texts = this.texts.devices;
    if (removed.length === 0) return nothing;
    const shown = this.allRemoved ? removed : removed.slice(0, REMOVED_SHOWN);
    const more = removed.length - shown.length;
    const { failure } = this.#holdings;
    return html`
      <h3 tabindex="-1" id="removed">${texts.removedTitle}</h3>
      ${failure ? html`<p class="error" role="alert">${failure.message} <button class="small" @click=${() => this.#holdings.refresh()}>${this.texts.words.tryAgain}</button></p>` : nothing}
      <ul class="list" aria-label=${texts.removedTitle}>
        ${repeat(
          shown,
          (device) => device.id,
          (device) => html`
          <li data-device=${device.id}>
            <keyleash-removed-device
              .client=${this.client} .device=${device} .held=${this.#heldBy(device.id)} .changed=${() => this.#holdings.refresh()}
            ></keyleash-removed-device>
          </li>`,
        )}
      </ul>
      ${more > 0 ? html`<div><button @click=${() => this.#showAllRemoved()}>${texts.olderRemoved(more)}</button></div>` : nothing}
    `;
  }

  #showAllRemoved() {
    this.allRemoved = true;
    void this.focusOn("#removed");
  }

  #outcomes(removed: readonly DeviceView[]): string {
    return removed
      .filter(({ id }) => this.removedHere.has(id))
      .map((device) => `${device.name}: ${removalOutcome(device, this.texts)}.`)
      .join(" ");
  }

  #open(opened: Opened) {
    const same = this.opened?.what === opened.what && this.opened.id === opened.id;
    if (same) return this.#close();
    if (!this.opened) this.#focus.opened();
    this.opened = opened;
  }

  #close = () => {
    this.opened = undefined;
    void this.#focus.closed("#devices");
  };

  async #remove(id: DeviceId, factor: SecondFactor, erase: boolean): Promise<void> {
    const { held } = await this.client.remove(id, factor, { erase });
    await this.#gone([{ id, held }]);
  }

  #removeOthers = async (factor: SecondFactor) => {
    const { removed } = await this.client.removeOthers(factor);
    await this.#gone(removed);
  };

  #panic = async (factor: SecondFactor) => {
    const { removed } = await this.client.panic(factor);
    await this.#gone(removed);
  };

  async #gone(removed: readonly Pick<RemovedDevices["removed"][number], "id" | "held">[]): Promise<void> {
    this.opened = undefined;
    this.removedHere = new Map([...this.removedHere, ...removed.map(({ id, held }) => [id, held] as const)]);
    this.#leaving = removed.map(({ id }) => id);
    await this.#holdings.refresh();
  }
}
