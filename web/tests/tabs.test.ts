/** Several tabs of one browser, and writes without a connection: one socket, handed on; nothing lost, nothing overwritten. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { type Frames, recordFrames } from "./frames.ts";
import { step } from "./journey.ts";
import { binance, bybit } from "./secrets.ts";
import { Server } from "./server.ts";
import { addAccount, relabel, section, setSynced, signsWith, syncSwitch, Trader, tradable } from "./trader.ts";

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
let first: Page;
let second: Page;
let b: Page;
const frames = new Map<Page, Frames>();
const main = binance("Binance main");
const perp = bybit("Bybit perp");

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
  first = await openRecorded();
  await trader.signUp(first);
  await trader.logIn(first);
  await trader.enableTotp(first);
  await trader.enrol(first, "Desk");
  await addAccount(first, main);
  await addAccount(first, perp);
  await setSynced(first, main.label, true);
  b = await laptop.open(server.url);
  await trader.logIn(b);
  await trader.enrol(b, "Laptop");
  await trader.retrieveAll(b, main.label);
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await server?.dispose();
});

step("a second tab is unlocked by the first one, over the browser's only socket", async () => {
  second = await openRecorded();
  await signsWith(second, main);
  await signsWith(second, perp);
  assert.deepEqual(recorded(second).received, [], "the second tab has no socket");
});

step("what one tab changes, the other shows; and so does the other browser", async () => {
  await relabel(second, main.label, "From the second tab");
  for (const page of [first, b]) await tradable(page, "From the second tab").waitFor();
});

step("when the tab with the socket closes, the other one goes on with the keys that it has", async () => {
  await first.close();
  await second.getByText("Live", { exact: true }).waitFor();
  await relabel(b, "From the second tab", "After the hand-over");
  await tradable(second, "After the hand-over").waitFor();
  await signsWith(second, main, "After the hand-over");
  const hello = recorded(second).sent.find(({ type }) => type === "hello");
  assert.equal(hello?.want_unlock, false);
  assert.ok(!recorded(second).received.some(({ type }) => type === "unlock"), "the unlock key was not sent again");
});

step("changes that are made while the server is away are stored; of two to one account, none is lost", async () => {
  await server.stop();
  for (const page of [second, b]) {
    await page
      .getByText(/Reconnecting/)
      .first()
      .waitFor();
  }
  await relabel(second, "After the hand-over", "Changed at the desk");
  await relabel(b, "After the hand-over", "Changed on the laptop");
  // The laptop's page is closed with its change unsent; the desk comes back first.
  await b.goto("about:blank");
  await server.start();
  await second.getByText("Live", { exact: true }).waitFor();
  await setSynced(second, perp.label, true);

  await b.goto(server.url);
  await section(b, "Accounts", "Accounts");
  await b.getByRole("button", { name: "Decide", exact: true }).click();
  await b.getByText("Another device changed this account first.").waitFor();
  await tradable(b, "Changed at the desk").waitFor();
  await b.getByRole("button", { name: "Keep mine" }).click();
  for (const page of [b, second]) await tradable(page, "Changed on the laptop").waitFor();
});

step("turning sync off leaves each browser what was local, working", async () => {
  await setSynced(second, perp.label, false);
  first = await openRecorded();
  await tradable(first, perp.label).waitFor();
  await section(second, "General");
  await syncSwitch(second).click();
  await trader.giveCode(second, "Turn sync off everywhere");
  for (const page of [first, second]) {
    await tradable(page, "Changed on the laptop").waitFor({ state: "detached" });
    await signsWith(page, perp);
  }
  await tradable(b, "Changed on the laptop").waitFor({ state: "detached" });
});

step("logging out in one tab locks the other", async () => {
  await first.getByRole("button", { name: "Log out" }).click();
  for (const page of [first, second]) await page.getByRole("button", { name: "Log in" }).waitFor();
  assert.equal(await tradable(second, perp.label).count(), 0);
});

step("another user of the same browser sees nothing of it, and leaves it as it was", async () => {
  const other = new Trader(server);
  const theirs = binance("Somebody else's");
  await other.signUp(first);
  await other.logIn(first);
  await addAccount(first, theirs);
  await tradable(second, theirs.label).waitFor();
  for (const page of [first, second]) assert.equal(await tradable(page, perp.label).count(), 0);
  await second.getByRole("button", { name: "Log out" }).click();

  await trader.logIn(first);
  for (const page of [first, second]) {
    await signsWith(page, perp);
    assert.equal(await tradable(page, theirs.label).count(), 0);
  }
});

async function openRecorded(): Promise<Page> {
  const blank = await desk.open("about:blank");
  frames.set(blank, recordFrames(blank));
  await blank.goto(server.url);
  return blank;
}

function recorded(page: Page): Frames {
  const found = frames.get(page);
  assert.ok(found, "this page's socket is recorded");
  return found;
}
