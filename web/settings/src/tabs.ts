/** A row of tabs by the ARIA pattern: arrows move between them, and only the chosen one is in the tab order. */

import { html } from "lit";

export function tabList<T extends string>(
  label: string,
  tabs: readonly T[],
  names: Readonly<Record<T, string>>,
  chosen: T,
  choose: (id: T) => void,
) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const index = (tabs.indexOf(chosen) + step + tabs.length) % tabs.length;
    const next = tabs[index];
    if (step === 0 || !next) return;
    choose(next);
    (event.currentTarget as HTMLElement).querySelectorAll("button")[index]?.focus();
  };
  return html`
    <div role="tablist" aria-label=${label} @keydown=${move}>
      ${tabs.map(
        (tab) => html`
        <button role="tab" aria-selected=${tab === chosen} tabindex=${tab === chosen ? 0 : -1} @click=${() => choose(tab)}>${names[tab]}</button>`,
      )}
    </div>
  `;
}
