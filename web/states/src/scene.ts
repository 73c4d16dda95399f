/** What the states show: a trader with three devices and an account at every exchange. Times are fixed, so pictures compare. */

import type {
  Account,
  DeviceHoldings,
  DeviceView,
  EventKind,
  EventView,
  Me,
  SessionView,
  Snapshot,
} from "@keyleash/client";

const DAY_MS = 86_400_000;
/** Pictures must not age: everything is told relative to when the page was opened. */
export const now = Date.now();
export const ago = (days: number) => now - days * DAY_MS;

export const me: Me = {
  user_id: id("user", 1),
  email: "trader@example.com",
  login: "account",
  totp_enabled: true,
  sync_enabled: true,
  auto_connect: false,
  recovery_codes_left: 9,
  mail_preferences: { logins: true },
};

const CHROME_LINUX =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const SAFARI_MAC =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15";
const CHROME_ANDROID =
  "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36";

const device = (n: number, name: string, user_agent: string, more: Partial<DeviceView>): DeviceView => ({
  id: id("device", n),
  name,
  user_agent,
  state: "verified",
  created_at: ago(40 - n),
  ...(more.state !== "pending" && { verified_at: ago(40 - n) + 120_000 }),
  online: true,
  acked_seq: 128,
  seq: 128,
  ...more,
});

export const desk = device(1, "Desk", CHROME_LINUX, {});
export const laptop = device(2, "Laptop", SAFARI_MAC, { online: false, last_seen: ago(0.2), acked_seq: 121 });
export const phone = device(3, "Phone", CHROME_ANDROID, { last_seen: ago(0) });
export const pending = device(4, "Office", CHROME_LINUX, { state: "pending", created_at: now - 60_000 });
export const removedOnline: DeviceView = {
  ...device(5, "Old phone", CHROME_ANDROID, {
    state: "removed",
    online: false,
    removed_at: ago(0.01),
    reason: "removed",
  }),
  receipt: { at: ago(0.01) + 38, after_ms: 38, wiped: true },
};
export const removedOffline = device(6, "Lost laptop", SAFARI_MAC, {
  state: "removed",
  online: false,
  removed_at: ago(0.02),
  reason: "erased",
});

const account = (
  n: number,
  exchange: string,
  kind: string,
  label: string,
  environment: string,
  more: Partial<Account> = {},
): Account => ({
  id: id("credential", n),
  exchange,
  kind,
  label,
  environment,
  keyHint: `k${n}Xa…9f${n}Q`,
  createdAt: ago(n * 9),
  synced: true,
  version: 1,
  ...more,
});

export const accounts: readonly Account[] = [
  account(1, "binance", "ed25519", "Binance main", "mainnet"),
  account(2, "bybit", "hmac", "Bybit perp desk", "mainnet", { synced: false, createdAt: ago(84) }),
  account(3, "okx", "hmac", "OKX grid bot", "live"),
  account(4, "bitget", "hmac", "Bitget copy trading with a label as long as a label may be, 64", "demo"),
  account(5, "coinbase", "es256", "Coinbase treasury", "live"),
  account(6, "blofin", "hmac", "BloFin", "live", { synced: false }),
  account(7, "hyperliquid", "agent", "Hyperliquid agent", "mainnet", { createdAt: ago(171) }),
  account(8, "bitmex", "hmac", "BitMEX archive", "mainnet"),
];

const held = (rotated: number, ...numbers: number[]) =>
  numbers.map((n, index) => ({
    credential: id("credential", n),
    given_at: ago(30),
    ...(index < rotated && { rotated_at: ago(0.005) }),
  }));

/** What each device was given: of the removed ones, one whose keys are rotated in part, and one of which all are. */
export const holdings: readonly DeviceHoldings[] = [
  { device: desk.id, held: held(0, 1, 3, 4, 5, 7, 8) },
  { device: laptop.id, held: held(0, 1, 3) },
  { device: phone.id, held: [] },
  { device: removedOnline.id, held: held(2, 1, 3, 4, 5, 99) },
  { device: removedOffline.id, held: held(2, 7, 8) },
];

export const snapshot: Snapshot = {
  session: { kind: "in", me, confirmed: true },
  sync: { kind: "verified", device: desk.id },
  lock: { kind: "unlocked" },
  connection: { kind: "live" },
  accounts,
  elsewhere: [],
  sealedAccounts: 0,
  devices: [desk, laptop, phone],
  warnings: [],
};

export const sessions: readonly SessionView[] = [
  {
    id: id("session", 1),
    created_at: ago(3),
    last_used_at: now,
    expires_at: ago(-27),
    user_agent: CHROME_LINUX,
    address: "192.0.2.14",
    device: desk.id,
    current: true,
  },
  {
    id: id("session", 2),
    created_at: ago(9),
    last_used_at: ago(0.2),
    expires_at: ago(-21),
    user_agent: SAFARI_MAC,
    address: "198.51.100.7",
    device: laptop.id,
    current: false,
  },
];

const event = (n: number, kind: EventKind, detail = "", more: Partial<EventView> = {}): EventView => ({
  id: id("event", n),
  at: now - n * 7_400_000,
  kind,
  address: "192.0.2.14",
  detail,
  ...more,
});

export const events: readonly EventView[] = [
  event(1, "device_wiped", "", { device: removedOnline.id }),
  event(2, "device_removed", "", { device: removedOnline.id }),
  event(3, "credential_changed", accounts[0]?.id, { device: desk.id }),
  event(4, "logged_in", SAFARI_MAC),
  event(5, "device_verified", "", { device: phone.id }),
  event(6, "attempts_blocked"),
  event(7, "recovery_code_used"),
  event(8, "totp_enabled"),
];

/** Ids in their form, told apart by what they are of. */
export function id(of: string, n: number): string {
  const digits = [...of]
    .reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 0xffffff, 7)
    .toString(16)
    .padStart(6, "0");
  return `01936f00-${digits.slice(0, 4)}-7000-8000-${String(n).padStart(12, "0")}`;
}
