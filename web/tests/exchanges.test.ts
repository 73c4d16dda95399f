/** Every exchange's form, with each kind of credential: what is right is stored, as what it is. */
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { exchanges, type Field } from "../client/src/exchanges/index.ts";
import { Profile, windows } from "./browser.ts";
import { step } from "./journey.ts";
import type { TestAccount } from "./secrets.ts";
import { Server } from "./server.ts";
import { addAccount, Trader } from "./trader.ts";

let server: Server;
let page: Page;
const phone = new Profile("A", windows.phone);

before(async () => {
  server = await Server.start();
  const trader = new Trader(server);
  page = await phone.open(server.url);
  await trader.signUp(page);
  await trader.logIn(page);
});
after(async () => {
  await phone.dispose();
  await server?.dispose();
});

for (const { name, kinds } of exchanges) {
  for (const kind of kinds) {
    step(`${name}: ${kind.label}`, async () => {
      const label = `${name} ${kind.id}`;
      const typed = kind.fields.filter(({ optional, choices }) => !optional && !choices);
      const account: TestAccount = {
        exchange: name,
        ...(kinds.length > 1 && { kind: kind.label }),
        label,
        fields: Object.fromEntries(typed.map((field) => [field.label, sample(field)])),
      };
      await addAccount(page, account);
      const row = page.locator("[data-row]").filter({ hasText: label });
      await row.click();
      await page.locator("keyleash-account-detail").getByText(kind.label, { exact: false }).waitFor();
      await row.click();
    });
  }
}

step("all of them are there after a reload, and nothing threw", async () => {
  await page.reload();
  const rows = page.locator("[data-row]");
  await rows.first().waitFor();
  assert.equal(await rows.count(), exchanges.flatMap(({ kinds }) => kinds).length);
  assert.deepEqual(phone.complaints, []);
});

/** What fits the field's form, made up. */
function sample({ shape, algorithm, id }: Field): string {
  switch (shape) {
    case "pem":
      return pem(algorithm);
    case "coinbase_key_name":
      return `organizations/${randomBytes(4).toString("hex")}/apiKeys/${randomBytes(4).toString("hex")}`;
    case "ed25519_base64":
      return randomBytes(64).toString("base64");
    case "evm_address":
      return `0x${randomBytes(20).toString("hex")}`;
    case "evm_private_key":
      return randomBytes(32).toString("hex");
    case "text":
      return `${id}-${randomBytes(12).toString("hex")}`;
  }
}

function pem(algorithm: Field["algorithm"]): string {
  const form = { type: "pkcs8", format: "pem" } as const;
  switch (algorithm) {
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(form).toString();
    case "ECDSA":
      return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(form).toString();
    default:
      return generateKeyPairSync("ed25519").privateKey.export(form).toString();
  }
}
