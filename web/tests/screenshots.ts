/** Lives through a short journey, and takes pictures on the way. For people to look at; asserts nothing. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { binance, bybit, okx } from "./secrets.ts";
import { Server } from "./server.ts";
import {
  addAccount,
  device,
  openForm,
  removedDevice,
  section,
  setSynced,
  signsWith,
  statusBanner,
  Trader,
  verifiedBadge,
} from "./trader.ts";

const WIDTHS = [360, 768, 1440];
const SCHEMES = ["light", "dark"] as const;

const directory = process.argv[2];
if (!directory) throw new Error("usage: screenshots.mjs DIRECTORY");
mkdirSync(directory, { recursive: true });

const server = await Server.start();
const trader = new Trader(server);
const desk = new Profile("desk", windows.desk);
const laptop = new Profile("laptop", windows.laptop);
const phone = new Profile("phone", windows.phone);
try {
  await journey();
} finally {
  for (const profile of [desk, laptop, phone]) await profile.dispose();
  await server.dispose();
}

async function journey(): Promise<void> {
  const main = binance("Main spot");
  const a = await desk.open(server.url);
  await pictures(a, "log-in");
  await trader.signUp(a);
  await trader.logIn(a);
  await pictures(a, "empty");
  await addAccount(a, main);
  await addAccount(a, bybit("Perp desk"));
  await section(a, "Security");
  await a.getByRole("button", { name: "Set up two-factor authentication" }).click();
  await a.getByLabel("Your password").fill(trader.password);
  await a.getByRole("button", { name: "Continue" }).click();
  await a.getByRole("img", { name: "QR code" }).waitFor();
  await pictures(a, "two-factor");
  await section(a, "General");
  await trader.enableTotp(a);
  await trader.askToEnrol(a);
  await pictures(a, "pending");
  const seen = await trader.mailsSoFar();
  await a.getByRole("button", { name: "Request verification mail" }).click();
  const link = await trader.openLink(a, "device", seen);
  await link.getByRole("button", { name: "Approve this device" }).waitFor();
  await pictures(link, "approve");
  await link.getByRole("button", { name: "Approve this device" }).click();
  await link.getByRole("heading", { name: "Approved" }).waitFor();
  await link.close();
  await verifiedBadge(a).waitFor();
  await trader.rename(a, "Desk");
  await setSynced(a, main.label, true);

  const b = await laptop.open(server.url);
  await trader.logIn(b);
  await trader.enrol(b, "Laptop");
  await trader.retrieveAll(b, main.label);
  const c = await phone.open(server.url);
  await trader.logIn(c);
  await trader.enrol(c, "Phone");
  await trader.retrieveAll(c, main.label);
  await laptop.shut();
  await addAccount(a, okx("OKX grid bot"));
  await setSynced(a, "OKX grid bot", true);
  await signsWith(a, main);
  await pictures(a, "accounts");
  const form = await openForm(a);
  await form.getByRole("radio", { name: "OKX" }).check();
  await a.getByRole("button", { name: "Store in this browser" }).click();
  await pictures(a, "form");
  await section(a, "General");
  await pictures(a, "general");
  await section(a, "Accounts", "Sync");
  await device(a, "Laptop").getByText("1 behind").waitFor();
  await pictures(a, "devices");
  await a.getByRole("button", { name: "Remove Phone" }).click();
  await pictures(a, "remove");
  await trader.giveCode(a, "Remove");
  await removedDevice(a, "Phone").getByText("confirmed by the device").waitFor();
  await pictures(a, "removed-online");
  await trader.remove(a, "Laptop");
  await removedDevice(a, "Laptop").getByText("Offline: locked out").waitFor();
  await pictures(a, "removed-offline");
  await statusBanner(c).getByText("This device was removed").waitFor();
  await pictures(c, "removed");
  await section(a, "Security");
  await a.getByText("Device removed").first().waitFor();
  await pictures(a, "security");
  await server.stop();
  await a.getByLabel("Time until this browser locks").waitFor();
  await pictures(a, "grace");
}

async function pictures(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate(() => scrollTo(0, 0));
      const path = join(directory ?? "", `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      const overflows = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (overflows) console.log(`wider than the window: ${path}`);
    }
  }
}
