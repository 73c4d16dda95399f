/** The list of states, view by view. A new state of a view is one entry here. */

import type { Snapshot } from "@keyleash/client";
import "@keyleash/settings";
import { html, type TemplateResult } from "lit";
import {
  accounts,
  desk,
  events,
  holdings,
  laptop,
  now,
  pending,
  phone,
  removedOffline,
  removedOnline,
  sessions,
  snapshot,
} from "./scene.ts";
import { type Answers, staged } from "./staged.ts";

export interface State {
  readonly name: string;
  readonly view: () => TemplateResult;
  /** What has to be pressed or typed before the state is there. */
  readonly open?: (figure: HTMLElement) => Promise<void>;
}

export interface Group {
  readonly name: string;
  readonly states: readonly State[];
}

type Change = Partial<Snapshot>;

const answers: Answers = {
  sessions: async () => [...sessions],
  events: async () => [...events],
  holdings: async () => holdings,
};

const status = (name: string, change: Change): State => ({
  name,
  view: () => html`<keyleash-status .client=${staged({ ...snapshot, ...change }, answers)}></keyleash-status>`,
});

const settings = (name: string, section: string, tab: string, change: Change = {}, open?: State["open"]): State => ({
  name,
  view: () => html`
    <keyleash-settings
      .client=${staged({ ...snapshot, ...change }, answers)} .section=${section} .tab=${tab} without-status
    ></keyleash-settings>`,
  ...(open && { open }),
});

const pendingSync: Change = {
  sync: { kind: "pending", device: pending.id, matchCode: "4K7-QD2" },
  devices: [pending, desk, phone],
  accounts: accounts.slice(0, 2),
};

export const groups: readonly Group[] = [
  {
    name: "status",
    states: [
      status("removed", { sync: { kind: "removed", reason: "removed", at: now - 60_000 }, accounts: [] }),
      status("panic", { sync: { kind: "removed", reason: "panic", at: now - 60_000 }, accounts: [] }),
      status("grace", {
        lock: { kind: "grace", until: now + 845_000 },
        connection: { kind: "reconnecting", nextTryAt: now + 12_000 },
      }),
      status("locked-server-needed", {
        lock: { kind: "locked", why: "server_needed" },
        connection: { kind: "connecting" },
      }),
      status("locked-grace-over", {
        lock: { kind: "locked", why: "grace_over" },
        connection: { kind: "reconnecting", nextTryAt: now + 25_000 },
      }),
      status("retrieving", { progress: { received: 212, total: 500 } }),
    ],
  },
  {
    name: "accounts",
    states: [
      settings("all", "accounts", "accounts"),
      settings("empty", "accounts", "accounts", { accounts: [], sync: { kind: "off" } }),
      settings("sync-off", "accounts", "accounts", { sync: { kind: "off" } }),
      settings("locked", "accounts", "accounts", {
        accounts: [],
        sealedAccounts: 8,
        lock: { kind: "locked", why: "grace_over" },
      }),
    ],
  },
  {
    name: "sync",
    states: [
      settings("off", "accounts", "sync", { sync: { kind: "off" }, devices: [] }),
      settings("pending", "accounts", "sync", pendingSync),
      settings("devices", "accounts", "sync"),
      settings("after-removal", "accounts", "sync", { devices: [desk, laptop, phone, removedOnline, removedOffline] }),
    ],
  },
  {
    name: "general",
    states: [settings("on", "general", "accounts"), settings("off", "general", "accounts", { sync: { kind: "off" } })],
  },
  { name: "security", states: [settings("all", "security", "accounts")] },
];
