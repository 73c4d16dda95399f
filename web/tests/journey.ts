/** Steps that follow on from each other: after one has failed, the rest are failed at once instead of waiting in vain. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Profile } from "./browser.ts";

let failed: string | undefined;

export function step(name: string, body: () => Promise<void> | void): void {
  test(name, async () => {
    if (failed) throw new Error(`not tried, because this failed: ${failed}`);
    try {
      await body();
    } catch (error) {
      failed = name;
      console.log(`what the browsers showed: ${await picture()}`);
      throw error;
    }
  });
}

/** Pictures of every open page, to see what went wrong. */
async function picture(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "keyleash-failure-"));
  for (const { name, context } of Profile.running) {
    for (const [index, page] of context.pages().entries()) {
      await page.screenshot({ path: join(directory, `${name}-${index}.png`), fullPage: true }).catch(() => {});
    }
  }
  return directory;
}
