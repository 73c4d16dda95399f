/** A page on another site than the server: a login by token, shared by its tabs, and in the clear nowhere on this machine. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import type { Page, Request } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { localData } from "./local-data.ts";
import { Server } from "./server.ts";
import { Trader } from "./trader.ts";
import { VendorSite } from "./vendor-site.ts";

let server: Server;
let vendor: VendorSite;
let trader: Trader;
let first: Page;
let second: Page;
const browser = new Profile("vendor", windows.laptop);
const tokens = new Set<string>();
const requests: Request[] = [];

before(async () => {
  vendor = await VendorSite.start();
  server = await Server.start({ KEYLEASH_HTTP__ALLOWED_ORIGINS: JSON.stringify([vendor.otherSite]) });
  vendor.embed(server);
  trader = new Trader(server);
  first = await browser.open(vendor.otherSite);
  browser.context.on("request", (request) => requests.push(request));
});
after(async () => {
  await browser.dispose();
  await vendor?.stop();
  await server?.dispose();
});

const loggedIn = (page: Page) => page.getByRole("tab", { name: "Security" }).waitFor();
const loggedOut = (page: Page) => page.getByRole("button", { name: "Log in" }).waitFor();
const toServer = () => requests.filter((request) => request.url().startsWith(`${server.url}/api/`));

step("logs in by token: no cookie comes, and none is sent", async () => {
  await trader.signUp(first);
  await trader.logInAt(first);
  await loggedIn(first);
  assert.deepEqual(await browser.context.cookies(), []);
  for (const request of toServer()) {
    const { authorization } = request.headers();
    if (authorization) tokens.add(authorization.replace("Bearer ", ""));
  }
  assert.equal(tokens.size, 1);
});

step("a second tab, and a page that is opened again, are logged in too", async () => {
  second = await browser.open(vendor.otherSite);
  await loggedIn(second);
  await first.reload();
  await loggedIn(first);
});

step(
  "the token is in the clear neither in what scripts can read nor in any file of the browser's profile",
  async () => {
    const [token = ""] = tokens;
    assert.ok(token.length > 20);
    const stored = await first.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    );
    assert.ok(!stored.includes(token));
    const { texts, keys, counts } = await localData(first);
    assert.equal(counts["keyleash login/tokens"], 1, "the token is kept");
    assert.ok(!texts.some((text) => text.includes(token)));
    assert.ok(keys.length > 0 && keys.every(({ extractable }) => !extractable));
  },
);

step("the socket is let in by the token, which stands in no address", async () => {
  await trader.enableTotp(first);
  await trader.enrol(first, "Desk");
  for (const request of requests) for (const token of tokens) assert.ok(!request.url().includes(token));
  for (const token of tokens) assert.ok(!server.log().includes(token));
});

step("logging out in one tab ends it in the other, and nothing of it is kept", async () => {
  await first.evaluate(() => document.querySelector("keyleash-settings")?.client?.logOut());
  for (const page of [first, second]) await loggedOut(page);
  const { counts } = await localData(first);
  assert.equal(counts["keyleash login/tokens"], 0);
  await second.reload();
  await loggedOut(second);
});

step("nothing of the token was left on the disk", async () => {
  await browser.shut();
  const files = readdirSync(browser.directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  assert.ok(files.length > 0);
  for (const token of tokens) {
    const found = files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => readFileSync(path).includes(token));
    assert.deepEqual(found, []);
  }
});
