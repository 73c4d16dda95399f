/** The SYNC tab and what stands beside it: one state in every place, codes that block, and what is left to do after a removal. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { binance, okx } from "./secrets.ts";
import { Server } from "./server.ts";
import {
  addAccount,
  device,
  removedDevice,
  section,
  setSynced,
  syncSwitch,
  Trader,
  tradable,
  verifiedBadge,
} from "./trader.ts";
import { until } from "./until.ts";

/** Wrong codes that cost no wait; the server's limit. */
const FREE_TRIES = 5;

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
const phone = new Profile("B", windows.phone, "dark");
let a: Page;
let a2: Page;
let b: Page;
const main = binance("Binance main");
const grid = okx("OKX grid bot");

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
  a = await desk.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
  await trader.enableTotp(a);
  a2 = await desk.context.newPage();
  await a2.goto(server.url);
});
after(async () => {
  for (const profile of [desk, phone]) await profile.dispose();
  await server?.dispose();
});

step("the switch says the same in General of one tab and in SYNC of another, as it changes", async () => {
  await section(a, "General");
  await section(a2, "Accounts", "Sync");
  assert.equal(await syncSwitch(a2).isChecked(), false);
  await syncSwitch(a).click();
  await a2.getByText("Waits for approval").waitFor();
  for (const page of [a, a2]) assert.ok(await syncSwitch(page).isChecked());
  const here = a.getByRole("region", { name: "This device" });
  await here.getByText("Waits to be verified").waitFor();
  await trader.approve(a2);
  await here.getByText("Verified", { exact: true }).waitFor();
  await trader.rename(a2, "Desk");
  await here.getByText("Desk").waitFor();
});

step("a device that was just verified is told what is elsewhere, and led to it", async () => {
  for (const account of [main, grid]) {
    await addAccount(a, account);
    await setSynced(a, account.label, true);
  }
  b = await phone.open(server.url);
  await trader.logIn(b);
  await trader.askToEnrol(b);
  await trader.approve(b);
  await b.getByText("2 accounts are on your other devices and not here yet.").waitFor();
  await b.getByRole("button", { name: "Retrieve all 2" }).click();
  for (const { label } of [main, grid]) await tradable(b, label).waitFor();
  await b.getByText("are on your other devices and not here yet").waitFor({ state: "detached" });
  await trader.rename(b, "Phone");
});

step("each device says what it holds, which one it is, and that it is online", async () => {
  const row = device(a2, "Phone");
  await row.getByText("Online now").waitFor();
  await row.getByText("Up to date", { exact: true }).waitFor();
  await row.getByText("Holds 2 keys").click();
  for (const { label } of [main, grid]) await row.getByText(label).waitFor();
  await device(a2, "Desk").getByText("This device").waitFor();
});

step(
  "with the keyboard alone: what is opened is closed by Escape, and the focus goes back to what opened it",
  async () => {
    const remove = device(a2, "Phone").getByRole("button", { name: "Remove Phone" });
    await remove.focus();
    await a2.keyboard.press("Enter");
    const code = device(a2, "Phone").getByLabel("Code from your authenticator app");
    await until("the code field has the focus", () => code.evaluate(hasFocus));
    await a2.keyboard.press("Escape");
    await code.waitFor({ state: "detached" });
    await until("the button has the focus again", () => remove.evaluate(hasFocus));
  },
);

step("wrong codes are said to be wrong; too many make it wait, with a countdown, and then it goes on", async () => {
  const row = device(a2, "Phone");
  await row.getByRole("button", { name: "Remove Phone" }).click();
  const code = row.getByLabel("Code from your authenticator app");
  const button = row.getByRole("button", { name: "Remove", exact: true });
  const wrong = async () => {
    await code.fill("");
    await code.pressSequentially("000 000");
    assert.equal(await code.inputValue(), "000000", "spaces do not count");
    await button.click();
  };
  for (let tries = 0; tries < FREE_TRIES; tries++) {
    await wrong();
    await row.getByRole("alert").filter({ hasText: "This code is not right" }).waitFor();
  }
  await wrong();
  await row.getByRole("alert").filter({ hasText: "Too many wrong tries" }).waitFor();
  assert.match(await row.getByRole("timer").innerText(), /^0:\d\d$/);
  assert.ok(await button.isDisabled());
  await until("it may be tried again", () => button.isEnabled());
  await row.getByRole("button", { name: "Cancel" }).click();
});

step("a removal shows its steps, and goes on to the last one by itself when the device is back", async () => {
  await b.close();
  await phone.shut();
  await device(a2, "Phone")
    .getByText(/^Last seen/)
    .waitFor();
  await trader.remove(a2, "Phone");
  const row = removedDevice(a2, "Phone");
  const states = () => row.locator("[data-step]").evaluateAll((steps) => steps.map((each) => each.className));
  await row.getByText("Offline: locked out, confirmation when it returns").waitFor();
  assert.deepEqual(await states(), ["done", "waiting", "waiting"]);
  const heading = a2.getByRole("heading", { name: "Removed devices" });
  await until("reading goes on where it stands", () => heading.evaluate(hasFocus));
  b = await phone.open(server.url);
  await trader.logIn(b);
  await row.getByText(/^Disabled, confirmed by the device after/).waitFor();
  assert.deepEqual(await states(), ["done", "done", "done"]);
});

step(
  "the keys to rotate are ticked off, for every tab and after a reload, and fold away when all are done",
  async () => {
    await section(a, "Accounts", "Sync");
    const [here, there] = [removedDevice(a2, "Phone"), removedDevice(a, "Phone")];
    await here.getByText("0 of 2 rotated").waitFor();
    const tick = (label: string) => here.getByRole("checkbox", { name: `${label} is rotated at the exchange` });
    await tick(main.label).click();
    for (const row of [here, there]) await row.getByText("1 of 2 rotated").waitFor();
    await a2.reload();
    await section(a2, "Accounts", "Sync");
    await here.getByText("1 of 2 rotated").waitFor();
    assert.ok(await tick(main.label).isChecked());
    await tick(grid.label).click();
    for (const row of [here, there]) await row.getByText("All 2 keys that it held are rotated").waitFor();
    await tick(grid.label).waitFor({ state: "hidden" });
  },
);

step("panic locks this device too, and the banner leads back", async () => {
  await a.getByRole("button", { name: "Panic: lock every device" }).click();
  await trader.giveCode(a, "Lock every device now");
  for (const page of [a, a2]) await page.getByText("All devices were locked by the panic button.").first().waitFor();
  assert.equal(await verifiedBadge(a).count(), 0);
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...phone.complaints], []);
});

function hasFocus(element: Element): boolean {
  const root = element.getRootNode();
  return root instanceof ShadowRoot && root.activeElement === element;
}
