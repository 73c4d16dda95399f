/** What a vendor's page has to allow: the example's content security policy suffices, and no part of it can be left out. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { Server } from "./server.ts";
import { Trader } from "./trader.ts";
import { until } from "./until.ts";
import { VendorSite } from "./vendor-site.ts";

let server: Server;
let vendor: VendorSite;
let page: Page;
const browser = new Profile("vendor", windows.laptop);

before(async () => {
  vendor = await VendorSite.start();
  server = await Server.start({ KEYLEASH_HTTP__ALLOWED_ORIGINS: JSON.stringify([vendor.otherSite]) });
  vendor.embed(server);
  page = await browser.open("about:blank");
});
after(async () => {
  await browser.dispose();
  await vendor?.stop();
  await server?.dispose();
});

/** The page without what `part` matches in its policy; returns what the browser had to say. */
async function openWithout(part: RegExp | undefined): Promise<readonly string[]> {
  vendor.change = (html) => {
    const changed = part ? html.replace(part, "") : html;
    assert.ok(!part || changed !== html, `the example's policy has ${part}`);
    return changed;
  };
  browser.complaints.length = 0;
  await page.goto(vendor.otherSite);
  return browser.complaints;
}

step("the directives of the example suffice", async () => {
  const complaints = await openWithout(undefined);
  await page.getByRole("button", { name: "Log in" }).waitFor();
  assert.deepEqual(complaints, []);
});

step("the panel's style needs no directive, and is the vendor's by custom properties", async () => {
  await openWithout(/style-src 'self'; /);
  const button = page.getByRole("button", { name: "Log in" });
  await button.waitFor();
  assert.equal(await button.evaluate((element) => getComputedStyle(element).borderRadius), "7px");
});

step("without connect-src the panel says that the page's policy is in the way", async () => {
  await openWithout(/connect-src [^;]*; /);
  await page.getByText("This page's security policy is in the way").waitFor();
  await page.getByText(/has to name 127\.0\.0\.1:\d+ in connect-src/).waitFor();
});

step("without the socket's address in connect-src the panel says so too, and goes on with the rest", async () => {
  const trader = new Trader(server);
  await openWithout(/ ws:[^;]*/);
  await trader.signUp(page);
  await trader.logInAt(page);
  await trader.enableTotp(page);
  await trader.askToEnrol(page);
  await page.getByText("This page's security policy is in the way").waitFor();
  await page.getByText(/and with wss:/).waitFor();
});

for (const [directive, part] of [
  ["script-src", /script-src 'self' [^;]*; /],
  ["trusted-types", / lit-html/],
] as const) {
  step(`without ${directive} nothing runs, and the browser names the directive`, async () => {
    const complaints = await openWithout(part);
    await until(`the browser names ${directive}`, () => complaints.some((each) => each.includes(directive)));
    assert.equal(await page.getByRole("button", { name: "Log in" }).count(), 0);
  });
}
