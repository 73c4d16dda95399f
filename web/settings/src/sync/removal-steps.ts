/** How a removal goes, as a small picture: the key taken away, the device told, the device's own answer. */

import type { DeviceView } from "@keyleash/client";
import { css, html, svg } from "lit";
import type { Texts } from "../texts/texts.ts";
import { duration } from "../words.ts";

/** `waiting` is what still comes by itself; `failed` is the device's own word that it could not. */
export type StepState = "done" | "waiting" | "failed";

export interface RemovalStep {
  readonly what: "key" | "told" | "answer";
  readonly state: StepState;
}

/** The first step is done by the time that anybody hears of the removal: it is what locks the device out. */
export function removalSteps({ receipt, online }: DeviceView): readonly RemovalStep[] {
  return [
    { what: "key", state: "done" },
    { what: "told", state: receipt || online ? "done" : "waiting" },
    { what: "answer", state: receipt ? (receipt.wiped ? "done" : "failed") : "waiting" },
  ];
}

export const removalStepStyles = css`
  .steps { list-style: none; display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .steps li { position: relative; display: grid; grid-template-rows: 26px auto; gap: 6px; padding-right: var(--space-3); }
  .steps svg { width: 26px; height: 26px; position: relative; z-index: 1; border-radius: 50%; background: var(--surface); }
  .steps li:not(:last-child)::before { content: ""; position: absolute; top: 12px; left: 26px; right: 0; height: 2px; background: var(--line-strong); opacity: 0.45; }
  .steps li.done:not(:last-child)::before { background: var(--good); }
  .steps li.waiting:not(:last-child)::before, .steps li:has(+ .waiting)::before { background: repeating-linear-gradient(90deg, var(--line-strong) 0 5px, transparent 5px 10px); }
  .steps .done svg { color: var(--good); }
  .steps .waiting svg { color: var(--muted); }
  .steps .failed svg { color: var(--warn); }
  .steps .waiting .turning { transform-origin: 12px 12px; animation: turn 2.4s linear infinite; }
  @keyframes turn { to { transform: rotate(1turn); } }
  @media (prefers-reduced-motion: reduce) { .steps .waiting .turning { animation: none; } }
  @media (max-width: 599px) {
    .steps { grid-template-columns: minmax(0, 1fr); gap: var(--space-3); }
    .steps li { grid-template: auto / 26px minmax(0, 1fr); gap: var(--space-3); padding-right: 0; }
    .steps li:not(:last-child)::before { top: 26px; bottom: calc(-1 * var(--space-3)); left: 12px; right: auto; width: 2px; height: auto; }
    .steps li.waiting:not(:last-child)::before, .steps li:has(+ .waiting)::before { background: repeating-linear-gradient(0deg, var(--line-strong) 0 5px, transparent 5px 10px); }
  }
`;

export function removalPicture(device: DeviceView, texts: Texts) {
  const { removal } = texts;
  return html`
    <ol class="steps" aria-label=${removal.steps.label}>
      ${removalSteps(device).map((step) => {
        const { title, detail } = stepWords(step, device, texts);
        return html`
          <li class=${step.state} data-step=${step.what}>
            ${icons[step.state]}
            <div>
              <p class="small"><strong>${title}</strong><span class="unseen"> ${step.state === "waiting" ? removal.pending : removal.done}</span></p>
              <p class="muted small">${detail}</p>
            </div>
          </li>
        `;
      })}
    </ol>
  `;
}

function stepWords({ what, state }: RemovalStep, { receipt }: DeviceView, texts: Texts) {
  const { steps } = texts.removal;
  if (what === "key") return { title: steps.keyTaken, detail: steps.keyTakenDetail };
  if (what === "told") {
    return state === "done"
      ? { title: steps.told, detail: receipt ? "" : steps.toldDetail }
      : { title: steps.untold, detail: steps.untoldDetail };
  }
  if (state === "waiting") return { title: steps.unanswered, detail: steps.unansweredDetail };
  if (state === "failed") return { title: steps.failed, detail: steps.failedDetail };
  return { title: steps.answered, detail: steps.answeredDetail(duration(receipt?.after_ms ?? 0, texts)) };
}

const picture = (content: ReturnType<typeof svg>) => html`
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${content}</svg>
`;

const icons: Record<StepState, ReturnType<typeof html>> = {
  done: picture(svg`<circle cx="12" cy="12" r="10" /><path d="m7.5 12.3 3 3 6-6.4" />`),
  waiting: picture(
    svg`<circle class="turning" cx="12" cy="12" r="10" stroke-dasharray="4.2 3.65" /><path d="M12 7.5V12l2.6 2" />`,
  ),
  failed: picture(svg`<circle cx="12" cy="12" r="10" /><path d="M12 7.5v5.2M12 16.4v.1" />`),
};
