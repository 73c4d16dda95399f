/** A vendor keeps the login: the page says who is there by a signed token, and Keyleash asks for nothing but its own code. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Authenticator } from "./authenticator.ts";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { Server } from "./server.ts";
import { section, Trader } from "./trader.ts";
import { VendorIdentity } from "./vendor-identity.ts";
import { addShared, retrieveAll, signsOnVendorsPage, type VendorAccount } from "./vendor-page.ts";
import { VendorSite } from "./vendor-site.ts";

/** As docs/embedding.md shows it. */
const IDENTITY = `
panel.identity = async () => {
  const answer = await fetch("/keyleash-token");
  return answer.ok ? await answer.text() : undefined;
};
`;

let server: Server;
let vendor: VendorSite;
let identity: VendorIdentity;
let trader: Trader;
let a: Page;
let b: Page;
let account: VendorAccount;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);

before(async () => {
  vendor = await VendorSite.start();
  identity = new VendorIdentity(vendor.otherSite);
  vendor.serve("/jwks.json", () => identity.keySet);
  vendor.serve("/keyleash-token", () => identity.token() || undefined);
  vendor.append("/terminal.js", IDENTITY);
  vendor.change = (html) => html.replace("connect-src ", "connect-src 'self' ");
  server = await Server.start({
    KEYLEASH_HTTP__ALLOWED_ORIGINS: JSON.stringify([vendor.otherSite]),
    KEYLEASH_IDENTITY__PROVIDER: "jwt",
    KEYLEASH_IDENTITY__JWT_ISSUER: identity.issuer,
    KEYLEASH_IDENTITY__JWT_AUDIENCE: identity.audience,
    KEYLEASH_IDENTITY__JWKS_URL: `${vendor.sameSite}/jwks.json`,
    KEYLEASH_IDENTITY__LOGIN_URL: `${vendor.otherSite}/log-in`,
  });
  vendor.embed(server);
  trader = new Trader(server);
  a = await desk.open(vendor.otherSite);
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await vendor?.stop();
  await server?.dispose();
});

step("nobody logged in at the vendor: the panel leads there, and asks for no password", async () => {
  const way = a.getByRole("link", { name: "Go to the log-in" });
  assert.equal(await way.getAttribute("href"), `${vendor.otherSite}/log-in`);
  assert.equal(await a.getByLabel("Password").count(), 0);
  assert.equal(await a.getByRole("button", { name: "Create an account" }).count(), 0);
});

step("logged in there, the trader is in here at once", async () => {
  identity.user = { subject: randomBytes(6).toString("hex"), email: trader.email };
  await a.reload();
  await a.getByRole("tablist", { name: "Settings" }).waitFor();
});

step("two-factor authentication is set up without a password: a fresh token says who asks", async () => {
  await section(a, "Security");
  await a.getByRole("button", { name: "Set up two-factor authentication" }).click();
  const authenticator = new Authenticator(await a.locator("[data-totp-secret]").innerText());
  await a.getByLabel("Code that the app shows").fill(await authenticator.code());
  await a.getByRole("button", { name: "Turn on" }).click();
  trader.authenticator = authenticator;
  await trader.keepRecoveryCodes(a);
});

step("the device is verified by mail and match code, as everywhere", async () => {
  await trader.enrol(a, "Desk");
  account = await addShared(a, "Perp");
  await signsOnVendorsPage(a, account);
});

step("another browser takes the code and nothing else", async () => {
  b = await laptop.open(vendor.otherSite);
  assert.equal(await b.getByLabel("Password").count(), 0);
  await trader.giveCode(b, "Log in");
  await trader.enrol(b, "Laptop");
  await retrieveAll(b);
  await signsOnVendorsPage(b, account);
});

step("somebody else at the same browser does not see the first one's keys", async () => {
  identity.user = { subject: randomBytes(6).toString("hex"), email: `other-${trader.email}` };
  await b.reload();
  await b.getByRole("tablist", { name: "Settings" }).waitFor();
  await b.getByRole("button", { name: "Sign a sample order" }).click();
  await b.locator("#signature").getByText("Add an account first.").waitFor();
});

step("the vendor's pages kept to their content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints], []);
});
