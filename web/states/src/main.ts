/**
 * Every view in every state, from a client that stands still. `?state=NAME` shows one alone, `?group=NAME` those of one view,
 * `wall` each in a window as wide as a phone; `lang` chooses the language.
 */

import { html, render } from "lit";
import { textsFor } from "../../settings/src/texts/texts.ts";
import { tokens } from "../../settings/src/theme.ts";
import { groups } from "./states.ts";
import { hangWall } from "./wall.ts";

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

if (query.has("wall")) await hangWall(stage, shown);
else await show(stage);
(document.activeElement as HTMLElement | null)?.blur();
document.documentElement.dataset.ready = "";

async function show(place: HTMLElement): Promise<void> {
  const alone = wantedState !== null;
  render(
    shown.map(
      ({ name, states }) => html`
        ${alone ? "" : html`<h2>${name}</h2>`}
        <div class="group" id=${name}>
          ${states.map((state) => html`<figure data-state="${name}/${state.name}">${alone ? "" : html`<figcaption>${state.name}</figcaption>`}${state.view()}</figure>`)}
        </div>`,
    ),
    place,
  );
  // One after the other: they share one focus.
  for (const { name, states } of shown) {
    for (const state of states) {
      const figure = place.querySelector<HTMLElement>(`[data-state="${name}/${state.name}"]`);
      if (figure) await state.open?.(figure, textsFor(figure));
    }
  }
}
