/** A trader at a browser: does with mouse and keyboard what the journey asks for, and reads what the screen says. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { Authenticator } from "./authenticator.ts";
import { type LinkKind, mailLink, mails } from "./mailbox.ts";
import { expectedSignature, type TestAccount } from "./secrets.ts";
import type { Server } from "./server.ts";

export class Trader {
  readonly email = `trader-${randomBytes(4).toString("hex")}@example.org`;
  password = randomBytes(12).toString("base64url");
  authenticator: Authenticator | undefined;

  constructor(readonly server: Server) {}

  // --- The account ---

  /** Signs up, and confirms by the mail's link. */
  async signUp(page: Page): Promise<void> {
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByLabel("Mail address").fill(this.email);
    await page.getByLabel("Password").fill(this.password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("a link to confirm it is on its way").waitFor();
    const link = await this.openLink(page, "signup");
    await link.getByRole("button", { name: "Confirm my account" }).click();
    await link.getByText("Your account is ready").waitFor();
    await link.close();
    await page.getByRole("button", { name: "Log in" }).click();
  }

  async logIn(page: Page): Promise<void> {
    await this.logInAt(page);
    await page.getByRole("button", { name: "Log out" }).waitFor();
  }

  /** Fills in the log-in form, on whatever page it stands. */
  async logInAt(page: Page): Promise<void> {
    await page.getByLabel("Mail address").fill(this.email);
    await page.getByLabel("Password").fill(this.password);
    await page.getByRole("button", { name: "Log in" }).click();
    if (this.authenticator) await this.giveCode(page, "Log in");
  }

  async enableTotp(page: Page): Promise<void> {
    await section(page, "Security");
    await page.getByRole("button", { name: "Set up two-factor authentication" }).click();
    await page.getByLabel("Your password").fill(this.password);
    await page.getByRole("button", { name: "Continue" }).click();
    const secret = await page.locator("[data-totp-secret]").innerText();
    const authenticator = new Authenticator(secret);
    await page.getByLabel("Code that the app shows").fill(await authenticator.code());
    await page.getByRole("button", { name: "Turn on" }).click();
    this.authenticator = authenticator;
    await this.keepRecoveryCodes(page);
  }

  /** Takes down the recovery codes that the page shows. */
  async keepRecoveryCodes(page: Page): Promise<void> {
    const list = page.getByRole("list", { name: "Recovery codes" });
    await list.waitFor();
    const codes = await list.getByRole("listitem").allInnerTexts();
    assert.equal(new Set(codes).size, 10, "ten different recovery codes");
    this.authenticator?.keep(codes);
    await page.getByRole("button", { name: "I have stored them" }).click();
  }

  /** Opens the newest link of that kind in a new tab of the same browser; `seen` are mails that came before. */
  async openLink(page: Page, kind: LinkKind, seen?: ReadonlySet<string>): Promise<Page> {
    const tab = await page.context().newPage();
    await tab.goto(await mailLink(this.server, this.email, kind, seen));
    return tab;
  }

  /** The mails that are there already, so that the next one can be told from them. */
  async mailsSoFar(): Promise<ReadonlySet<string>> {
    return new Set((await mails(this.server, this.email)).map((mail) => mail.id));
  }

  // --- Devices ---

  /** Turns sync on, verifies this browser by mail, and gives it a name. */
  async enrol(page: Page, name: string): Promise<void> {
    await this.askToEnrol(page);
    await this.approve(page);
    await this.rename(page, name);
  }

  /** Brings what the other devices share to a browser that was verified just now; `label` is of the last that is to come. */
  async retrieveAll(page: Page, label: string): Promise<void> {
    await section(page, "Accounts", "Accounts");
    await page.getByRole("button", { name: /^Retrieve all/ }).click();
    await tradable(page, label).waitFor();
  }

  async askToEnrol(page: Page): Promise<void> {
    await section(page, "Accounts", "Sync");
    await syncSwitch(page).click();
    await page.getByText("Waits for approval").waitFor();
    assert.ok(await syncSwitch(page).isChecked(), "the switch says that this browser takes part");
  }

  /** Requests the mail, opens its link, compares the match codes and approves. */
  async approve(page: Page): Promise<void> {
    const seen = await this.mailsSoFar();
    await page.getByRole("button", { name: "Request verification mail" }).click();
    const link = await this.openLink(page, "device", seen);
    const asked = await page.locator("[data-match-code]").innerText();
    assert.equal(await link.locator("[data-match-code]").innerText(), asked, "both screens show one match code");
    if (await link.getByLabel("Code from your authenticator app").isVisible()) {
      await this.giveCode(link, "Approve this device");
    } else {
      await link.getByRole("button", { name: "Approve this device" }).click();
    }
    await link.getByRole("heading", { name: "Approved" }).waitFor();
    await link.close();
    await verifiedBadge(page).waitFor();
  }

  async rename(page: Page, name: string): Promise<void> {
    const own = page
      .getByRole("list", { name: "Devices", exact: true })
      .getByRole("listitem")
      .filter({ hasText: "This device" });
    await own.getByRole("button", { name: /^Rename/ }).click();
    await own.getByLabel("New name").fill(name);
    await own.getByRole("button", { name: "Save" }).click();
    await device(page, name).waitFor();
  }

  /** Takes a device away with a fresh code. */
  async remove(page: Page, name: string): Promise<void> {
    await section(page, "Accounts", "Sync");
    await device(page, name)
      .getByRole("button", { name: `Remove ${name}` })
      .click();
    await this.giveCode(device(page, name), "Remove");
  }

  /**
   * Fills in the prompt for a code and carries on: with the authenticator app, or with a recovery code when the app has
   * none that is unused, so that a test does not wait half a minute for the next.
   */
  async giveCode(scope: Page | Locator, action: string): Promise<void> {
    const { authenticator } = this;
    assert.ok(authenticator, "this trader has an authenticator app");
    const recovery = authenticator.isReady ? undefined : authenticator.recoveryCode();
    const button = scope.getByRole("button", { name: action, exact: true });
    if (recovery) {
      await scope.getByRole("button", { name: "Use a recovery code" }).click();
      await scope.getByLabel("Recovery code").fill(recovery);
      await button.click();
      return;
    }
    const takesSomethingAway = (await scope.locator("keyleash-second-factor[danger]").count()) > 0;
    await scope.getByLabel("Code from your authenticator app").fill(await authenticator.code());
    // Elsewhere the sixth digit is enough.
    if (takesSomethingAway) await button.click();
  }
}

