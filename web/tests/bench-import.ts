/**
 * Prints how long a device that was verified just now takes to retrieve many accounts, from the call to the last account in
 * the state. Measure with a release build; a figure of a debug build says nothing about the server.
 */
import { Profile, windows } from "./browser.ts";
import { Server } from "./server.ts";
import { section, Trader } from "./trader.ts";
import { until } from "./until.ts";

const ACCOUNTS = Number(process.argv[2] ?? 500);

const server = await Server.start();
const [desk, laptop] = [new Profile("A", windows.desk), new Profile("B", windows.laptop)];
try {
  const trader = new Trader(server);
  const a = await desk.open(server.url);
  await trader.signUp(a);
  await trader.logIn(a);
  await trader.enableTotp(a);
  await trader.enrol(a, "Desk");
  await section(a, "General");
  const ids = await a.evaluate(async (accounts) => {
    const client = document.querySelector("keyleash-settings")?.client;
    if (!client) throw new Error("the panel has no client");
    const added: string[] = [];
    for (let number = 1; number <= accounts; number++) {
      const fields = { key: `key-of-account-${number}`, secret: `made-up-${number}` };
      const draft = { exchange: "bybit", kind: "hmac", label: `Account ${number}`, environment: "testnet", fields };
      added.push((await client.addAccount(draft)).id);
    }
    return added;
  }, ACCOUNTS);
  const shared = await a.evaluate(async (all) => {
    const begun = performance.now();
    await document.querySelector("keyleash-settings")?.client?.setSyncedMany(all, true);
    return performance.now() - begun;
  }, ids);
  console.log(`sharing ${ACCOUNTS} accounts: ${shared.toFixed(0)} ms`);

  const b = await laptop.open(server.url);
  await trader.logIn(b);
  await trader.enrol(b, "Laptop");
  const elsewhere = () => b.evaluate(() => document.querySelector("keyleash-settings")?.client?.state.elsewhere.length);
  await until("all are listed elsewhere", async () => (await elsewhere()) === ACCOUNTS);
  const { retrieved, steps } = await b.evaluate(async (accounts) => {
    const client = document.querySelector("keyleash-settings")?.client;
    if (!client) throw new Error("the panel has no client");
    const begun = performance.now();
    let steps = 0;
    const all = new Promise<number>((resolve) => {
      client.on("retrieval", () => {
        steps += 1;
      });
      client.onChange(({ accounts: here }) => here.length === accounts && resolve(performance.now() - begun));
    });
    await client.retrieveAll();
    return { retrieved: await all, steps };
  }, ACCOUNTS);
  console.log(`retrieving ${ACCOUNTS} accounts: ${retrieved.toFixed(0)} ms, with ${steps} steps of progress`);
} finally {
  for (const profile of [desk, laptop]) await profile.dispose();
  await server.dispose();
}
