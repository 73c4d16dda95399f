/** Every state of every view: no fault that axe finds, nothing wider than its window, in both languages. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { type Look, StatesSite } from "./states-site.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LOOKS: readonly Look[] = [
  { width: 320, colorScheme: "light", lang: "de" },
  { width: 768, colorScheme: "dark" },
  { width: 1440, colorScheme: "light" },
  { width: 3840, colorScheme: "dark", lang: "de" },
];

let site: StatesSite;
before(async () => {
  site = await StatesSite.open();
});
after(() => site?.dispose());

for (const look of LOOKS) {
  test(`every state at ${look.width} px, ${look.colorScheme}, ${look.lang ?? "en"}`, async () => {
    const page = await site.page("", look);
    const names = await page
      .locator("[data-state]")
      .evaluateAll((all) => all.map((each) => each.getAttribute("data-state")));
    assert.ok(names.length > 40, `only ${names.length} states`);
    assert.deepEqual(await tooWide(page), [], "wider than their window");
    assert.deepEqual(await seriousFaults(page), [], "faults that axe finds");
    await page.close();
  });
}

/** States whose content sticks out of them sideways. */
function tooWide(page: Page): Promise<(string | null)[]> {
  return page
    .locator("[data-state]")
    .evaluateAll((figures) =>
      figures
        .filter((figure) => figure.scrollWidth > figure.clientWidth + 1)
        .map((figure) => figure.getAttribute("data-state")),
    );
}

async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    // Many states stand on one page: what is about a page as a whole is asked of the real pages.
    const { violations } = await axe.run({
      resultTypes: ["violations"],
      rules: Object.fromEntries(
        ["landmark-unique", "region", "duplicate-id-aria", "heading-order"].map((rule) => [rule, { enabled: false }]),
      ),
    });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.map(({ target }) => target.flat().join(" ")),
    }));
  });
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, where }) => `${id}: ${where.slice(0, 5).join(" | ")}`);
}
