/** A verification mail that no mailbox takes: the asking screen says so, and goes on once one does. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { Server } from "./server.ts";
import { SmtpPeer } from "./smtp-peer.ts";
import { Trader, verifiedBadge } from "./trader.ts";
import { until } from "./until.ts";

let peer: SmtpPeer;
let server: Server;
let trader: Trader;
let a: Page;
const desk = new Profile("A", windows.desk);

before(async () => {
  peer = await SmtpPeer.listen();
  server = await Server.start({ KEYLEASH_MAIL__URL: peer.url, KEYLEASH_LIMITS__MAILS_PER_HOUR: "2" });
  trader = new Trader(server);
  a = await desk.open(server.url);
  await a.getByRole("button", { name: "Create an account" }).click();
  await a.getByLabel("Mail address").fill(trader.email);
  await a.getByLabel("Password").fill(trader.password);
  await a.getByRole("button", { name: "Create account" }).click();
  const link = await arrives("signup");
  await link.getByRole("button", { name: "Confirm my account" }).click();
  await link.getByText("Your account is ready").waitFor();
  await link.close();
  await a.getByRole("button", { name: "Log in" }).click();
  await trader.logIn(a);
  await trader.enableTotp(a);
  await trader.askToEnrol(a);
});
after(async () => {
  await desk.dispose();
  await server?.dispose();
  peer?.close();
});

step("a mail that is refused for good is said to be, with the address and what to do", async () => {
  peer.accepts = false;
  await a.getByRole("button", { name: "Request verification mail" }).click();
  const alert = a.getByRole("alert").filter({ hasText: "could not be delivered" });
  await alert.waitFor();
  assert.ok(peer.refused > 0, "the mail server refused it");
  assert.ok((await alert.innerText()).includes(trader.email));
  await a.getByRole("button", { name: "Send again" }).waitFor();
});

step("sent again to a mailbox that takes it, the device is verified without a reload", async () => {
  peer.accepts = true;
  await a.getByRole("button", { name: "Send again" }).click();
  await a.getByText(`Mail sent to ${trader.email}.`).waitFor();
  await a.getByRole("timer", { name: "The link works for another" }).waitFor();
  assert.equal(await a.getByText("could not be delivered").count(), 0);
});

step("beyond the limit of mails the button waits, and says for how long", async () => {
  await a.getByRole("button", { name: "Send again" }).click();
  await a.getByRole("alert").filter({ hasText: "Too many requests of this kind" }).waitFor();
  const wait = a.getByRole("timer", { name: "Try again in" });
  assert.match(await wait.innerText(), /^\d+:\d\d$/);
  assert.ok(await a.getByRole("button", { name: "Send again" }).isDisabled());
  const link = await arrives("device");
  await link.getByRole("button", { name: "Approve this device" }).click();
  await link.getByRole("heading", { name: "Approved" }).waitFor();
  await verifiedBadge(a).waitFor();
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual(desk.complaints, []);
});

async function arrives(kind: "signup" | "device"): Promise<Page> {
  await until(`a mail with a ${kind} link`, async () => peer.link(kind) !== undefined);
  const tab = await desk.context.newPage();
  await tab.goto(peer.link(kind) ?? "");
  return tab;
}
