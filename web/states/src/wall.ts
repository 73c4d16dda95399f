/** Every state in a frame of its own, as wide as a phone: what depends on the window's width sees that of a phone. */

import { html, render } from "lit";
import type { Group } from "./state.ts";

const PHONE_PX = 360;

export async function hangWall(stage: HTMLElement, groups: readonly Group[]): Promise<void> {
  const frame = (path: string) => {
    const source = new URL(location.href);
    source.search = String(new URLSearchParams({ state: path, lang: document.documentElement.lang }));
    return html`<figure><figcaption>${path}</figcaption><iframe title=${path} src=${source.href} width=${PHONE_PX}></iframe></figure>`;
  };
  render(
    groups.map(
      ({ name, states }) =>
        html`<div class="wall" id=${name}>${states.map((state) => frame(`${name}/${state.name}`))}</div>`,
    ),
    stage,
  );
  await Promise.all([...stage.querySelectorAll("iframe")].map(settled));
}

/** Until the state in the frame is there; then the frame is as tall as it. */
async function settled(frame: HTMLIFrameElement): Promise<void> {
  while (frame.contentDocument?.documentElement?.dataset.ready === undefined) {
    await new Promise((done) => setTimeout(done, 20));
  }
  frame.height = String(frame.contentDocument.documentElement.scrollHeight);
}
