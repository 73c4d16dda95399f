/** The states of the ACCOUNTS tab: the list, a row opened, the form, what is elsewhere, conflicts. */

import type { Account, Conflict, Credential, ElsewhereAccount } from "@keyleash/client";
import type { Texts } from "../../../settings/src/texts/texts.ts";
import { drawn, press, type as typed } from "../press.ts";
import { ago, accounts as all, id, me, now } from "../scene.ts";
import type { Answers } from "../staged.ts";
import { type Change, type Group, panel, type State } from "../state.ts";

interface Scene {
  readonly name: string;
  readonly change: Change;
  readonly answers?: Answers;
  readonly open?: NonNullable<State["open"]>;
}

const [first, second, third, fourth] = all as readonly [Account, Account, Account, Account];

const credential = (account: Account, more: Partial<Credential> = {}): Credential => ({
  ...{
    id: account.id,
    exchange: account.exchange,
    kind: account.kind,
    label: account.label,
    environment: account.environment,
  },
  fields: { key: "a key made up for a picture", secret: "a secret made up for a picture", passphrase: "made up" },
  ...more,
});

const conflict: Conflict = {
  mine: credential(third, { label: "OKX grid bot (desk)" }),
  theirs: credential(third, { fields: { ...credential(third).fields, secret: "another secret", region: "my" } }),
};

const answers: Answers = {
  withCredential: async (wanted, use) => {
    const account = all.find((each) => each.id === wanted) ?? first;
    return use(credential(account));
  },
  withConflict: async (_, use) => use(conflict),
  findDuplicate: () => undefined,
};

const elsewhere: readonly ElsewhereAccount[] = [3, 5, 6].map((n) => ({
  id: id("elsewhere", n),
  ...{
    exchange: ["okx", "bybit", "coinbase"][n % 3] ?? "okx",
    kind: "hmac",
    label: `Laptop account ${n}`,
    environment: "live",
  },
  ...{ createdAt: ago(n), version: 1, wanted: n === 3 },
}));

const withPending = (account: Account, pending: Account["pending"]): Account => ({
  ...account,
  ...(pending && { pending }),
});
const term = ({ terms }: Texts, label: string) => terms[label] ?? label;
const openRow = (label: string) => async (figure: HTMLElement) => {
  await drawn(figure);
  pressRow(figure, label);
  await drawn(figure);
};

