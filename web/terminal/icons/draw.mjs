// Draws the PNGs from the SVG beside it, for systems that take no SVG: `node terminal/icons/draw.mjs`. They are committed,
// since drawing them takes a browser.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const here = import.meta.dirname;
const svg = readFileSync(join(here, "icon.svg"), "utf8");
/** A system cuts its own shape out of a maskable icon: the colour reaches the edge, and the mark keeps to the middle. */
const maskable = svg.replace(' rx="112"', "").replace('transform="', 'transform="translate(64 64) scale(0.75) ');

const browser = await chromium.launch({
  executablePath: process.env.KEYLEASH_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
for (const [name, side, drawing] of [
  ["icon-192.png", 192, svg],
  ["icon-512.png", 512, svg],
  ["icon-maskable-512.png", 512, maskable],
]) {
  const page = await browser.newPage({ viewport: { width: side, height: side } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${side}px}</style>${drawing}`);
  await page.screenshot({ path: join(here, name), omitBackground: true });
  await page.close();
}
await browser.close();
