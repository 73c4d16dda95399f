/** Whether the keys that opened credentials are still in a page's memory: weak references to them, and a forced collection. */
import type { Page } from "playwright-core";

interface Watched {
  readonly gc: () => void;
  readonly keysThatDecrypted: Set<WeakRef<CryptoKey>>;
}

/** To be called before the page loads. Needs a browser that lets scripts collect garbage, as `Profile` starts it. */
export async function watchKeys(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const keysThatDecrypted = new Set<WeakRef<CryptoKey>>();
    const decrypt = SubtleCrypto.prototype.decrypt;
    SubtleCrypto.prototype.decrypt = function (algorithm, key, data) {
      keysThatDecrypted.add(new WeakRef(key));
      return decrypt.call(this, algorithm, key, data);
    };
    Object.assign(window, { keysThatDecrypted });
  });
}

/** How many of them are left. A key that the page has let go of may take more than one collection. */
export function keysInMemory(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { gc, keysThatDecrypted } = window as unknown as Watched;
    gc();
    return [...keysThatDecrypted].filter((key) => key.deref() !== undefined).length;
  });
}
