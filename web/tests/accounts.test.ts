/** The ACCOUNTS tab as a trader uses it: keys read out of a paste or a file, shown, copied, changed, deleted and taken back. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before } from "node:test";
import type { Locator, Page } from "playwright-core";
import { CLEAR_AFTER_MS } from "../settings/src/accounts/clipboard.ts";
import { PATIENCE_MS, Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { bybit, okx } from "./secrets.ts";
import { Server } from "./server.ts";
import {
  addAccount,
  deleteAccount,
  fillForm,
  openForm,
  openRow,
  row,
  section,
  signsWith,
  Trader,
  tradable,
} from "./trader.ts";
import { until } from "./until.ts";

let server: Server;
let trader: Trader;
const desk = new Profile("A", windows.desk);
let page: Page;
const perp = bybit("Bybit perp");
const grid = okx("OKX grid");

before(async () => {
  server = await Server.start();
  trader = new Trader(server);
  page = await desk.open(server.url);
  await desk.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await trader.signUp(page);
  await trader.logIn(page);
});
after(async () => {
  await desk.dispose();
  await server?.dispose();
});

step("a pasted block with two exchanges asks which one, and fills the form", async () => {
  await section(page, "Accounts", "Accounts");
  const form = await openForm(page);
  const block = [
    "# keys",
    `export OKX_API_KEY="${grid.fields["API key"]}"`,
    `OKX_SECRET=${grid.secret}`,
    `OKX_PASSPHRASE='${grid.fields.Passphrase}'`,
    "BYBIT_KEY=not-wanted",
    "BYBIT_SECRET=not-wanted-either",
    "PORT=8080",
  ];
  await paste(form.getByLabel("Paste it all at once"), block.join("\r\n"));
  await form.getByRole("button", { name: /^OKX/ }).click();
  await form.getByText("Filled in for OKX:").waitFor();
  await form.getByText("Not used: PORT.").waitFor();
  assert.ok(await form.getByRole("radio", { name: "OKX" }).isChecked());
  assert.equal(await form.getByLabel("API secret", { exact: true }).inputValue(), grid.secret);
  assert.equal(await form.getByLabel("Paste it all at once").inputValue(), "", "the block is gone from the screen");
  await form.getByLabel("Label", { exact: true }).fill(grid.label);
  await form.getByRole("button", { name: "Store in this browser" }).click();
  await signsWith(page, grid);
});

step("a block pasted into a field is taken apart too; its secret is masked until it is asked for", async () => {
  const form = await openForm(page);
  await form.getByRole("radio", { name: "Bybit" }).check();
  const lines = `API Key: ${perp.fields["API key"]}\nSecret Key: ${perp.secret}`;
  await paste(form.getByLabel("API key", { exact: true }), lines);
  const secret = form.getByLabel("API secret", { exact: true });
  assert.equal(await secret.inputValue(), perp.secret);
  assert.equal(await maskOf(secret), "disc");
  await form.getByRole("button", { name: "Show API secret" }).click();
  assert.equal(await maskOf(secret), "none");
  await form.getByLabel("Label", { exact: true }).fill(perp.label);
  await form.getByRole("button", { name: "Store in this browser" }).click();
  await signsWith(page, perp);
});

step("a seed phrase is refused, and nothing of it is kept", async () => {
  const form = await openForm(page);
  await paste(form.getByLabel("Paste it all at once"), Array(12).fill("abandon").join(" "));
  await form.getByText("This looks like a wallet's seed phrase.").waitFor();
  assert.ok(!(await page.content()).includes("abandon"));
  assert.equal(await form.getByLabel("Paste it all at once").inputValue(), "");
  await form.press("Escape");
  await form.waitFor({ state: "detached" });
});

step(
  "a PEM that is dropped, and one that is chosen as a file, go to their field; a public one is refused there",
  async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const form = await openForm(page);
    await form.getByRole("radio", { name: "Binance" }).check();
    await drop(form.locator("form"), "key.pem", pem);
    const field = form.getByLabel("Private key (PEM)", { exact: true });
    await until("the dropped key is in its field", async () => (await field.inputValue()) === pem.trim());
    const chosen = page.waitForEvent("filechooser");
    await form.getByRole("button", { name: "Choose a file…" }).click();
    const file = { name: "key.pem", mimeType: "application/x-pem-file" };
    const publicPem = publicKey.export({ type: "spki", format: "pem" });
    await (await chosen).setFiles({ ...file, buffer: Buffer.from(publicPem) });
    await form.getByText("This is the public key.").waitFor();
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    await form.getByRole("button", { name: "Cancel" }).click();
  },
);

step("a key that is there already is asked about, by its label", async () => {
  const form = await openForm(page);
  await fillForm(form, { ...perp, label: "The same again" });
  await form.getByRole("button", { name: "Store in this browser" }).click();
  await form.getByText("You already have this key as “Bybit perp”.").waitFor();
  assert.equal(await tradable(page, "The same again").count(), 0);
  await form.getByRole("button", { name: "Cancel" }).click();
});

step("a stored secret is dots, shown on demand, and dots again when the window is left", async () => {
  const opened = await openRow(page, perp.label);
  const shown = opened.locator("[data-field=secret] [data-shown]");
  await opened
    .locator("[data-field=key]")
    .getByText(perp.fields["API key"] ?? "")
    .waitFor();
  assert.equal(await shown.count(), 0);
  await opened.getByRole("button", { name: "Show API secret" }).click();
  assert.equal(await shown.innerText(), perp.secret);
  await page.evaluate(() => dispatchEvent(new Event("blur")));
  await shown.waitFor({ state: "detached" });
  await opened.getByRole("button", { name: "Show API secret" }).click();
  await shown.waitFor();
  await opened.getByRole("button", { name: "Hide API secret" }).click();
  await shown.waitFor({ state: "detached" });
});

step("a copied secret is in the clipboard, and cleared from it on demand; what was copied since stays", async () => {
  const opened = await openRow(page, perp.label);
  const toast = page.locator("keyleash-toast").filter({ hasText: "API secret copied." });
  await opened.getByRole("button", { name: "Copy API secret" }).click();
  await toast.waitFor();
  assert.equal(await clipboard(page), perp.secret);
  await toast.getByRole("button", { name: "Clear now" }).click();
  await toast.waitFor({ state: "detached" });
  assert.equal(await clipboard(page), "");

  await opened.getByRole("button", { name: "Copy API secret" }).click();
  await toast.waitFor();
  await page.evaluate(() => navigator.clipboard.writeText("something else"));
  await toast.getByRole("button", { name: "Clear now" }).click();
  await toast.waitFor({ state: "detached" });
  assert.equal(await clipboard(page), "something else");
});

step("an edit leaves the secrets that were not typed anew, and replaces those that were", async () => {
  const opened = await openRow(page, perp.label);
  await opened.getByRole("button", { name: `Edit ${perp.label}` }).click();
  const form = page.locator("keyleash-account-form");
  const secret = form.getByLabel("API secret", { exact: true });
  await until(
    "its key is read in",
    async () => (await form.getByLabel("API key", { exact: true }).inputValue()) !== "",
  );
  assert.equal(await secret.inputValue(), "");
  await form.getByLabel("Label", { exact: true }).fill("Bybit test");
  await form.getByLabel("Environment").selectOption({ label: "Testnet" });
  await form.getByRole("button", { name: "Save" }).click();
  await row(page, "Bybit test").getByText("Testnet").first().waitFor();
  await signsWith(page, perp, "Bybit test");

  const rotated = bybit("Bybit test");
  const again = await openRow(page, "Bybit test");
  await typeAtOnce(page, "#secret", rotated.secret);
  await again.getByRole("button", { name: "Edit Bybit test" }).click();
  await until("it is typed", async () => (await secret.inputValue()) === rotated.secret);
  const order = page.getByRole("combobox", { name: "Order" });
  for (const newOrder of ["newest", "oldest", "label"]) await order.selectOption(newOrder);
  await form.getByRole("button", { name: "Save" }).click();
  await form.waitFor({ state: "detached" });
  await signsWith(page, rotated);
});

/** Types into the next account form in the very moment that it has that field, faster than anybody could. */
async function typeAtOnce(page: Page, field: string, text: string): Promise<void> {
  await page.evaluate(
    ({ field, text }) => {
      interface Rendered extends HTMLElement {
        updated(...changed: unknown[]): void;
      }
      const form = customElements.get("keyleash-account-form")?.prototype as Rendered;
      const updated = form.updated;
      form.updated = function (this: Rendered, ...changed: unknown[]) {
        updated.apply(this, changed);
        const input = this.shadowRoot?.querySelector<HTMLInputElement>(field);
        if (!input) return;
        form.updated = updated;
        input.value = text;
        input.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
      };
    },
    { field, text },
  );
}

