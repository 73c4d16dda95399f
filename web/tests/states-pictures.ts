/**
 * Takes pictures of every state, light and dark, on a phone, a tablet and a desk: one WebP for each view, as docs/images/states
 * has them, or (`png`) one for each state, to look at closely.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { type Look, StatesSite } from "./states-site.ts";

const LOOKS: readonly Look[] = [360, 768, 1440].flatMap((width) => [
  { width, colorScheme: "light" },
  { width, colorScheme: "dark" },
]);
/** Of 100: small files in which letters stay sharp. */
const QUALITY = 80;

const [directory, only, format = "webp"] = process.argv.slice(2);
if (!directory || (format !== "webp" && format !== "png"))
  throw new Error("usage: states-pictures.mjs DIRECTORY [GROUP [png]]");
mkdirSync(directory, { recursive: true });

const site = await StatesSite.open();
try {
  for (const look of LOOKS) {
    const page = await site.page("", look);
    const groups = await page.locator(".group").evaluateAll((all) => all.map((each) => each.id));
    await page.close();
    for (const group of groups.filter((name) => only === undefined || name === only)) {
      const alone = await site.page(`group=${group}`, look);
      const name = (part: string) => join(directory, `${part.replace("/", "-")}-${look.width}-${look.colorScheme}`);
      if (format === "webp") writeFileSync(`${name(group)}.webp`, await webp(alone));
      else {
        for (const figure of await alone.locator("[data-state]").all()) {
          await figure.screenshot({ path: `${name((await figure.getAttribute("data-state")) ?? "")}.png` });
        }
      }
      await alone.close();
    }
  }
} finally {
  await site.dispose();
}

/** WebP, which Playwright's own call does not make. */
async function webp(page: Page): Promise<Buffer> {
  const { width, height } = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth,
    height: document.documentElement.scrollHeight,
  }));
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: QUALITY,
    captureBeyondViewport: true,
    clip: { x: 0, y: 0, width, height, scale: 1 },
  });
  return Buffer.from(data, "base64");
}
