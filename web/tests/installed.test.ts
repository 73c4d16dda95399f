/** The terminal as an installed app: it starts without a network, shows that it is locked, and keeps nothing but itself. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { Profile, shellKept, windows } from "./browser.ts";
import { step } from "./journey.ts";
import { RenewingProxy } from "./renewing-proxy.ts";
import { bybit } from "./secrets.ts";
import { Server } from "./server.ts";
import { addAccount, setSynced, signsWith, statusBanner, Trader, tradable } from "./trader.ts";

let server: Server;
let proxy: RenewingProxy;
let trader: Trader;
let a: Page;
const phone = new Profile("phone", windows.phone);
const other = new Profile("other", windows.desk);
const key = bybit("Perp");

before(async () => {
  server = await Server.start();
  proxy = await RenewingProxy.start();
  proxy.before(server);
  trader = new Trader(server);
  a = await phone.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
  await trader.enableTotp(a);
  await trader.enrol(a, "Phone");
  await addAccount(a, key);
  await setSynced(a, key.label, true);
});
after(async () => {
  for (const profile of [phone, other]) await profile.dispose();
  await proxy?.stop();
  await server?.dispose();
});

step("Chromium would install it", async () => {
  const devtools = await a.context().newCDPSession(a);
  await shellKept(a);
  const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
  assert.deepEqual(installabilityErrors, []);
  const { errors, data } = await devtools.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  const { icons } = JSON.parse(data ?? "") as { icons: { src: string; sizes: string }[] };
  for (const { src, sizes } of icons) {
    const side = await a.evaluate(async (address) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      return image.naturalWidth;
    }, src);
    if (sizes !== "any") assert.equal(`${side}x${side}`, sizes, src);
  }
});

step("its caches hold the page, and neither an answer of the API nor anything of the trader's", async () => {
  await a.reload();
  await signsWith(a, key);
  const kept = await a.evaluate(async () => {
    const found: { path: string; text: string }[] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const answer = await cache.match(request);
        found.push({ path: new URL(request.url).pathname, text: (await answer?.text()) ?? "" });
      }
    }
    return found;
  });
  const paths = kept.map(({ path }) => path);
  for (const part of ["/", "/app.js", "/page.css", "/manifest.webmanifest"]) assert.ok(paths.includes(part), part);
  assert.ok(paths.some((path) => path.startsWith("/embed/chunk-")));
  for (const { path, text } of kept) {
    assert.ok(!/^\/(api|dev|verify)/.test(path), path);
    for (const secret of [key.secret, trader.email, trader.password]) assert.ok(!text.includes(secret), path);
  }
});

step("without the server it starts, shows that it is locked, and how that ends", async () => {
  await phone.shut();
  await server.stop();
  a = await phone.open(server.url);
  await statusBanner(a).getByText("Locked.").waitFor();
  await statusBanner(a)
    .getByText(/Reconnecting/)
    .waitFor();
  assert.equal(await tradable(a, key.label).count(), 0);
  await server.start();
  await signsWith(a, key);
});

step("to somebody who never logged in here it says that the server does not answer", async () => {
  const b = await other.open(server.url);
  await shellKept(b);
  await server.stop();
  await b.reload();
  await b.getByRole("heading", { name: "does not answer" }).waitFor();
  await server.start();
  await b.getByRole("button", { name: "Log in" }).waitFor();
});

step("a newer version is told calmly, and is there after a reload", async () => {
  const b = await other.open(proxy.url);
  await shellKept(b);
  const notice = b.getByText("A newer version of this page is ready.");
  const version = () => b.locator("meta[name=keyleash-shell]").getAttribute("content");
  const before = await version();
  assert.equal(await notice.count(), 0);

  proxy.renewed = "-newer";
  await b.evaluate(async () => {
    await (await navigator.serviceWorker.ready).update();
  });
  await notice.waitFor();
  await b.getByRole("button", { name: "Reload" }).click();
  await notice.waitFor({ state: "detached" });
  await b.getByRole("button", { name: "Log in" }).waitFor();
  assert.equal(await version(), `${before}-newer`);
  assert.equal(await notice.count(), 0, "what runs is the newer version");
});

step("once the last page of the old version is closed, its cache goes", async () => {
  for (const page of other.context.pages()) await page.goto("about:blank");
  const b = await other.open(proxy.url);
  await b.waitForFunction(async () => {
    const names = await caches.keys();
    return names.length === 1 && names[0]?.endsWith("-newer");
  });
});

step("the pages kept to the content security policy, and no script threw", () => {
  assert.deepEqual([...phone.complaints, ...other.complaints], []);
});
