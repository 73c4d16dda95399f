/**
 * Which devices hold which account. The server knows; it is asked again when the devices or the accounts are others, and when
 * somebody looks closely: that another device has retrieved an account is told to nobody.
 */

import type { Client, CredentialId, DeviceView } from "@keyleash/client";
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Changes come in crowds, and one answer says it for all of them. */
const GATHER_MS = 400;

export class Holders implements ReactiveController {
  #names: ReadonlyMap<CredentialId, readonly string[]> = new Map();
  #seen: { readonly devices: unknown; readonly accounts: unknown } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly client: () => Client,
  ) {
    host.addController(this);
  }

  /** Names of the verified devices that hold it; `undefined` while the server has not said. */
  of(id: CredentialId): readonly string[] | undefined {
    return this.#names.get(id);
  }

  /** An account's details were opened. */
  look(): void {
    if (this.client().state.sync.kind === "verified") this.#askAfter(0);
  }

  hostUpdated(): void {
    const { devices, accounts, sync } = this.client().state;
    if (sync.kind !== "verified" || (this.#seen?.devices === devices && this.#seen.accounts === accounts)) return;
    const first = this.#seen === undefined;
    this.#seen = { devices, accounts };
    this.#askAfter(first ? 0 : GATHER_MS);
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#seen = undefined;
  }

  #askAfter(ms: number): void {
    this.#timer ??= setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    this.#timer = undefined;
    try {
      const held = await this.client().holdings();
      this.#names = kept(this.#names, byAccount(held, this.client().state.devices));
      this.host.requestUpdate();
    } catch {
      // Without the server it is as it was; it is asked again with the next change.
    }
  }
}

type Holdings = Awaited<ReturnType<Client["holdings"]>>;

function byAccount(holdings: Holdings, devices: readonly DeviceView[]): Map<CredentialId, string[]> {
  const names = new Map<CredentialId, string[]>();
  for (const { device, held } of holdings) {
    const holder = devices.find(({ id }) => id === device);
    if (holder?.state !== "verified") continue;
    for (const { credential } of held) names.set(credential, [...(names.get(credential) ?? []), holder.name]);
  }
  return names;
}

/** The same list for an account whose holders are the same, so that its row is left alone. */
function kept<K>(before: ReadonlyMap<K, readonly string[]>, now: ReadonlyMap<K, readonly string[]>) {
  return new Map([...now].map(([id, names]) => [id, same(before.get(id), names)]));
}

function same(before: readonly string[] | undefined, now: readonly string[]): readonly string[] {
  return before?.length === now.length && before.every((name, index) => name === now[index]) ? before : now;
}
