/** What a trader does on the vendor's page (`web/example`), and what the vendor's script does with the client there. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import type { KeyleashSettings } from "@keyleash/settings";
import type { Page } from "playwright-core";

export interface VendorAccount {
  readonly label: string;
  readonly secret: string;
}

/** Adds an account by the client, as a vendor's own form would; shared with the other devices. */
export async function addShared(page: Page, label: string): Promise<VendorAccount> {
  const [key, secret] = [randomBytes(9).toString("hex"), randomBytes(18).toString("hex")];
  await page.locator("keyleash-settings").evaluate(
    async (element: KeyleashSettings, draft) => {
      const { client } = element;
      const { id } = await client.addAccount(draft);
      await client.setSynced(id, true);
    },
    { exchange: "bybit", kind: "hmac", label, environment: "mainnet", fields: { key, secret } },
  );
  return { label, secret };
}

export async function retrieveAll(page: Page): Promise<void> {
  await page.locator("keyleash-settings").evaluate(async (element: KeyleashSettings) => {
    await element.client.retrieveAll();
  });
}

/** Presses the vendor's button, and waits until it shows what a good signature is. */
export async function signsOnVendorsPage(page: Page, { secret }: VendorAccount): Promise<void> {
  // After the page was opened its keys open once the server has answered.
  await page.waitForFunction(() => document.querySelector("keyleash-settings")?.client?.accounts().length);
  const expected = createHmac("sha256", secret).update("BTCUSDT buy 1").digest("hex");
  await page.getByRole("button", { name: "Sign a sample order" }).click();
  await page.locator("#signature").getByText(expected).waitFor();
}

/** Presses it, and returns the sentence that is shown instead. */
export async function failsToSignOnVendorsPage(page: Page): Promise<string> {
  const shown = page.locator("#signature");
  await shown.evaluate((element) => element.replaceChildren());
  await page.getByRole("button", { name: "Sign a sample order" }).click();
  await shown.getByText(/\w/).waitFor();
  const sentence = await shown.innerText();
  assert.doesNotMatch(sentence, /^[0-9a-f]{64}$/, "no signature");
  return sentence;
}