step("a deleted account comes back by keyboard, and after a reload; then it is gone", async () => {
  await deleteAccount(page, "Bybit test");
  const undo = page.getByRole("button", { name: "Undo" });
  await undo.focus();
  await page.keyboard.press("Enter");
  await row(page, "Bybit test").waitFor();

  await deleteAccount(page, "Bybit test");
  await page.reload();
  await section(page, "Accounts", "Accounts");
  await undo.click();
  await row(page, "Bybit test").waitFor();

  await deleteAccount(page, "Bybit test");
  await undo.waitFor({ state: "detached" });
  await tradable(page, "Bybit test").waitFor({ state: "detached" });
});

step("search, filters and many at once, by keyboard and with ranges", async () => {
  const names = ["Alpha", "Beta", "Gamma", "Delta"];
  for (const name of names) await addAccount(page, bybit(name));
  const boxes = page.getByRole("list", { name: "Accounts" }).getByRole("checkbox");
  await page.getByRole("checkbox", { name: "Select Alpha" }).focus();
  await page.keyboard.press("/");
  await page.keyboard.type("bybit a");
  // Each of these has an "a" in it, as has "mainnet"; OKX has not.
  await until("four are found", async () => (await boxes.count()) === 4);
  await page.keyboard.type("lpha");
  await until("one is found", async () => (await boxes.count()) === 1);
  await page.getByRole("searchbox").fill("");

  await page.getByRole("checkbox", { name: "Select Alpha" }).click();
  await page.getByRole("checkbox", { name: "Select Gamma" }).click({ modifiers: ["Shift"] });
  await page.getByText("4 selected").waitFor(); // Alpha, Beta, Delta, Gamma
  await page.getByRole("button", { name: "Delete 4" }).click();
  await page.getByText("4 accounts deleted.").first().waitFor();
  await until("one is left in the list", async () => (await boxes.count()) === 1);
  await page.getByRole("button", { name: "Undo" }).click();
  await until("all are back", async () => (await boxes.count()) === 5);
});

