/** A server that stays connected and says nothing; and what a device learns that was away when it was erased. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { openedWithStoredKeys } from "./local-data.ts";
import { binance, bybit } from "./secrets.ts";
import { Server } from "./server.ts";
import {
  addAccount,
  device,
  failsToSign,
  section,
  setSynced,
  signsWith,
  statusBanner,
  Trader,
  tradable,
} from "./trader.ts";

const HEARTBEAT_SECONDS = 1;
const GRACE_SECONDS = 4;

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
let a: Page;
let b: Page;
const main = binance("Binance main");
const travel = bybit("Only on the laptop");

before(async () => {
  server = await Server.start({
    KEYLEASH_LIMITS__HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
    KEYLEASH_LIMITS__GRACE_SECONDS: String(GRACE_SECONDS),
  });
  trader = new Trader(server);
  a = await desk.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
  await trader.enableTotp(a);
  await trader.enrol(a, "Desk");
  await addAccount(a, main);
  await setSynced(a, main.label, true);
  b = await laptop.open(server.url);
  await trader.logIn(b);
  await trader.enrol(b, "Laptop");
  await trader.retrieveAll(b, main.label);
  await addAccount(b, travel);
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await server?.dispose();
});

step("silence starts the grace clock as a lost connection does, and its end locks", async () => {
  server.freeze();
  await a.getByLabel("Time until this browser locks").waitFor();
  await signsWith(a, main);
  await statusBanner(a).getByText("The server was out of reach for too long.").waitFor();
  assert.match(await failsToSign(a), /locked/i);
});

step("when the server speaks again, the keys open again", async () => {
  server.thaw();
  for (const [page, account] of [
    [a, main],
    [b, travel],
  ] as const) {
    await tradable(page, account.label).waitFor();
    await signsWith(page, account);
  }
});

step("a device that was away when it was removed and erased has nothing left once it returns", async () => {
  await laptop.shut();
  await section(a, "Accounts", "Sync");
  await device(a, "Laptop").getByRole("button", { name: "Remove Laptop" }).click();
  await device(a, "Laptop").getByRole("button", { name: "remove and erase instead" }).click();
  await trader.giveCode(device(a, "Laptop"), "Remove and erase");
  b = await laptop.open(server.url);
  await statusBanner(b)
    .getByText(/erased/)
    .waitFor();
  assert.deepEqual(await openedWithStoredKeys(b), { stored: 0, opened: 0 }, "its local-only account is gone too");
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints], []);
});
