/**
 * A second browser gets what its owner picks: a list of what is elsewhere, one account, then all, also across a reload; and
 * what is deleted can be taken back, in any tab, until it is gone everywhere.
 */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { binance, bybit, okx } from "./secrets.ts";
import { Server } from "./server.ts";
import { givenTo, storedCredentials } from "./stored.ts";
import { addAccount, openRow, row, section, setSynced, signsWith, Trader, tradable } from "./trader.ts";
import { until } from "./until.ts";

let server: Server;
let trader: Trader;
let a: Page;
let b: Page;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
const [main, perp, grid] = [binance("Spot"), bybit("Perp"), okx("Grid")];

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
  a = await desk.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
  await trader.enableTotp(a);
  await trader.enrol(a, "Desk");
  for (const account of [main, perp, grid]) {
    await addAccount(a, account);
    await setSynced(a, account.label, true);
  }
  b = await laptop.open(server.url);
  await trader.logIn(b);
  await trader.enrol(b, "Laptop");
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await server?.dispose();
});

step("a browser that was verified lists what is elsewhere, and was given none of it", async () => {
  await section(b, "Accounts", "Accounts");
  for (const { label } of [main, perp, grid]) await row(b, label).waitFor();
  assert.equal(await tradable(b, main.label).count(), 0);
  assert.equal(givenTo(server, "Laptop"), 0);
});

step("one that is picked arrives and signs; the others stay elsewhere", async () => {
  const opened = await openRow(b, main.label);
  await opened
    .getByRole("button", { name: `Retrieve ${main.label}` })
    .first()
    .click();
  await signsWith(b, main);
  assert.equal(await tradable(b, perp.label).count(), 0);
  assert.equal(givenTo(server, "Laptop"), 1);
});

step("what is elsewhere is relabelled and deleted live, without being retrieved", async () => {
  await openRow(a, perp.label).then(async (opened) => {
    await opened.getByRole("button", { name: `Relabel ${perp.label}` }).click();
    await opened.getByLabel("New label").fill("Perp, renamed");
    await opened.getByRole("button", { name: "Save" }).click();
  });
  await section(b, "Accounts", "Accounts");
  await row(b, "Perp, renamed").waitFor();
  assert.equal(givenTo(server, "Laptop"), 1);
});

step("what was asked for without a connection is retrieved after a reload", async () => {
  await server.stop();
  await b
    .getByText(/Reconnecting/)
    .first()
    .waitFor();
  await b.getByRole("button", { name: /^Retrieve all/ }).click();
  await row(b, grid.label).getByText("On its way").waitFor();
  await b.goto("about:blank");
  await server.start();
  await b.goto(server.url);
  await signsWith(b, perp, "Perp, renamed");
  await signsWith(b, grid);
  assert.equal(givenTo(server, "Laptop"), 3);
});

step("a deletion is taken back from another tab, and nothing of it reaches the server", async () => {
  const other = await laptop.context.newPage();
  await other.goto(server.url);
  await tradable(other, grid.label).waitFor();
  const opened = await openRow(b, grid.label);
  await opened.getByRole("button", { name: `Delete ${grid.label}` }).click();
  await row(b, grid.label).waitFor({ state: "detached" });
  await section(other, "Accounts", "Accounts");
  await other.getByRole("button", { name: /^Undo/ }).click();
  for (const page of [b, other]) await row(page, grid.label).waitFor();
  await signsWith(other, grid);
  await other.close();
  assert.ok(storedCredentials(server).every(({ deleted }) => !deleted));
});

step("one change to many accounts says how many it was made to, and which it was not made to", async () => {
  const outcome = await b.evaluate(async () => {
    const client = document.querySelector("keyleash-settings")?.client;
    const ids = client?.accounts().map(({ id }) => id) ?? [];
    let most = 0;
    const stop = client?.onChange(({ bulk }) => {
      most = Math.max(most, bulk?.total ?? 0);
    });
    const deleted = await client?.deleteMany([...ids, "no such account"], { undoMs: 60_000 });
    const pending = client?.accounts().map((account) => account.pending?.kind);
    const kept = await client?.undoDelete(ids);
    stop?.();
    const failed = deleted?.failed.map(({ id, error }) => [id, error.name]);
    return { done: deleted?.done, failed, pending, kept, most, bulk: client?.state.bulk };
  });
  assert.deepEqual(outcome, {
    done: 3,
    failed: [["no such account", "NoSuchAccountError"]],
    pending: ["deleting", "deleting", "deleting"],
    kept: 3,
    most: 4,
    bulk: undefined,
  });
});

step("a deletion is carried out though the page was closed, and goes everywhere", async () => {
  const opened = await openRow(b, grid.label);
  await opened.getByRole("button", { name: `Delete ${grid.label}` }).click();
  await row(b, grid.label).waitFor({ state: "detached" });
  await b.goto("about:blank");
  await tradable(a, grid.label).waitFor();
  await b.goto(server.url);
  await tradable(a, grid.label).waitFor({ state: "detached" });
  await until("the server has deleted it", () => storedCredentials(server).some(({ deleted }) => deleted));
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints], []);
});