step("the clipboard clears itself: after half a minute, and before that when the page is left", async () => {
  const { secret } = grid;
  const opened = await openRow(page, grid.label);
  await opened.getByRole("button", { name: "Copy API secret" }).click();
  await until("it is copied", async () => (await clipboard(page)) === secret);
  await page.reload();
  await until("the page that was left has cleared it", async () => (await clipboard(page)) === "");

  const again = await openRow(page, grid.label);
  await again.getByRole("button", { name: "Copy API secret" }).click();
  const toast = page.locator("keyleash-toast").filter({ hasText: "API secret copied." });
  await toast.waitFor();
  await toast.waitFor({ state: "detached", timeout: CLEAR_AFTER_MS + PATIENCE_MS });
  assert.equal(await clipboard(page), "");
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual(desk.complaints, []);
});

/** With the clipboard, as people do. */
async function paste(field: Locator, text: string): Promise<void> {
  await page.evaluate((block) => navigator.clipboard.writeText(block), text);
  await field.focus();
  await page.keyboard.press("Control+V");
}

async function drop(target: Locator, name: string, text: string): Promise<void> {
  const files = await page.evaluateHandle(
    ([title, content]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content ?? ""], title ?? ""));
      return transfer;
    },
    [name, text],
  );
  await target.dispatchEvent("drop", { dataTransfer: files });
}

function clipboard(of: Page): Promise<string> {
  return of.evaluate(() => navigator.clipboard.readText());
}

function maskOf(field: Locator): Promise<string> {
  return field.evaluate((input) => getComputedStyle(input).getPropertyValue("-webkit-text-security"));
}
