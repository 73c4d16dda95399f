/** Steps 1 to 4: one browser. Keys stay local, two-factor authentication comes first, verification by mail, choosing what to share. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { chromium, type Page } from "playwright-core";
import { CHROMIUM, FLAGS, Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { localData, openedWithStoredKeys } from "./local-data.ts";
import { mailLink } from "./mailbox.ts";
import { binance, bybit } from "./secrets.ts";
import { Server } from "./server.ts";
import { storedCredentials } from "./stored.ts";
import {
  addAccount,
  fillForm,
  openForm,
  section,
  setSynced,
  signsWith,
  syncSwitch,
  Trader,
  verifiedBadge,
} from "./trader.ts";

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
let a: Page;
const main = binance("Binance main");
const perp = bybit("Bybit perp");

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
});
after(async () => {
  await desk.dispose();
  await server?.dispose();
});

step("1. a trader signs up, confirms by mail, logs in, and keeps two keys in this browser alone", async () => {
  a = await desk.open(server.url);
  await a.getByRole("button", { name: "Create an account" }).click();
  await a.getByLabel("Mail address").fill(trader.email);
  await a.getByLabel("Password").fill(trader.password);
  await a.getByRole("button", { name: "Create account" }).click();
  const mailbox = await desk.context.newPage();
  await mailbox.goto(`${server.url}/dev/mailbox`);
  const link = await mailLink(server, trader.email, "signup");
  await mailbox.reload();
  await mailbox.getByText(trader.email).first().waitFor();
  await mailbox.goto(link);
  assert.equal(new URL(mailbox.url()).hash, "", "the token has left the address bar");
  await a.getByRole("button", { name: "Log in" }).click();

  await a.getByLabel("Mail address").fill(trader.email);
  await a.getByLabel("Password").fill(trader.password);
  await a.getByRole("button", { name: "Log in" }).click();
  await a.getByRole("alert").waitFor(); // Opening the link alone confirmed nothing.
  await mailbox.getByRole("button", { name: "Confirm my account" }).click();
  await mailbox.getByText("Your account is ready").waitFor();
  await mailbox.close();

  await a.getByRole("button", { name: "Log in" }).click();
  await a.getByRole("button", { name: "Log out" }).waitFor();
  await addAccount(a, main);
  await addAccount(a, perp);
  await signsWith(a, main);
  await signsWith(a, perp);

  assert.deepEqual(storedCredentials(server), [], "the server has no credential");
  assert.deepEqual(await openedWithStoredKeys(a), { stored: 2, opened: 2 }, "without sync they open without a server");
  assertNowhereReadable(await localData(a));
});

step("1. the form refuses what cannot be right, next to the field", async () => {
  await section(a, "Accounts", "Accounts");
  const form = await openForm(a);
  const same = { "API key": "the-same-text", "API secret": "the-same-text" };
  await fillForm(form, { exchange: "Bybit", label: "Wrong", fields: same });
  await form.getByRole("button", { name: "Store in this browser" }).click();
  const secret = form.getByLabel("API secret", { exact: true });
  await form.locator("[aria-invalid=true]").waitFor();
  assert.equal(await secret.getAttribute("aria-invalid"), "true");
  assert.match((await form.getByRole("alert").innerText()) ?? "", /same as/);
  await form.getByRole("button", { name: "Cancel" }).click();
  await a.getByRole("list", { name: "Accounts" }).waitFor();
  assert.equal(await a.getByText("Wrong").count(), 0, "nothing was stored");
});

step("2. sync without two-factor authentication is refused with the reason and a way there", async () => {
  await section(a, "General");
  await syncSwitch(a).click();
  await a.getByText("Two-factor authentication comes first.").waitFor();
  assert.equal(await syncSwitch(a).isChecked(), false);
  await a.getByRole("button", { name: "Set up two-factor authentication" }).click();
  await a.getByRole("tab", { name: "Security", selected: true }).waitFor();
});

step(
  "2. two-factor authentication: QR code, manual secret, confirmed by a code, ten recovery codes shown once",
  async () => {
    await section(a, "General");
    await section(a, "Security");
    await a.getByRole("button", { name: "Set up two-factor authentication" }).click();
    await a.getByLabel("Your password").fill("not the right password");
    await a.getByRole("button", { name: "Continue" }).click();
    await a.getByRole("alert").waitFor();

    await a.getByLabel("Your password").fill(trader.password);
    await a.getByRole("button", { name: "Continue" }).click();
    const qrCode = a.getByRole("img", { name: "QR code" });
    assert.ok((await qrCode.locator("path").getAttribute("d"))?.startsWith("M"), "it is drawn");
    assert.ok(((await qrCode.boundingBox())?.width ?? 0) >= 180, "large enough for a camera");
    await a.getByLabel("Code that the app shows").fill("000000");
    await a.getByRole("button", { name: "Turn on" }).click();
    await a.getByRole("alert").waitFor();
    await section(a, "General");

    await trader.enableTotp(a);
    await a.getByText("Logging in, and everything that changes security, asks for a code.").waitFor();
    assert.equal(
      await a.getByRole("list", { name: "Recovery codes" }).count(),
      0,
      "the recovery codes are not shown again",
    );
  },
);

step("3. the browser is verified by mail, and turns to verified by itself", async () => {
  await trader.askToEnrol(a);
  const seen = await trader.mailsSoFar();
  await a.getByRole("button", { name: "Request verification mail" }).click();
  const link = await trader.openLink(a, "device", seen);
  await link.getByRole("button", { name: "Approve this device" }).waitFor();
  assert.equal(new URL(link.url()).hash, "", "the token has left the address bar");
  assert.equal(await verifiedBadge(a).count(), 0, "opening the link alone approved nothing");
  assert.equal(
    await link.locator("[data-match-code]").innerText(),
    await a.locator("[data-match-code]").innerText(),
    "both screens show one match code",
  );
  const approvedAt = performance.now();
  await link.getByRole("button", { name: "Approve this device" }).click();
  await verifiedBadge(a).waitFor();
  console.log(`verified on the asking screen ${Math.round(performance.now() - approvedAt)} ms after the click`);
  // The answer to the approval brings this browser's new cookie: it may come after the news of it.
  await link.getByRole("heading", { name: "Approved" }).waitFor();
  await link.close();
  await trader.rename(a, "Desk");
});

step("3. a verification link works once", async () => {
  const used = await desk.context.newPage();
  await used.goto(await mailLink(server, trader.email, "device"));
  await used.getByRole("alert").waitFor();
  assert.equal(await used.getByRole("button", { name: "Approve this device" }).count(), 0);
  await used.close();
});

step("the page behind a mail link speaks the language of its reader", async () => {
  const german = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const link = await german.newPage({ locale: "de-DE" });
  await link.goto(`${server.url}/verify#panic`);
  await link.getByRole("heading", { name: "Das waren nicht Sie?" }).waitFor();
  await link.getByRole("button", { name: "Anmelden" }).waitFor();
  assert.equal(await link.locator("html").getAttribute("lang"), "de");
  assert.equal(await link.title(), "Keyleash: bestätigen");
  await german.close();
});

step("4. Binance is synced, Bybit stays in this browser", async () => {
  await setSynced(a, main.label, true);
  const stored = storedCredentials(server);
  assert.equal(stored.length, 1, "one credential is at the server");
  await signsWith(a, main);
  await signsWith(a, perp);
  await a.reload();
  await signsWith(a, main);
  await signsWith(a, perp);
  assertNowhereReadable(await localData(a));
  assert.deepEqual(await openedWithStoredKeys(a), { stored: 1, opened: 0 }, "half of its key is at the server now");
  for (const account of [main, perp]) {
    assert.deepEqual(server.filesWith(account.secret), [], "no file of the server has the secret in the clear");
  }
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual(desk.complaints, []);
});

function assertNowhereReadable({ texts, keys }: Awaited<ReturnType<typeof localData>>): void {
  assert.ok(texts.length > 0 && keys.length > 0, "there is something to look at");
  for (const text of texts) {
    for (const account of [main, perp])
      assert.ok(!text.includes(account.secret), "a secret lies in IndexedDB in the clear");
  }
  for (const key of keys) assert.ok(key.type === "public" || !key.extractable, "a secret key can be exported");
}
