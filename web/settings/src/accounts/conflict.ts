/**
 * The same account changed here and elsewhere: both sides beside each other, and the choice between them. Until it is made
 * nothing is lost, and nothing is sent.
 *
 * Owns no secret: what differs is compared where the client lends it, and a secret's text is fetched when it is shown.
 */

import type { Account, Conflict, Credential } from "@keyleash/client";
import { exchangeById } from "@keyleash/client/exchanges";
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LiveElement } from "../live.ts";
import { controls } from "../theme.ts";
import "./secret.ts";
import { nameOf } from "./terms.ts";

type Side = "mine" | "theirs";
const SIDES: readonly Side[] = ["mine", "theirs"];

interface Line {
  readonly id: string;
  readonly label: string;
  readonly secret: boolean;
  readonly differs: boolean;
  /** Empty for a secret. */
  readonly text: Readonly<Record<Side, string>>;
}

interface Compared {
  readonly deleted: Readonly<Record<Side, boolean>>;
  readonly lines: readonly Line[];
}

@customElement("keyleash-conflict")
export class ConflictView extends LiveElement {
  static override styles = [
    controls,
    css`
      .sides { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
      .side { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius-small); padding: 12px 14px; display: flex; flex-direction: column; gap: 12px; }
      .side button.choose { margin-top: auto; }
      dl { display: grid; gap: 8px; }
      dl > div { padding: 2px 8px; margin-inline: -8px; border-radius: 5px; border-inline-start: 3px solid transparent; }
      dl > .differs { background: var(--warn-soft); border-inline-start-color: var(--warn); }
      dt { color: var(--muted); font-size: 0.87rem; }
      dd { overflow-wrap: anywhere; }
      @container (max-width: 599px) { .sides { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  @property({ attribute: false }) account!: Account;
  @state() private compared: Compared | undefined;

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    super.willUpdate(changed);
    if (changed.has("account")) void this.attempt(() => this.#compare());
  }

  override render() {
    const { conflict } = this.texts;
    return html`
      <div class="stack">
        <p><strong>${conflict.title}</strong> <span class="muted">${conflict.nothingLost}</span></p>
        ${this.failureView()}
        ${this.compared ? html`<div class="sides">${SIDES.map((side) => this.#side(side, this.compared))}</div>` : nothing}
      </div>
    `;
  }

  #side(side: Side, compared: Compared | undefined) {
    const { conflict } = this.texts;
    const { id } = this.account;
    if (!compared) return nothing;
    const keep = () => this.attempt(() => this.client.resolveConflict(id, side));
    return html`
      <section class="side" aria-label=${conflict[side].title} data-side=${side}>
        <h3>${conflict[side].title}</h3>
        ${compared.deleted[side] ? html`<p class="muted">${conflict[side].deleted}</p>` : html`<dl>${compared.lines.map((line) => this.#line(side, line))}</dl>`}
        <button class="choose ${side === "mine" ? "primary" : ""}" ?disabled=${this.busy} @click=${keep}>${conflict[side].choose}</button>
      </section>
    `;
  }

  #line(side: Side, { id, label, secret, differs, text }: Line) {
    const { conflict } = this.texts;
    const read = () => this.client.withConflict(this.account.id, (sides) => sides[side]?.fields[id] ?? "");
    return html`
      <div class=${differs ? "differs" : ""}>
        <dt>${label}${differs ? html` <span class="caution">${conflict.differs}</span>` : nothing}</dt>
        <dd>
          ${secret ? html`<keyleash-secret secret without-copy .label=${label} .read=${read}></keyleash-secret>` : html`<span class=${id === "label" ? "" : "mono"}>${text[side] || "–"}</span>`}
        </dd>
      </div>
    `;
  }

  async #compare(): Promise<void> {
    const { texts } = this;
    this.compared = await this.client.withConflict(this.account.id, (sides) => compare(sides, texts));
  }
}

function compare({ mine, theirs }: Conflict, texts: Parameters<typeof nameOf>[0]): Compared {
  const { exchange: exchangeId, kind: kindId } = mine ?? theirs ?? { exchange: "", kind: "" };
  const exchange = exchangeById(exchangeId);
  const kind = exchange?.kinds.find((each) => each.id === kindId);
  const environmentOf = (side: Credential | undefined) => {
    const found = exchange?.environments.find(({ id }) => id === side?.environment);
    return found ? nameOf(texts, found) : (side?.environment ?? "");
  };
  const line = (id: string, label: string, secret: boolean, of: (side: Credential | undefined) => string): Line => {
    const text = { mine: of(mine), theirs: of(theirs) };
    const differs = mine !== undefined && theirs !== undefined && text.mine !== text.theirs;
    return { id, label, secret, differs, text: secret ? { mine: "", theirs: "" } : text };
  };
  return {
    deleted: { mine: mine === undefined, theirs: theirs === undefined },
    lines: [
      line("label", texts.conflict.label, false, (side) => side?.label ?? ""),
      line("environment", texts.conflict.environment, false, environmentOf),
      ...(kind?.fields ?? []).map((field) =>
        line(field.id, nameOf(texts, field), field.secret, (side) => {
          const text = side?.fields[field.id] ?? "";
          return nameOf(texts, field.choices?.find(({ id }) => id === text) ?? { label: text });
        }),
      ),
    ],
  };
}
