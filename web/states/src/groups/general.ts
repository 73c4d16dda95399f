import { laptop, me, pending, snapshot } from "../scene.ts";
import { type Group, panel } from "../state.ts";

const place = { section: "general" } as const;

export const general: Group = {
  name: "general",
  states: [
    { name: "verified", view: () => panel(place) },
    {
      name: "off",
      view: () =>
        panel(place, { change: { sync: { kind: "off" }, devices: [], accounts: snapshot.accounts.slice(0, 1) } }),
    },
    {
      name: "two-factor-off",
      view: () =>
        panel(place, {
          change: {
            sync: { kind: "off" },
            devices: [],
            session: { kind: "in", me: { ...me, totp_enabled: false, sync_enabled: false }, confirmed: true },
          },
        }),
    },
    {
      name: "pending",
      view: () =>
        panel(place, {
          change: { sync: { kind: "pending", device: pending.id, matchCode: "4K7-QD2" }, devices: [pending, laptop] },
        }),
    },
    {
      name: "removed",
      view: () =>
        panel(place, { change: { sync: { kind: "removed", reason: "removed", at: Date.now() }, accounts: [] } }),
    },
  ],
};
