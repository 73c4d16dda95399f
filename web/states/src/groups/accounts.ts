import { type Change, type Group, panel, type State } from "../state.ts";

const place = { section: "accounts", tab: "accounts" } as const;
const plain = (name: string, change: Change = {}): State => ({ name, view: () => panel(place, { change }) });

export const accounts: Group = {
  name: "accounts",
  states: [
    plain("all"),
    plain("empty", { accounts: [], sync: { kind: "off" } }),
    plain("sync-off", { sync: { kind: "off" } }),
    plain("locked", { accounts: [], sealedAccounts: 8, lock: { kind: "locked", why: "grace_over" } }),
  ],
};
