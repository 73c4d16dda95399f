/** Steps 9 and 10: the server dies in the middle of writes and comes back; the server is away for longer than the grace time. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { BACKOFF_MAX_MS } from "../client/src/limits.ts";
import { PATIENCE_MS, Profile, shellKept, windows } from "./browser.ts";
import { type Frames, recordFrames } from "./frames.ts";
import { step } from "./journey.ts";
import { binance } from "./secrets.ts";
import { Server } from "./server.ts";
import { storedCredentials } from "./stored.ts";
import { addAccount, failsToSign, section, setSynced, signsWith, statusBanner, Trader, tradable } from "./trader.ts";
import { until } from "./until.ts";

/** Long enough to look around in, on a machine that is busy. */
const GRACE_SECONDS = 20;
/** Enough that the server is killed with some answered and some not. */
const WRITES = 120;
const ANSWERED_BEFORE_THE_KILL = 20;

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
let a: Page;
let b: Page;
let frames: Frames;
const main = binance("Binance main");

before(async () => {
  server = await Server.start({ KEYLEASH_LIMITS__GRACE_SECONDS: String(GRACE_SECONDS) });
  trader = new Trader(server);
  a = await desk.open("about:blank");
  frames = recordFrames(a);
  await a.goto(server.url);
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
  for (const page of [a, b]) {
    await section(page, "Accounts", "Accounts");
    await page.getByRole("switch", { name: "Auto connect all accounts" }).click();
    await page.getByRole("switch", { name: "Auto connect all accounts", checked: true }).waitFor();
  }
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await server?.dispose();
});

step("9. a server that is killed in the middle of writes loses nothing that it had answered", async () => {
  const done = () => frames.received.filter((message) => message.type === "done");
  const before = done().length;
  await a.evaluate(addManyAccounts, WRITES);
  await until("enough writes are answered", () => done().length - before >= ANSWERED_BEFORE_THE_KILL);
  await server.kill();
  const answered = done();
  assert.ok(answered.length - before < WRITES, "it was killed before the last write");
  for (const page of [a, b])
    await page
      .getByText(/Reconnecting/)
      .first()
      .waitFor();
  console.log(`killed after ${answered.length - before} of ${WRITES} writes were answered`);

  await server.start();
  const stored = new Map(storedCredentials(server).map((credential) => [credential.id, credential.version]));
  for (const { id, version } of answered) {
    assert.ok((stored.get(String(id)) ?? 0) >= Number(version), `the answered write of ${id} is there`);
  }
});

step("9. the browsers reconnect by themselves and converge", async () => {
  for (const page of [a, b]) await page.getByText("Live", { exact: true }).waitFor();
  for (const page of [a, b]) {
    await page.waitForFunction(
      (expected) => document.querySelectorAll("terminal-order .account").length === expected,
      WRITES + 1,
    );
  }
  assert.deepEqual(await labels(a), await labels(b));
  assert.equal(storedCredentials(server).filter((credential) => !credential.deleted).length, WRITES + 1);
  await signsWith(b, main);
});

step(
  "10. without the server an unlocked browser signs for the grace time, with a countdown; a page that is reloaded is locked",
  async () => {
    const a2 = await desk.context.newPage();
    await a2.goto(server.url);
    await tradable(a2, main.label).waitFor();
    await shellKept(a2);
    await server.stop();

    const countdown = a.getByLabel("Time until this browser locks");
    await countdown.waitFor();
    const first = await countdown.innerText();
    assert.match(first, /^0:\d\d$/);
    await signsWith(a, main);
    await until("the countdown moves", async () => (await countdown.innerText()) !== first);

    await a2.reload();
    await statusBanner(a2)
      .getByText(/Locked\.|Log in/)
      .waitFor();
    assert.equal(await tradable(a2, main.label).count(), 0, "the page that was reloaded is locked");
    await signsWith(a, main);

    await statusBanner(a)
      .getByText("The server was out of reach for too long.")
      .waitFor({ timeout: GRACE_SECONDS * 1000 + PATIENCE_MS });
    assert.match(await failsToSign(a), /locked/i);
    assert.equal(await tradable(a, main.label).count(), 0);
  },
);

step("10. once the server is back, the keys open again", async () => {
  await server.start();
  // The longest wait between two tries, and patience on top.
  await tradable(a, main.label).waitFor({ timeout: BACKOFF_MAX_MS + PATIENCE_MS });
  await signsWith(a, main);
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints], []);
});

/** Runs in the page: adds accounts as fast as the client takes them, and waits for none. */
function addManyAccounts(count: number): void {
  const { client } = document.querySelector("demo-terminal") as unknown as {
    client: { addAccount(draft: object): Promise<unknown> };
  };
  for (let index = 0; index < count; index += 1) {
    const text = () => crypto.randomUUID().replaceAll("-", "");
    void client.addAccount({
      exchange: "blofin",
      kind: "hmac",
      environment: "demo",
      label: `Written ${index}`,
      fields: { key: text(), secret: text(), passphrase: text() },
    });
  }
}

function labels(page: Page): Promise<string[]> {
  return page.getByRole("radiogroup", { name: "Account to trade with" }).locator("strong").allInnerTexts();
}
