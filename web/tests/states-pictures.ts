/**
 * Takes pictures of every state: for each view one of a desk by day and one of phones at night, as docs/images/states has
 * them; or (`png`) one for each state, width and scheme, to look at closely.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { StatesSite } from "./states-site.ts";

const SCHEMES = ["light", "dark"] as const;
const WIDTHS = [360, 768, 1440];
/** Four phones beside each other. */
const WALL_PX = 1600;
/** Small files in which letters stay legible: quality of 100, and pixels for each of the page. */
const QUALITY = 60;
const SCALE = 0.7;

const [directory, only, format = "webp"] = process.argv.slice(2);
if (!directory || (format !== "webp" && format !== "png"))
  throw new Error("usage: states-pictures.mjs DIRECTORY [GROUP [png]]");
mkdirSync(directory, { recursive: true });

const site = await StatesSite.open();
try {
  for (const group of only === undefined ? await groups() : [only]) {
    if (format === "webp") {
      await keep(`${group}-desk`, await site.page(`group=${group}`, { width: 1440, colorScheme: "light" }));
      await keep(`${group}-phone`, await site.page(`group=${group}&wall`, { width: WALL_PX, colorScheme: "dark" }));
    } else {
      for (const colorScheme of SCHEMES) {
        for (const width of WIDTHS)
          await each(`${width}-${colorScheme}`, await site.page(`group=${group}`, { width, colorScheme }));
      }
    }
  }
} finally {
  await site.dispose();
}

async function groups(): Promise<string[]> {
  const page = await site.page("", { width: 1440, colorScheme: "light" });
  const names = await page.locator(".group").evaluateAll((all) => all.map((one) => one.id));
  await page.close();
  return names;
}

async function each(look: string, page: Page): Promise<void> {
  for (const figure of await page.locator("[data-state]").all()) {
    const name = (await figure.getAttribute("data-state")) ?? "";
    await figure.screenshot({ path: join(directory ?? "", `${name.replace("/", "-")}-${look}.png`) });
  }
  await page.close();
}

/** As WebP, which Playwright's own call does not make. */
async function keep(name: string, page: Page): Promise<void> {
  const { width, height } = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth,
    height: document.documentElement.scrollHeight,
  }));
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: QUALITY,
    captureBeyondViewport: true,
    clip: { x: 0, y: 0, width, height, scale: SCALE },
  });
  writeFileSync(join(directory ?? "", `${name}.webp`), Buffer.from(data, "base64"));
  await page.close();
}