const scenes: readonly Scene[] = [
  { name: "all", change: {} },
  { name: "auto-connect", change: { session: { kind: "in", me: { ...me, auto_connect: true }, confirmed: true } } },
  { name: "empty", change: { accounts: [], sync: { kind: "off" } } },
  { name: "sync-off", change: { sync: { kind: "off" } } },
  { name: "locked", change: { accounts: [], sealedAccounts: 8, lock: { kind: "locked", why: "grace_over" } } },
  {
    name: "opening",
    change: {
      accounts: [],
      sealedAccounts: 3,
      lock: { kind: "locked", why: "server_needed" },
      connection: { kind: "connecting" },
    },
  },
  {
    name: "gone-for-good",
    change: {
      accounts: all.slice(0, 1),
      sealedAccounts: 2,
      sync: { kind: "removed", reason: "removed", at: ago(1) },
      lock: { kind: "locked", why: "removed" },
    },
  },
  { name: "opened", change: { accounts: [first, second] }, open: openRow("Bybit perp desk") },
  {
    name: "secret-shown",
    change: { accounts: [second] },
    open: async (figure, texts) => {
      await openRow("Bybit perp desk")(figure);
      await press(figure, texts.accounts.detail.showField(term(texts, "API secret"), false));
    },
  },
  {
    name: "relabel",
    change: { accounts: [second] },
    open: async (figure, texts) => {
      await openRow("Bybit perp desk")(figure);
      await press(figure, texts.accounts.detail.relabelOf("Bybit perp desk"));
    },
  },
  {
    name: "edit",
    change: { accounts: [second] },
    open: async (figure, texts) => {
      await openRow("Bybit perp desk")(figure);
      await press(figure, texts.accounts.detail.editOf("Bybit perp desk"));
    },
  },
  {
    name: "selected",
    change: { elsewhere },
    open: async (figure, texts) => {
      await press(figure, texts.accounts.row.select("Binance main"));
      await press(figure, texts.accounts.row.select("Bybit perp desk"));
      await press(figure, texts.accounts.row.select("Laptop account 5"));
    },
  },
  { name: "bulk", change: { bulk: { what: "share", done: 12, total: 40 } } },
  { name: "elsewhere", change: { accounts: all.slice(0, 2), elsewhere } },
  {
    name: "retrieving",
    change: { accounts: all.slice(0, 2), elsewhere, retrieval: { received: 212, total: 500 } },
  },
  {
    name: "deleted",
    change: { accounts: [withPending(first, { kind: "deleting", until: now + 10_000 }), second] },
  },
  {
    name: "pending",
    change: {
      accounts: [
        withPending(first, { kind: "waiting", what: "change" }),
        withPending(second, {
          kind: "refused",
          what: "share",
          code: "quota_exceeded",
          detail: "You have as many as can be stored.",
        }),
        withPending(third, { kind: "conflict", what: "change" }),
      ],
    },
  },
  {
    name: "refused",
    change: {
      accounts: [
        withPending(second, {
          kind: "refused",
          what: "share",
          code: "quota_exceeded",
          detail: "You have as many as can be stored.",
        }),
      ],
    },
    open: openRow("Bybit perp desk"),
  },
  {
    name: "conflict",
    change: { accounts: [withPending(third, { kind: "conflict", what: "change" })] },
    open: openRow("OKX grid bot"),
  },
  {
    name: "conflict-with-deletion",
    change: { accounts: [withPending(third, { kind: "conflict", what: "change" })] },
    answers: { withConflict: async (_, use) => use({ mine: conflict.mine, theirs: undefined }) },
    open: openRow("OKX grid bot"),
  },
  {
    name: "nothing-found",
    change: {},
    open: (figure, texts) => typed(figure, texts.accounts.toolbar.search, "kraken"),
  },
  { name: "form", change: { accounts: [] }, open: (figure, texts) => press(figure, texts.accounts.add) },
  {
    name: "form-filled-from-block",
    change: { accounts: [] },
    open: async (figure, texts) => {
      await press(figure, texts.accounts.add);
      await typed(figure, texts.importing.label, "OKX_API_KEY=abc\nOKX_SECRET=def\nOKX_DEMO=1\nPORT=8080\nnot a line");
    },
  },
  {
    name: "form-faults",
    change: { accounts: [] },
    open: async (figure, texts) => {
      await press(figure, texts.accounts.add);
      await press(figure, "Hyperliquid");
      await typed(figure, term(texts, "Wallet address"), "0x12");
      await press(figure, texts.accountForm.store);
    },
  },
  {
    name: "form-remarks",
    change: { accounts: [fourth] },
    answers: { findDuplicate: () => fourth },
    open: async (figure, texts) => {
      await press(figure, texts.accounts.add);
      await press(figure, "BitMEX");
      await typed(figure, texts.accountForm.label, "Paper account");
      await typed(figure, term(texts, "API key id"), "made-up-for-a-picture");
      await typed(figure, term(texts, "API secret"), "another-made-up-one");
      await press(figure, texts.accountForm.store);
    },
  },
];

export const accounts: Group = {
  name: "accounts",
  states: scenes.map(({ name, change, answers: own, open }) => ({
    name,
    view: () => panel({ section: "accounts" }, { change, answers: { ...answers, ...own } }),
    ...(open && { open }),
  })),
};

function pressRow(root: ParentNode, label: string): void {
  for (const each of root.querySelectorAll("*")) {
    if (each instanceof HTMLElement && each.dataset.row && each.querySelector(".label")?.textContent === label)
      each.click();
    if (each.shadowRoot) pressRow(each.shadowRoot, label);
  }
}
