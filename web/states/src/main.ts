/**
 * Every view in every state, from a client that stands still. `?state=NAME` shows one alone, `?group=NAME` those of one view;
 * `lang` chooses the language.
 */

import { html, render } from "lit";
import { textsFor } from "../../settings/src/texts/texts.ts";
import { tokens } from "../../settings/src/theme.ts";
import type { State } from "./state.ts";
import { groups } from "./states.ts";

const query = new URLSearchParams(location.search);
const stage = document.getElementById("stage");
if (!stage) throw new Error("no stage");

document.documentElement.lang = query.get("lang") ?? "en";
if (tokens.styleSheet) document.adoptedStyleSheets = [tokens.styleSheet];

const wantedState = query.get("state");
const wantedGroup = query.get("group");
const shown = groups
  .filter(({ name }) => wantedGroup === null || name === wantedGroup)
  .map((group) => ({
    ...group,
    states: group.states.filter(({ name }) => wantedState === null || wantedState === `${group.name}/${name}`),
  }))
  .filter(({ states }) => states.length > 0);

const alone = wantedState !== null;
render(
  shown.map(
    ({ name, states }) => html`
      ${alone ? "" : html`<h2>${name}</h2>`}
      <div class="group" id=${name}>
        ${states.map((state) => html`<figure data-state="${name}/${state.name}">${alone ? "" : html`<figcaption>${state.name}</figcaption>`}${state.view()}</figure>`)}
      </div>`,
  ),
  stage,
);

/** Presses what a state has opened, one state after the other: they share one focus. */
async function open(states: readonly (State & { readonly path: string })[]): Promise<void> {
  for (const { path, open: opened } of states) {
    const figure = document.querySelector<HTMLElement>(`[data-state="${path}"]`);
    if (figure && opened) await opened(figure, textsFor(figure));
  }
}

await open(shown.flatMap(({ name, states }) => states.map((state) => ({ ...state, path: `${name}/${state.name}` }))));
(document.activeElement as HTMLElement | null)?.blur();
document.documentElement.dataset.ready = "";
