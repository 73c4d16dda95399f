/** Every device of the account, and taking them away: remove, remove and erase, remove all others, panic. */

import {
  browserOf,
  type CredentialId,
  type DeviceId,
  type DeviceView,
  type RemovedDevices,
  type SecondFactor,
} from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { field } from "./field.ts";
import { type Held, heldAccounts, rotationList } from "./held.ts";
import { entries, LiveElement } from "./live.ts";
import "./second-factor.ts";
import { controls } from "./theme.ts";
import { ago, moment, removalOutcome, removedBecause } from "./words.ts";

/** What is open: below one device's row, or below the list. */
type Opened =
  | { readonly what: "rename" | "remove" | "erase"; readonly id: DeviceId }
  | { readonly what: "remove-others" | "panic"; readonly id?: undefined };

@customElement("keyleash-devices")
export class DevicesView extends LiveElement {
  static override styles = [
    controls,
    css`
      .list { list-style: none; border-top: 1px solid var(--line); }
      .list > li { padding: 14px 0; border-bottom: 1px solid var(--line); display: grid; gap: 12px; }
      .list > li:last-child { border-bottom: 0; }
      .device { display: grid; grid-template-columns: minmax(0, 1.6fr) minmax(0, 1.4fr) auto; gap: 10px 16px; align-items: center; }
      .device.gone { grid-template-columns: minmax(0, 1fr) minmax(0, 1.6fr); }
      .device strong { overflow-wrap: anywhere; }
      @media (max-width: 719px) { .device, .device.gone { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  @state() private opened: Opened | undefined;
  /** What removed devices held, for as long as this view is open: known from the answer to the removal. */
  @state() private held: ReadonlyMap<DeviceId, readonly Held[]> = new Map();

  override render() {
    const devices = [...this.snapshot.devices].sort(
      (a, b) => Number(b.id === this.#own) - Number(a.id === this.#own) || b.created_at - a.created_at,
    );
    const present = devices.filter((device) => device.state !== "removed");
    const removed = devices.filter((device) => device.state === "removed");
    return html`
      <div class="stack">
        <h3>Devices</h3>
        <ul class="list" aria-label="Devices">
          ${repeat(
            present,
            (device) => device.id,
            (device) => html`<li data-device=${device.id}>${this.#row(device)} ${this.#below(device)}</li>`,
          )}
        </ul>
        ${this.#many(present)}
        ${
          removed.length > 0
            ? html`
          <h3>Removed devices</h3>
          <ul class="list" aria-label="Removed devices">
            ${repeat(
              removed,
              (device) => device.id,
              (device) => html`<li data-device=${device.id}>${this.#removedRow(device)}</li>`,
            )}
          </ul>`
            : nothing
        }
      </div>
    `;
  }

  get #own(): DeviceId | undefined {
    const { sync } = this.snapshot;
    return sync.kind === "pending" || sync.kind === "verified" ? sync.device : undefined;
  }

