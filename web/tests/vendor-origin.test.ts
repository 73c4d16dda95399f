/**
 * A vendor's page on another site than the server: the whole journey there, with a token and without a cookie; and a page
 * whose origin the server does not allow.
 */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { localData } from "./local-data.ts";
import { Server } from "./server.ts";
import { device, removedDevice, section, statusBanner, Trader } from "./trader.ts";
import {
  addShared,
  failsToSignOnVendorsPage,
  retrieveAll,
  signsOnVendorsPage,
  type VendorAccount,
} from "./vendor-page.ts";
import { VendorSite } from "./vendor-site.ts";

let server: Server;
let vendor: VendorSite;
let trader: Trader;
let a: Page;
let b: Page;
let account: VendorAccount;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
/** Every token that the server gave out, and what the pages sent with their requests. */
const tokens = new Set<string>();
const sent: { url: string; cookie: string | undefined }[] = [];

before(async () => {
  vendor = await VendorSite.start();
  server = await Server.start({ KEYLEASH_HTTP__ALLOWED_ORIGINS: JSON.stringify([vendor.otherSite]) });
  vendor.embed(server);
  trader = new Trader(server);
  a = await desk.open("about:blank");
  watch(a);
  await a.goto(vendor.otherSite);
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await vendor?.stop();
  await server?.dispose();
});

step("on the vendor's page a trader signs up, logs in, and turns two-factor authentication on", async () => {
  await trader.signUp(a);
  await trader.logInAt(a);
  await section(a, "Security");
  await trader.enableTotp(a);
});

step("the page becomes a device by mail, shares an account, and signs with it", async () => {
  await trader.enrol(a, "Vendor's page");
  account = await addShared(a, "Perp");
  await signsOnVendorsPage(a, account);
});

step("a second browser of the trader gets it there too", async () => {
  b = await laptop.open("about:blank");
  watch(b);
  await b.goto(vendor.otherSite);
  await trader.logInAt(b);
  await trader.enrol(b, "Laptop");
  await retrieveAll(b);
  await signsOnVendorsPage(b, account);
});

step("a reload and a second tab are still logged in", async () => {
  await b.reload();
  await signsOnVendorsPage(b, account);
  const b2 = await laptop.context.newPage();
  await b2.goto(vendor.otherSite);
  await signsOnVendorsPage(b2, account);
  await b2.close();
});

step("no cookie was kept or sent, and the token lies nowhere in the clear", async () => {
  assert.ok(tokens.size >= 2, "each browser was given a token");
  assert.ok(sent.length > 0);
  for (const { url, cookie } of sent) {
    assert.equal(cookie, undefined, url);
    for (const token of tokens) assert.ok(!url.includes(token), "no token in an address");
  }
  for (const page of [a, b]) {
    assert.deepEqual(await page.context().cookies(vendor.otherSite), []);
    const { texts } = await localData(page);
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    );
    for (const token of tokens) {
      assert.ok(texts.length > 0 && !texts.some((text) => text.includes(token)), "not in IndexedDB");
      assert.ok(!stored.includes(token), "not in any other storage");
    }
  }
  for (const token of tokens) assert.ok(!server.log().includes(token), "not in the server's log");
});

step("removed from the other browser, the vendor's page cannot sign any more", async () => {
  await trader.remove(a, "Laptop");
  await removedDevice(a, "Laptop")
    .getByText(/confirmed by the device after/i)
    .waitFor();
  await statusBanner(b)
    .getByText(/removed/i)
    .first()
    .waitFor();
  assert.match(await failsToSignOnVendorsPage(b), /removed|Add an account/);
  await signsOnVendorsPage(a, account);
  assert.equal(await device(a, "Laptop").count(), 0);
});

step("the vendor's pages kept to their content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints], []);
});

step("a page whose origin is not allowed is told so, in words for whoever can mend it", async () => {
  const c = await desk.context.newPage();
  await c.goto(vendor.sameSite);
  await c.getByRole("heading", { name: "This page is not allowed to use the server" }).waitFor();
  await c.getByText(`does not take requests from ${vendor.sameSite}.`).waitFor();
  await c.getByText("http.allowed_origins").waitFor();
  assert.equal(await c.getByRole("button", { name: "Log in" }).count(), 0);
});

/** Notes what the page sends to the server, and the tokens that it is given. */
function watch(page: Page): void {
  page.on("request", async (request) => {
    if (!request.url().startsWith(server.url)) return;
    sent.push({ url: request.url(), cookie: (await request.allHeaders()).cookie });
  });
  page.on("response", async (response) => {
    if (!response.url().endsWith("/login") || !response.ok()) return;
    const { token } = (await response.json()) as { token?: string };
    if (token) tokens.add(token);
  });
}
