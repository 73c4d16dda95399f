/** What guards the account itself: a forgotten password, other logins, the security log, and "this wasn't me". */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { waitForMail } from "./mailbox.ts";
import { bybit } from "./secrets.ts";
import { Server } from "./server.ts";
import {
  addAccount,
  failsToSign,
  removedDevice,
  section,
  signsWith,
  statusBanner,
  syncSwitch,
  Trader,
  tradable,
  verifiedBadge,
} from "./trader.ts";

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
let a: Page;
let b: Page;
const markup = bybit("<img src=x onerror=alert(1)> & co");

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
  a = await desk.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
  await trader.enableTotp(a);
  b = await laptop.open(server.url);
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await server?.dispose();
});

step("a wrong password and a wrong code are refused where they were typed", async () => {
  await b.getByLabel("Mail address").fill(trader.email);
  await b.getByLabel("Password").fill(`${trader.password}!`);
  await b.getByRole("button", { name: "Log in" }).click();
  await b.getByRole("alert").waitFor();
  await b.getByLabel("Password").fill(trader.password);
  await b.getByRole("button", { name: "Log in" }).click();
  await b.getByLabel("Code from your authenticator app").fill("000000");
  await b.getByRole("button", { name: "Log in" }).click();
  await b.getByRole("alert").waitFor();
  assert.equal(await b.getByRole("button", { name: "Log out" }).count(), 0);
  await b.getByRole("button", { name: "Cancel" }).click();
});

step("a forgotten password is set anew with the mail's link and a code, and other logins end", async () => {
  await b.getByRole("button", { name: "Forgot password?" }).click();
  await b.getByLabel("Mail address").fill(trader.email);
  await b.getByRole("button", { name: "Send a link" }).click();
  const link = await trader.openLink(b, "reset");
  assert.equal(new URL(link.url()).hash, "", "the token has left the address bar");
  trader.password = randomBytes(12).toString("base64url");
  await link.getByLabel("New password").fill(trader.password);
  await link.getByRole("button", { name: "Set the new password" }).click();
  await trader.giveCode(link, "Set the new password");
  await link.getByText("Your password is changed").waitFor();
  await link.close();
  await waitForMail(server, trader.email, (mail) => mail.subject === "Your password was changed");

  await a.reload();
  await a.getByRole("button", { name: "Log in" }).waitFor();
  await trader.logIn(a);
});

step("a login on another browser is listed, and can be ended from here", async () => {
  await b.goto(server.url);
  await trader.logIn(b);
  await section(a, "General");
  await section(a, "Security");
  const sessions = a.getByRole("region", { name: "Where you are logged in" }).getByRole("listitem");
  await sessions.nth(1).waitFor();
  assert.equal(await sessions.count(), 2);
  await sessions.getByRole("button", { name: "End the session of" }).click();
  await sessions.nth(1).waitFor({ state: "detached" });
  await b.reload();
  await b.getByRole("button", { name: "Log in" }).waitFor();
});

step("the security log tells what happened", async () => {
  const log = a.getByRole("region", { name: "Security log" });
  for (const words of ["Account created", "Two-factor authentication turned on", "Password reset", "Logged in"]) {
    await log.getByText(words).first().waitFor();
  }
});

step("markup in a label is text", async () => {
  await addAccount(a, markup);
  await signsWith(a, markup);
  assert.equal(await a.locator("img").count(), 0);
});

step("turning sync off asks for a code, and local-only accounts go on working", async () => {
  await trader.enrol(a, "Desk");
  await section(a, "General");
  await syncSwitch(a).click();
  await trader.giveCode(a, "Turn sync off everywhere");
  await a.getByRole("switch", { name: "Sync exchange API keys", checked: false }).waitFor();
  await signsWith(a, markup);
  await a.reload();
  await signsWith(a, markup);
});

step('"this wasn\'t me" in a mail leads to panic, which takes a login and a code', async () => {
  await section(a, "Accounts", "Sync");
  await syncSwitch(a).click();
  await trader.approve(a);
  const link = await trader.openLink(b, "panic");
  await trader.logInAt(link);
  await trader.giveCode(link, "Lock every device now");
  await link.getByText("Every device is locked").waitFor();
  await statusBanner(a).getByText("All devices were locked by the panic button.").waitFor();
  assert.match(await failsToSign(a), /locked/);
  assert.equal(await tradable(a, markup.label).count(), 0);
});

step("after a panic the owner comes back by mail and code", async () => {
  await trader.logIn(a);
  await trader.askToEnrol(a);
  await trader.approve(a);
  await verifiedBadge(a).waitFor();
  await signsWith(a, markup);
});

step('"remove all others" leaves only the browser that asks', async () => {
  await trader.enrol(b, "Laptop"); // It is logged in since it locked every device.
  await section(a, "Accounts", "Sync");
  await a.getByRole("button", { name: "Remove all others" }).click();
  await trader.giveCode(a, "Remove all other devices");
  await removedDevice(a, "Laptop")
    .getByText(/confirmed by the device after/)
    .waitFor();
  await statusBanner(b).getByText("This device was removed from your account.").waitFor();
  await signsWith(a, markup);
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints], []);
});
