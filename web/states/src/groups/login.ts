import { html } from "lit";
import { press } from "../press.ts";
import { snapshot } from "../scene.ts";
import { type Group, panel, type State } from "../state.ts";

const place = { section: "accounts" } as const;
const out = { session: { kind: "none" }, sync: { kind: "off" }, accounts: [], devices: [] } as const;
const pressed = (name: string, open?: State["open"]): State => ({
  name,
  view: () => panel(place, { change: out }),
  ...(open && { open }),
});

export const login: Group = {
  name: "login",
  states: [
    pressed("log-in"),
    pressed("sign-up", (figure, { login: words }) => press(figure, words.signUp)),
    pressed("forgot", (figure, { login: words }) => press(figure, words.forgot)),
    { name: "connecting", view: () => panel(place, { change: { ...out, session: { kind: "unknown" } } }) },
    { name: "bad-address", view: () => html`<keyleash-settings server="keys"></keyleash-settings>` },
    { name: "in", view: () => panel(place, { change: { accounts: snapshot.accounts.slice(0, 2) } }) },
  ],
};
