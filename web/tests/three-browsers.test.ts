/** Steps 5 and 6: changes travel live between browsers, and a browser that was closed catches up with what it missed. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { recordFrames } from "./frames.ts";
import { step } from "./journey.ts";
import { binance, bybit, okx } from "./secrets.ts";
import { Server } from "./server.ts";
import {
  addAccount,
  deleteAccount,
  device,
  failsToSign,
  relabel,
  removedDevice,
  section,
  setSynced,
  signsWith,
  statusBanner,
  syncSwitch,
  Trader,
  tradable,
} from "./trader.ts";

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
const phone = new Profile("C", windows.phone, "dark");
let a: Page;
let b: Page;
let c: Page;
const main = binance("Binance main");
const perp = bybit("Bybit perp");
const demo = okx("OKX demo");

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
  a = await desk.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
  await addAccount(a, main);
  await addAccount(a, perp);
  await trader.enableTotp(a);
  await trader.enrol(a, "Desk");
  await setSynced(a, main.label, true);
});
after(async () => {
  for (const profile of [desk, laptop, phone]) await profile.dispose();
  await server?.dispose();
});

step(
  "5. a second browser logs in with a code, is verified, and signs with the synced account; the local-only one is not there",
  async () => {
    b = await laptop.open(server.url);
    await trader.logIn(b);
    await section(b, "General");
    assert.equal(await syncSwitch(b).isChecked(), false, "this browser does not take part yet");
    await trader.enrol(b, "Laptop");
    await trader.retrieveAll(b, main.label);
    await signsWith(b, main);
    assert.equal(await tradable(b, perp.label).count(), 0);
  },
);

step("5. a new label arrives live on the other browser", async () => {
  await relabel(b, main.label, "Binance spot");
  await tradable(a, "Binance spot").waitFor();
  assert.equal(await tradable(a, main.label).count(), 0);
});

step(
  "5. with auto connect, an account that is added on one browser is shared, and can be retrieved on the other",
  async () => {
    await section(b, "Accounts", "Accounts");
    await b.getByRole("switch", { name: "Auto connect all accounts" }).click();
    await b.getByRole("switch", { name: "Auto connect all accounts", checked: true }).waitFor();
    await addAccount(b, demo);
    await trader.retrieveAll(a, demo.label);
    await signsWith(a, demo);
  },
);

step("5. an account that is deleted on one browser goes on the other", async () => {
  await deleteAccount(a, demo.label);
  await tradable(a, demo.label).waitFor({ state: "detached" });
  await tradable(b, demo.label).waitFor({ state: "detached" });
});

step("6. a third device; the list says who is online, and who is up to date", async () => {
  c = await phone.open(server.url);
  await trader.logIn(c);
  await trader.enrol(c, "Phone");
  await trader.retrieveAll(c, "Binance spot");
  await signsWith(c, main, "Binance spot");
  await section(a, "Accounts", "Sync");
  for (const name of ["Desk", "Laptop", "Phone"]) {
    await device(a, name).getByText("Online now").waitFor();
    await device(a, name).getByText("Up to date").waitFor();
  }
  assert.equal(await device(a, "Desk").getByText("This device").count(), 1);
});

step("6. a browser that was closed gets exactly what it missed", async () => {
  await laptop.shut();
  await device(a, "Laptop").getByText("Last seen").waitFor();
  await relabel(a, "Binance spot", "Binance renamed");
  await section(a, "Accounts", "Sync");
  await device(a, "Laptop").getByText("Behind").waitFor();

  b = await laptop.open("about:blank");
  const frames = recordFrames(b);
  await b.goto(server.url);
  await tradable(b, "Binance renamed").waitFor();
  await signsWith(b, main, "Binance renamed");
  const pages = frames.received.filter((message) => message.type === "sync");
  const upserts = pages.flatMap((page) => page.upserts as unknown[]);
  const deletes = pages.flatMap((page) => page.deletes as unknown[]);
  assert.deepEqual([upserts.length, deletes.length], [1, 0], "one change was missed, and one was sent");
  await device(a, "Laptop").getByText("Up to date").waitFor();
});

step("all others are removed at once: their keys are dead, and this one goes on", async () => {
  await section(a, "Accounts", "Sync");
  await a.getByRole("button", { name: "Remove all others" }).click();
  await trader.giveCode(a, "Remove all other devices");
  for (const name of ["Laptop", "Phone"]) {
    await removedDevice(a, name).getByText("confirmed by the device").first().waitFor();
  }
  for (const page of [b, c]) {
    await statusBanner(page).getByText("This device was removed").waitFor();
    assert.match(await failsToSign(page), /removed/);
  }
  await signsWith(a, main, "Binance renamed");
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints, ...phone.complaints], []);
});