// --- Places on the screen ---

export async function section(page: Page, name: "General" | "Accounts" | "Security", tab?: "Accounts" | "Sync") {
  await page.getByRole("tablist", { name: "Settings" }).getByRole("tab", { name }).click();
  if (tab) await page.getByRole("tablist", { name: "Accounts" }).getByRole("tab", { name: tab }).click();
}

export function syncSwitch(page: Page): Locator {
  return page.getByRole("switch", { name: "Sync exchange API keys across devices" });
}

export function verifiedBadge(page: Page): Locator {
  return page.getByText("This device takes part in sync.");
}

/** A device's row in the SYNC tab. */
export function device(page: Page, name: string): Locator {
  return page.getByRole("list", { name: "Devices", exact: true }).getByRole("listitem").filter({ hasText: name });
}

export function removedDevice(page: Page, name: string): Locator {
  return page.getByRole("list", { name: "Removed devices" }).locator("[data-device]").filter({ hasText: name });
}

/** An account among those that the order form can trade with. */
export function tradable(page: Page, label: string): Locator {
  return page.getByRole("radiogroup", { name: "Account to trade with" }).locator("label").filter({ hasText: label });
}

/** Everything that says how things stand: removed, locked, reconnecting, the countdown. */
export function statusBanner(page: Page): Locator {
  return page.locator("keyleash-status");
}

// --- Accounts ---

export async function addAccount(page: Page, account: TestAccount): Promise<void> {
  await section(page, "Accounts", "Accounts");
  const form = await openForm(page);
  await fillForm(form, account);
  await form.getByRole("button", { name: "Store in this browser" }).click();
  // What looks unusual is asked about once, and stored over.
  const anyway = form.getByRole("button", { name: "Store it anyway" });
  await anyway.or(tradable(page, account.label)).first().waitFor();
  if (await anyway.isVisible()) await anyway.click();
  await tradable(page, account.label).waitFor();
}

export async function openForm(page: Page): Promise<Locator> {
  await page.getByRole("button", { name: "Add account" }).click();
  return page.locator("keyleash-account-form");
}

export async function fillForm(form: Locator, account: TestAccount): Promise<void> {
  await form.getByRole("radio", { name: account.exchange, exact: true }).check();
  if (account.kind) await form.getByLabel("Kind of key").selectOption({ label: account.kind });
  await form.getByLabel("Label", { exact: true }).fill(account.label);
  for (const [label, text] of Object.entries(account.fields)) await form.getByLabel(label, { exact: true }).fill(text);
}

/** An account's row in the ACCOUNTS tab, with its details if it is open. */
export function row(page: Page, label: string): Locator {
  return page.getByRole("list", { name: "Accounts" }).getByRole("listitem").filter({ hasText: label });
}

export async function openRow(page: Page, label: string): Promise<Locator> {
  await section(page, "Accounts", "Accounts");
  const found = row(page, label);
  const line = found.locator("[data-row]");
  if ((await line.getAttribute("aria-expanded")) === "false") await line.click();
  return found;
}

export async function setSynced(page: Page, label: string, synced: boolean): Promise<void> {
  await section(page, "Accounts", "Accounts");
  await page.getByRole("switch", { name: `Sync ${label}` }).click();
  await page.getByRole("switch", { name: `Sync ${label}`, checked: synced }).waitFor();
}

export async function relabel(page: Page, from: string, to: string): Promise<void> {
  const opened = await openRow(page, from);
  await opened.getByRole("button", { name: `Relabel ${from}` }).click();
  await opened.getByLabel("New label").fill(to);
  await opened.getByRole("button", { name: "Save" }).click();
  await tradable(page, to).waitFor();
}

/** It is gone for good only when the time to undo it is over. */
export async function deleteAccount(page: Page, label: string): Promise<void> {
  const opened = await openRow(page, label);
  await opened.getByRole("button", { name: `Delete ${label}` }).click();
  await row(page, label).waitFor({ state: "detached" });
}

/** Signs the sample order with that account, and checks the signature against the secret. */
export async function signsWith(page: Page, account: { label: string; secret: string }, label = account.label) {
  await tradable(page, label).click();
  await page.getByRole("button", { name: "Sign order" }).click();
  const signature = await page.locator("[data-signature]").innerText();
  assert.equal(signature, expectedSignature(account.secret, "price=50000&quantity=0.010&side=buy&symbol=BTCUSDT"));
}

/** Tries to sign, and returns the sentence that says why it does not go. */
export async function failsToSign(page: Page): Promise<string> {
  const order = page.getByRole("region", { name: "Order" });
  await order.getByRole("button", { name: "Sign order" }).click();
  const sentence = await order.getByRole("alert").innerText();
  assert.equal(await page.locator("[data-signature]").count(), 0, "no signature on the screen");
  return sentence;
}
