/** The calls about devices: this browser's part in sync, and the others'. */

import { browserOf } from "../browser-of.ts";
import { ProblemError } from "../errors.ts";
import { enrolment } from "../keys/device-keys.ts";
import type {
  CredentialId,
  DeviceHoldings,
  DeviceId,
  DeviceView,
  Inspection,
  Removal,
  RemovedDevices,
  SecondFactor,
  UnixMillis,
} from "../protocol.gen.ts";
import { UserCalls } from "./user.ts";

export class DeviceCalls extends UserCalls {
  /**
   * Turns sync on for the user if it is not, and registers this browser as a device, which then is `pending`.
   * A removed device asks to come back by the same call, under the name that it had. Refused with `totp_not_enabled` without 2FA.
   */
  enableSync(deviceName?: string): Promise<void> {
    return this.tab.enrolling(async () => {
      const me = await this.tab.login.signedIn(await this.tab.api.setSync({ enabled: true }));
      const { store } = this.tab.holdings();
      const proof = await enrolment(await store.deviceKeys(), me.user_id);
      const name = deviceName ?? (await store.fact("name")) ?? this.#freeName();
      const { id, state, match_code } = await this.tab.api.enrol({ name, ...proof });
      await store.setEnrolment({
        device: id,
        state: state === "verified" ? "verified" : "pending",
        matchCode: match_code,
      });
      await this.tab.stored();
      await this.tab.errand("connect");
    });
  }

  /** Turns sync off for the user, on every device. */
  async disableSync(factor: SecondFactor): Promise<void> {
    await this.tab.login.signedIn(await this.tab.api.setSync({ enabled: false, ...factor }));
  }

  /** Sends the mail with the link that approves this pending device. Again is allowed, within limits. */
  async requestVerification(): Promise<{ expiresAt: UnixMillis }> {
    const { store } = this.tab.holdings();
    const { expires_at } = await this.tab.api.sendVerificationMail(await this.#thisDevice());
    const pending = await store.fact("enrolment");
    if (pending?.state === "pending") await store.setEnrolment({ ...pending, mailExpiresAt: expires_at });
    await this.tab.stored();
    // Forgets that the mail before this one could not be delivered.
    await this.tab.errand("list_devices");
    return { expiresAt: expires_at };
  }

  /** What a link from a verification mail would approve. Changes nothing. */
  inspect(token: string): Promise<Inspection> {
    return this.tab.api.inspect(token);
  }

  /** Approves it. A code is needed without the owner's session, and always for a device that was removed before. */
  approve(token: string, factor?: SecondFactor): Promise<DeviceView> {
    return this.tab.api.approve({ token, ...factor });
  }

  devices(): readonly DeviceView[] {
    return this.tab.state.devices;
  }

  async renameDevice(id: DeviceId, name: string): Promise<void> {
    await this.tab.api.renameDevice(id, name);
    await this.tab.errand("list_devices");
  }

  /** Takes a device's keys away. With `erase`, its local-only keys can never come back. */
  async remove(id: DeviceId, factor: SecondFactor, { erase = false }: { erase?: boolean } = {}): Promise<Removal> {
    const removal = await this.tab.api.removeDevice(id, { erase, ...factor });
    await this.tab.errand("list_devices");
    return removal;
  }

  async removeOthers(factor: SecondFactor): Promise<RemovedDevices> {
    return this.tab.api.removeOthers({ device: await this.#thisDevice(), ...factor });
  }

  /** Locks every device of the user at once, this one too. */
  async panic(factor: SecondFactor): Promise<RemovedDevices> {
    const removed = await this.tab.api.panic(factor);
    await this.tab.errand("list_devices");
    return removed;
  }

  /** What each device of the user was ever given, removed ones included, and what of it was rotated since. */
  async holdings(): Promise<readonly DeviceHoldings[]> {
    return (await this.tab.api.holdings()).devices;
  }

  /** Remembers that a key which a removed device held was rotated at its exchange, or takes that back. */
  markRotated(device: DeviceId, credential: CredentialId, rotated: boolean): Promise<void> {
    return this.tab.api.markRotated(device, credential, rotated);
  }

  async #thisDevice(): Promise<DeviceId> {
    const enrolled = await this.tab.holdings().store.fact("enrolment");
    if (!enrolled) throw new ProblemError({ code: "sync_off", detail: "Turn sync on in this browser first." });
    return enrolled.device;
  }

  /** What this browser is, told apart from the user's devices that are called so already. */
  #freeName(): string {
    const browser = browserOf(navigator.userAgent);
    const taken = new Set(this.tab.state.devices.filter(({ state }) => state !== "removed").map(({ name }) => name));
    const numbered = (n: number) => (n === 1 ? browser : `${browser} ${n}`);
    let n = 1;
    while (taken.has(numbered(n))) n++;
    return numbered(n);
  }
}
