/** Settings > Security: authenticator, recovery codes on paper and in a file, password, sessions, mails, history. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import type { Locator, Page } from "playwright-core";
import { Authenticator } from "./authenticator.ts";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { Server } from "./server.ts";
import { section, Trader } from "./trader.ts";
import { until } from "./until.ts";

const EVIL_NAME = "=HYPERLINK(1)";

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
const laptop = new Profile("B", windows.laptop);
let a: Page;
let b: Page;

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
  a = await desk.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
});
after(async () => {
  for (const profile of [desk, laptop]) await profile.dispose();
  await server?.dispose();
});

step("the recovery codes go into a file, onto paper alone, and into the clipboard", async () => {
  await beginTotp(a, "Set up two-factor authentication");
  const authenticator = await scan(a);
  await a.getByLabel("Code that the app shows").fill(await authenticator.code());
  await a.getByRole("button", { name: "Turn on" }).click();
  const list = a.getByRole("list", { name: "Recovery codes" });
  await list.waitFor();
  const codes = await list.getByRole("listitem").allInnerTexts();

  const file = await downloaded(a, a.getByRole("button", { name: "Download", exact: true }));
  assert.equal(file.name, "recovery-codes-127.0.0.1.txt");
  for (const code of [...codes, trader.email]) assert.ok(file.text.includes(code), `${code} is in the file`);

  const paper = await printed(a, a.getByRole("button", { name: "Print" }));
  for (const code of [...codes, trader.email]) assert.ok(paper.includes(code), `${code} is on paper`);
  assert.ok(!paper.includes("Log out") && !paper.includes("Sample order"), "nothing else of the page is");
  assert.equal(await a.locator(".keyleash-print-sheet").count(), 0, "and it leaves the page");

  await desk.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await a.getByRole("button", { name: "Copy", exact: true }).click();
  await a.getByText("Copied").waitFor();
  assert.deepEqual((await a.evaluate(() => navigator.clipboard.readText())).split("\n"), codes);

  trader.authenticator = authenticator;
  await trader.keepRecoveryCodes(a);
  await a.getByText("10 of 10 left").waitFor();
});

step("another authenticator takes the place of the present one only with that one's consent", async () => {
  const old = trader.authenticator;
  assert.ok(old);
  await beginTotp(a, "Change authenticator");
  await a.getByText("First a code from the authenticator that you have now.").waitFor();
  await a.getByLabel("Code from your authenticator app").fill("000000");
  await a.getByRole("alert").filter({ hasText: "This code is not right" }).waitFor();
  await a.getByLabel("Code from your authenticator app").fill(await old.code());
  const next = await scan(a);
  await a.getByLabel("Code that the app shows").fill(await next.code());
  await a.getByRole("button", { name: "Use the new authenticator" }).click();
  trader.authenticator = next.replace(old);
  await trader.keepRecoveryCodes(a);
  await a.getByText("the old one's codes are worth nothing now").waitFor();
});

step("a new password is advised by its length; a wrong present one is said next to its field", async () => {
  await a.getByRole("button", { name: "Change password" }).click();
  const form = a.getByRole("region", { name: "Password" });
  const present = form.getByLabel("Present password");
  const wanted = form.getByLabel("New password");
  assert.deepEqual(
    [await present.getAttribute("autocomplete"), await wanted.getAttribute("autocomplete")],
    ["current-password", "new-password"],
  );
  await wanted.fill("short");
  await form.getByText("7 more characters").waitFor();
  await wanted.fill("aaaaaaaaaaaaaaaa");
  await form.getByText("Easy to guess").waitFor();
  await wanted.fill("four words are quite enough");
  await form.getByText("27 characters: strong").waitFor();

  await present.fill("this is not the password");
  await form.getByRole("button", { name: "Change password" }).click();
  await form.getByRole("alert").filter({ hasText: "This is not your present password." }).waitFor();
  assert.equal(await present.getAttribute("aria-invalid"), "true");

  await present.fill(trader.password);
  await form.getByRole("button", { name: "Change password" }).click();
  await form.getByRole("button", { name: "Use a recovery code" }).click();
  await form.getByLabel("Recovery code").fill(trader.authenticator?.recoveryCode() ?? "");
  await form.getByRole("button", { name: "Change password" }).click();
  await form.getByText("Your other sessions were ended.").waitFor();
  trader.password = "four words are quite enough";
});

step("sessions are told apart, and ended one by one or all at once", async () => {
  b = await laptop.open(server.url);
  await trader.logIn(b);
  await reopen(a);
  const sessions = a.getByRole("region", { name: "Where you are logged in" });
  await until("both are listed", async () => (await sessions.getByRole("listitem").count()) === 2);
  await sessions.getByRole("listitem").filter({ hasText: "This one" }).waitFor();
  await sessions.getByRole("button", { name: /^End the session of/ }).click();
  await sessions.getByText("1 session was ended.").waitFor();
  await b.reload();
  await trader.logIn(b);
  await reopen(a);
  await sessions.getByRole("button", { name: "End the other one" }).click();
  await until("only this one is left", async () => (await sessions.getByRole("listitem").count()) === 1);
  await b.reload();
  await b.getByRole("button", { name: "Log in" }).waitFor();
});

step("the mails that are a courtesy can be turned off, the others are shown with the reason", async () => {
  const logins = a.getByRole("switch", { name: /Log-in from a new browser/ });
  assert.ok(await logins.isChecked());
  await logins.click();
  await a.getByRole("switch", { name: /Log-in from a new browser/, checked: false }).waitFor();
  await a.reload();
  await section(a, "Security");
  await a.getByRole("switch", { name: /Log-in from a new browser/, checked: false }).waitFor();
  await a.getByText("Always sent").waitFor();
});

step("the history is filtered by kind and by words", async () => {
  await trader.askToEnrol(a);
  await trader.approve(a);
  await trader.rename(a, EVIL_NAME);
  await section(a, "Security");
  const log = a.getByRole("region", { name: "Security log" });
  await log.getByText("Today").waitFor();
  await log.getByText("Device renamed").waitFor();
  await log.getByText("Logged in").first().waitFor();
  await log.getByText("Keys", { exact: true }).click();
  await log.getByText("Nothing of this kind has happened.").waitFor();
  await log.getByText("Devices", { exact: true }).click();
  await log.getByText("Device renamed").waitFor();
  assert.equal(await log.getByText("Logged in").count(), 0);
  await log.getByText("Everything", { exact: true }).click();
  await log.getByLabel("Search the history").fill("authenticator changed");
  await log.getByText("1 entry").waitFor();
  await log.getByLabel("Search the history").fill("no such thing");
  await log.getByText("No entry matches.").waitFor();
  await log.getByLabel("Search the history").fill("");
});

step("it is exported as a whole, in a form that no spreadsheet carries out", async () => {
  const log = a.getByRole("region", { name: "Security log" });
  const sheet = await downloaded(a, log.getByRole("button", { name: "Export CSV" }));
  assert.match(sheet.name, /^keyleash-history-\d{4}-\d\d-\d\d\.csv$/);
  assert.ok(sheet.text.includes(`'${EVIL_NAME}`), "the name that begins like a formula is text");
  for (const cell of sheet.text.split(/[\r\n,]+/)) assert.doesNotMatch(cell, /^"?[=+@]/);

  const data = await downloaded(a, log.getByRole("button", { name: "Export JSON" }));
  const entries = JSON.parse(data.text) as { kind: string }[];
  assert.equal(entries.length, sheet.text.trimEnd().split("\r\n").length - 1, "both have every entry");
  for (const kind of ["signed_up", "totp_changed", "device_renamed"]) {
    assert.ok(
      entries.some((entry) => entry.kind === kind),
      kind,
    );
  }
  await log.getByText(`${entries.length} entries were exported.`).waitFor();
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...desk.complaints, ...laptop.complaints], []);
});

async function beginTotp(page: Page, action: string): Promise<void> {
  await section(page, "Security");
  await page.getByRole("button", { name: action }).click();
  await page.getByLabel("Your password").fill(trader.password);
  await page.getByRole("button", { name: "Continue" }).click();
}

async function scan(page: Page): Promise<Authenticator> {
  return new Authenticator(await page.locator("[data-totp-secret]").innerText());
}

async function reopen(page: Page): Promise<void> {
  await section(page, "General");
  await section(page, "Security");
}

async function downloaded(page: Page, button: Locator): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

/**
 * What stands on the paper. The dialog of the browser, which no test can answer, is held open: until it closes the page is
 * as it is printed.
 */
async function printed(page: Page, button: Locator): Promise<string> {
  await page.evaluate(() => {
    window.print = () => {};
  });
  await button.click();
  await page.emulateMedia({ media: "print" });
  const paper = await page.locator("html").ariaSnapshot();
  await page.emulateMedia({ media: null });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  return paper;
}