  #row(device: DeviceView) {
    const own = device.id === this.#own;
    return html`
      <div class="device">
        <div>
          <p><strong>${device.name}</strong> ${own ? html`<span class="badge">This device</span>` : nothing}</p>
          <p class="muted small">${browserOf(device.user_agent)}</p>
          <p class="muted small">${device.verified_at ? `Verified ${moment(device.verified_at)}` : `Asked ${moment(device.created_at)}`}</p>
        </div>
        <div class="row">${badges(device)}</div>
        <div class="row">
          <button class="small" aria-label="Rename ${device.name}" @click=${() => this.#open({ what: "rename", id: device.id })}>Rename</button>
          <button class="small danger" aria-label="Remove ${device.name}" @click=${() => this.#open({ what: "remove", id: device.id })}>Remove</button>
        </div>
      </div>
    `;
  }

  #below(device: DeviceView) {
    if (this.opened?.id !== device.id) return nothing;
    switch (this.opened.what) {
      case "rename":
        return this.#rename(device);
      case "remove":
        return html`
          <keyleash-second-factor danger action="Remove" .confirm=${(factor: SecondFactor) => this.#remove(device, factor, false)} .cancel=${this.#close}>
            <p>
              <strong>${device.name}</strong> loses its keys at once; if it is offline, what it holds can never be opened again.
              Verified again by mail and code within 7 days, it gets its local-only accounts back.
            </p>
            <p class="small muted">
              For a device that is lost or stolen:
              <button type="button" class="link small" @click=${() => this.#open({ what: "erase", id: device.id })}>remove and erase instead</button>
            </p>
          </keyleash-second-factor>
        `;
      case "erase":
        return html`
          <keyleash-second-factor danger action="Remove and erase" .confirm=${(factor: SecondFactor) => this.#remove(device, factor, true)} .cancel=${this.#close}>
            <p>
              <strong>${device.name}</strong> loses its keys at once and for good: its local-only accounts are destroyed too and can
              never come back.
            </p>
          </keyleash-second-factor>
        `;
    }
  }

  #rename(device: DeviceView) {
    const rename = (event: SubmitEvent) => {
      const { name = "" } = entries(event);
      void this.attempt(() => this.client.renameDevice(device.id, name)).then((went) => went && this.#close());
    };
    return html`
      <form class="stack" @submit=${rename}>
        ${field({ name: "name", label: "New name", value: device.name, maxlength: 64, error: this.failure?.message })}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>Save</button>
          <button type="button" @click=${this.#close}>Cancel</button>
        </div>
      </form>
    `;
  }

  #many(present: readonly DeviceView[]) {
    const others = present.some((device) => device.id !== this.#own);
    return html`
      <div class="row">
        <button class="danger" ?disabled=${!others} @click=${() => this.#open({ what: "remove-others" })}>Remove all others</button>
        <button class="danger" ?disabled=${present.length === 0} @click=${() => this.#open({ what: "panic" })}>Panic: lock every device</button>
      </div>
      ${
        this.opened?.what === "remove-others"
          ? html`
        <keyleash-second-factor danger action="Remove all other devices" .confirm=${this.#removeOthers} .cancel=${this.#close}>
          <p>Every device but this one loses its keys at once.</p>
        </keyleash-second-factor>`
          : nothing
      }
      ${
        this.opened?.what === "panic"
          ? html`
        <keyleash-second-factor danger action="Lock every device now" .confirm=${this.#panic} .cancel=${this.#close}>
          <p>Every device, <strong>this one too</strong>, loses its keys at once. Each has to be verified again by mail and code.</p>
        </keyleash-second-factor>`
          : nothing
      }
    `;
  }

  #removedRow(device: DeviceView) {
    return html`
      <div class="device gone">
        <div>
          <p><strong>${device.name}</strong></p>
          <p class="muted small">${browserOf(device.user_agent)}</p>
        </div>
        <div class="stack tight">
          <p data-outcome><span class="badge sentence dot ${device.receipt ? "good" : "warn"}">${removalOutcome(device)}</span></p>
          <p class="muted small">${device.removed_at ? `Removed ${moment(device.removed_at)}` : ""}${device.reason && device.reason !== "removed" ? ` · ${reasonWords(device)}` : ""}</p>
        </div>
      </div>
      ${rotationList(device.name, this.held.get(device.id))}
    `;
  }

  #open(opened: Opened) {
    this.failure = undefined;
    this.opened = this.opened?.what === opened.what && this.opened.id === opened.id ? undefined : opened;
  }

  #close = () => {
    this.opened = undefined;
  };

  async #remove({ id }: DeviceView, factor: SecondFactor, erase: boolean) {
    const { held } = await this.client.remove(id, factor, { erase });
    this.#remember([{ id, held }]);
    this.#close();
  }

  #removeOthers = async (factor: SecondFactor) => {
    this.#rememberAll(await this.client.removeOthers(factor));
  };

  #panic = async (factor: SecondFactor) => {
    this.#rememberAll(await this.client.panic(factor));
  };

  #rememberAll({ removed }: RemovedDevices) {
    this.#remember(removed);
    this.#close();
  }

  #remember(removals: readonly { id: DeviceId; held: readonly CredentialId[] }[]) {
    const { accounts } = this.snapshot;
    this.held = new Map([...this.held, ...removals.map(({ id, held }) => [id, heldAccounts(held, accounts)] as const)]);
  }
}

function badges(device: DeviceView) {
  const behind = device.seq - device.acked_seq;
  return html`
    ${device.state === "pending" ? html`<span class="badge warn dot">Not verified</span>` : nothing}
    ${device.online ? html`<span class="badge good dot">Online now</span>` : html`<span class="badge">${device.last_seen ? `Last seen ${ago(device.last_seen)}` : "Never online"}</span>`}
    ${device.state === "verified" ? html`<span class="badge ${behind > 0 ? "warn" : ""}">${behind > 0 ? "Behind" : "Up to date"}</span>` : nothing}
  `;
}

function reasonWords(device: DeviceView): string {
  return device.reason === "erased" ? "erased" : device.reason ? removedBecause[device.reason] : "";
}
