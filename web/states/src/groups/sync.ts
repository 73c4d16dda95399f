import { ProblemError } from "@keyleash/client";
import { press, type } from "../press.ts";
import { accounts, desk, laptop, now, pending, phone, removedOffline, removedOnline, snapshot } from "../scene.ts";
import { type Change, type Group, panel, type State } from "../state.ts";

const place = { section: "accounts", tab: "sync" } as const;
const removedDevices: Change = { devices: [desk, laptop, phone, removedOnline, removedOffline] };
const waiting = { kind: "pending", device: pending.id, matchCode: "4K7-QD2" } as const;

const plain = (name: string, change: Change = {}): State => ({ name, view: () => panel(place, { change }) });
const pressed = (name: string, open: State["open"]): State => ({
  name,
  view: () => panel(place),
  ...(open && { open }),
});

export const sync: Group = {
  name: "sync",
  states: [
    plain("off", { sync: { kind: "off" }, devices: [] }),
    plain("enrolling", { sync: { kind: "enrolling" }, devices: [] }),
    {
      name: "two-factor-comes-first",
      view: () =>
        panel(place, {
          change: { sync: { kind: "off" }, devices: [] },
          answers: {
            enableSync: () => Promise.reject(new ProblemError({ code: "totp_not_enabled", detail: "Not enabled." })),
          },
        }),
      open: (figure, { sync: words }) => press(figure, words.switch),
    },
    plain("pending", { sync: waiting, devices: [pending, desk, phone] }),
    plain("pending-mailed", { sync: { ...waiting, mailExpiresAt: now + 880_000 }, devices: [pending, desk, phone] }),
    plain("pending-expired", { sync: { ...waiting, mailExpiresAt: now - 1_000 }, devices: [pending, desk, phone] }),
    plain("pending-undeliverable", {
      sync: { ...waiting, mailExpiresAt: now + 880_000 },
      devices: [{ ...pending, mail_failed_at: now - 30_000 }, desk, phone],
    }),
    plain("devices"),
    plain("elsewhere", {
      accounts: accounts.slice(0, 1),
      elsewhere: snapshot.accounts.slice(1).map((each) => ({ ...each, wanted: false })),
    }),
    pressed("rename", (figure, { devices }) => press(figure, devices.renameOf(laptop.name))),
    pressed("remove", (figure, { devices }) => press(figure, devices.removeOf(laptop.name))),
    pressed("remove-wrong-code", async (figure, { devices, secondFactor }) => {
      await press(figure, devices.removeOf(laptop.name));
      await type(figure, secondFactor.code, "123");
      await press(figure, devices.remove);
    }),
    pressed("remove-with-recovery-code", async (figure, { devices, secondFactor }) => {
      await press(figure, devices.removeOf(laptop.name));
      await press(figure, secondFactor.useRecoveryCode);
    }),
    pressed("erase", async (figure, { devices }) => {
      await press(figure, devices.removeOf(laptop.name));
      await press(figure, devices.eraseInstead);
    }),
    pressed("remove-others", (figure, { devices }) => press(figure, devices.removeOthers)),
    pressed("panic", (figure, { devices }) => press(figure, devices.panic)),
    pressed("turn-off", (figure, { sync: words }) => press(figure, words.switch)),
    {
      name: "blocked",
      view: () =>
        panel(place, {
          answers: {
            remove: () =>
              Promise.reject(new ProblemError({ code: "too_many_attempts", detail: "Too many.", retry_after: 120 })),
          },
        }),
      open: async (figure, { devices, secondFactor }) => {
        await press(figure, devices.removeOf(laptop.name));
        await type(figure, secondFactor.code, "123456");
        await press(figure, devices.remove);
      },
    },
    plain("after-removal", removedDevices),
    plain("removed", {
      sync: { kind: "removed", reason: "removed", at: now - 60_000 },
      accounts: [],
      devices: [laptop, phone],
    }),
  ],
};
