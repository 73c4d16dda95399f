/** What a state is, and how most of them are made: a view over a client that stands still, and what was pressed since. */

import type { Snapshot } from "@keyleash/client";
import "@keyleash/settings";
import { html, type TemplateResult } from "lit";
import type { Texts } from "../../settings/src/texts/texts.ts";
import { events, holdings, sessions, snapshot } from "./scene.ts";
import { type Answers, staged } from "./staged.ts";

export interface State {
  readonly name: string;
  readonly view: () => TemplateResult;
  /** What has to be pressed or typed before the state is there; `texts` are those of the page's language. */
  readonly open?: (figure: HTMLElement, texts: Texts) => Promise<void>;
}

export interface Group {
  readonly name: string;
  readonly states: readonly State[];
}

export type Change = Partial<Snapshot>;

const ANSWERS: Answers = {
  server: "https://keys.example",
  refreshSession: async () => undefined,
  sessions: async () => [...sessions],
  events: async () => [...events],
  holdings: async () => holdings,
};

/** The panel at one of its places. */
export function panel(
  place: { readonly section: "general" | "accounts" | "security"; readonly tab?: "accounts" | "sync" },
  { change = {}, answers = {} }: { readonly change?: Change; readonly answers?: Answers } = {},
): TemplateResult {
  const client = staged({ ...snapshot, ...change }, { ...ANSWERS, ...answers });
  return html`
    <keyleash-settings .client=${client} .section=${place.section} .tab=${place.tab ?? "accounts"} without-status></keyleash-settings>
  `;
}

export function banner(name: string, change: Change): State {
  const client = staged({ ...snapshot, ...change }, ANSWERS);
  return { name, view: () => html`<keyleash-status .client=${client} .open=${() => {}}></keyleash-status>` };
}
