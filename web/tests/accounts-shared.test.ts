/** The ACCOUNTS tab with two browsers: many at once, who holds what, both sides of a conflict, and what a removal leaves. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { binance, bybit, okx } from "./secrets.ts";
import { Server } from "./server.ts";
import {
  addAccount,
  deleteAccount,
  device,
  openRow,
  relabel,
  row,
  section,
  signsWith,
  Trader,
  tradable,
} from "./trader.ts";

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
let a: Page;
let b: Page;
const shared = [binance("Spot"), bybit("Perp"), okx("Grid")];
const [main, perp, grid] = shared as [(typeof shared)[0], (typeof shared)[0], (typeof shared)[0]];
const local = bybit("Laptop only");

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
  a = await desk.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
  for (const account of shared) await addAccount(a, account);
  await trader.enableTotp(a);
  await trader.enrol(a, "Desk");
  b = await laptop.open(server.url);
  await trader.logIn(b);
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await server?.dispose();
});

step("many are shared at once, and each row says so", async () => {
  await section(a, "Accounts", "Accounts");
  await a.getByRole("checkbox", { name: "Select all in view" }).click();
  await a.getByRole("button", { name: "Sync 3" }).click();
  for (const { label } of shared) await a.getByRole("switch", { name: `Sync ${label}`, checked: true }).waitFor();
  await a.getByText("3 accounts", { exact: true }).waitFor(); // Nothing is selected any more.
});

step("one is picked on the other browser, and both say that two devices hold it", async () => {
  await trader.enrol(b, "Laptop");
  await section(b, "Accounts", "Accounts");
  await b.getByRole("button", { name: `Retrieve ${main.label}` }).click();
  await signsWith(b, main);
  for (const page of [a, b]) {
    const opened = await openRow(page, main.label);
    await opened.getByText("Desk, Laptop").waitFor();
  }
  const there = await openRow(b, perp.label);
  await there.getByText("It is on: Desk.").waitFor();
});

step("those that are selected elsewhere are retrieved together", async () => {
  await b.getByRole("checkbox", { name: `Select ${perp.label}` }).click();
  await b.getByRole("checkbox", { name: `Select ${grid.label}` }).click();
  await b.getByRole("button", { name: "Retrieve 2" }).click();
  await signsWith(b, perp);
  await signsWith(b, grid);
});

step("a conflict shows both sides, marks what differs, and keeps what is chosen", async () => {
  await whileOffline(async () => {
    await relabel(a, main.label, "Spot at the desk");
    await relabel(b, main.label, "Spot on the laptop");
  });
  await section(b, "Accounts", "Accounts");
  await b.getByRole("button", { name: "Decide", exact: true }).click();
  const conflict = b.locator("keyleash-conflict");
  const mine = conflict.getByRole("region", { name: "Changed here" });
  const theirs = conflict.getByRole("region", { name: "Changed on the other device" });
  await mine.getByText("Spot on the laptop").waitFor();
  await theirs.getByText("Spot at the desk").waitFor();
  assert.equal(await conflict.locator(".differs").count(), 2, "the label differs, on both sides, and nothing else");
  assert.ok(!(await conflict.innerText()).includes(main.secret), "secrets are masked");
  await theirs.getByRole("button", { name: "Show API secret" }).click();
  await theirs.getByText(main.secret).waitFor();
  await theirs.getByRole("button", { name: "Use theirs" }).click();
  for (const page of [a, b]) await tradable(page, "Spot at the desk").waitFor();
  assert.equal(await tradable(b, "Spot on the laptop").count(), 0);
});

step("a change here against a deletion there: what was changed can be kept", async () => {
  await whileOffline(async () => {
    await deleteAccount(a, grid.label);
    await a.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
    await relabel(b, grid.label, "Grid, wanted");
  });
  await section(b, "Accounts", "Accounts");
  await b.getByRole("button", { name: "Decide", exact: true }).click();
  const conflict = b.locator("keyleash-conflict");
  await conflict.getByText("Deleted on the other device.").waitFor();
  await conflict.getByRole("button", { name: "Keep mine" }).click();
  await tradable(b, "Grid, wanted").waitFor();
  await row(a, "Grid, wanted").waitFor();
  await signsWith(b, grid, "Grid, wanted");
});

step("what a removal locked is explained, and discarded only when it is meant", async () => {
  await addAccount(b, local);
  await section(a, "Accounts", "Sync");
  await device(a, "Laptop").waitFor();
  await trader.remove(a, "Laptop");
  await b.getByRole("button", { name: "Log in" }).waitFor();
  await trader.logIn(b);
  await section(b, "Accounts", "Accounts");
  const words = b.getByText(/locked by the removal/);
  await words.waitFor();
  await b.getByRole("button", { name: /^Discard/ }).click();
  await b.getByRole("button", { name: "Cancel" }).click();
  await words.waitFor();
  await b.getByRole("button", { name: /^Discard/ }).click();
  await b.getByRole("button", { name: /for good$/ }).click();
  await words.waitFor({ state: "detached" });
  await b.reload();
  await section(b, "Accounts", "Accounts");
  await b.getByText("No accounts yet").waitFor();
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints], []);
});

/** Changes are made in both browsers while the server is away; the desk comes back first. */
async function whileOffline(change: () => Promise<void>): Promise<void> {
  await server.stop();
  for (const page of [a, b]) {
    await page
      .getByText(/Reconnecting/)
      .first()
      .waitFor();
  }
  await change();
  await b.goto("about:blank");
  await server.start();
  // A browser that notices its network back does not wait for the next try, which is far by now.
  await a.evaluate(() => dispatchEvent(new Event("online")));
  await a.getByRole("banner").getByText("Live", { exact: true }).waitFor();
  await b.goto(server.url);
  await b.getByRole("banner").getByText("Live", { exact: true }).waitFor();
}
