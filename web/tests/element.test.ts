/** What a page can do with the element: its attributes, properties, event and colours, as docs/embedding.md lists them. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { Server } from "./server.ts";
import { Trader } from "./trader.ts";
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

/** The example with other attributes on its panel. */
async function openWith(attributes: string): Promise<void> {
  vendor.change = (html) => html.replace(/<keyleash-settings[^>]*>/, `<keyleash-settings ${attributes}>`);
  await page.goto(vendor.otherSite);
}

step("an address that is none is said to be none", async () => {
  await openWith('server="keys.example"');
  await page.getByRole("heading", { name: "The panel cannot start" }).waitFor();
  await page.getByText("“keys.example” is not an address of a server.").waitFor();
});

step("it speaks the language of its `lang`, also when that changes", async () => {
  await openWith(`lang="de" server="${server.url}"`);
  await page.getByRole("button", { name: "Anmelden" }).waitFor();
  await page.locator("keyleash-settings").evaluate((element) => element.setAttribute("lang", "en"));
  await page.getByRole("button", { name: "Log in" }).waitFor();
});

step("its colours are the vendor's", async () => {
  await openWith(`server="${server.url}"`);
  const button = page.getByRole("button", { name: "Log in" });
  assert.equal(await button.evaluate((each) => getComputedStyle(each).backgroundColor), "rgb(107, 63, 212)");
  await page.locator("keyleash-settings").evaluate((element: HTMLElement) => {
    element.style.setProperty("--keyleash-radius", "0px");
    element.style.setProperty("--keyleash-font", "monospace");
  });
  assert.equal(await button.evaluate((each) => getComputedStyle(each).borderRadius), "0px");
  assert.equal(await button.evaluate((each) => getComputedStyle(each).fontFamily), "monospace");
});

step("panels of one server share a client; a panel that is given one takes that, and says so", async () => {
  const found = await page.evaluate(async () => {
    const first = document.querySelector("keyleash-settings");
    if (!first) throw new Error("there is a panel");
    const second = document.createElement("keyleash-settings");
    second.server = first.server;
    const ready = new Promise((resolve) => second.addEventListener("keyleash-ready", ({ detail }) => resolve(detail)));
    document.body.append(second);
    const shared = (await ready) === first.client && second.client === first.client;

    const third = document.createElement("keyleash-settings");
    third.client = first.client;
    const told = new Promise((resolve) => document.body.addEventListener("keyleash-ready", resolve, { once: true }));
    document.body.append(third);
    await told;
    second.remove();
    third.remove();
    return shared;
  });
  assert.ok(found);
});

step("`section` and `open` lead to a place, and `without-status` leaves the banner to the page", async () => {
  const trader = new Trader(server);
  await trader.signUp(page);
  await trader.logInAt(page);
  await page.getByRole("tab", { name: "Accounts", selected: true }).first().waitFor();
  assert.equal(await page.locator("keyleash-status").count(), 1);
  await openWith(`section="security" without-status server="${server.url}"`);
  await page.getByRole("tab", { name: "Security", selected: true }).waitFor();
  assert.equal(await page.locator("keyleash-status").count(), 0);
  await page.evaluate(() => document.querySelector("keyleash-settings")?.open("accounts", "sync"));
  await page.getByRole("tab", { name: "Sync", selected: true }).waitFor();
});

step("the page kept to its content security policy, and no script threw", () => {
  assert.deepEqual(browser.complaints, []);
});
