/**
 * The base of every view: it shows the client's one snapshot and redraws when that changes. Views keep only what is being
 * typed or asked at the moment; whatever is true about the account lives in the client.
 */

import type { Client, Snapshot } from "@keyleash/client";
import { type CSSResultGroup, html, LitElement, nothing, type PropertyValues } from "lit";
import { property, state } from "lit/decorators.js";
import "./countdown.ts";
import { type Failure, failureOf } from "./failure.ts";
import { type Texts, textsFor } from "./texts/texts.ts";
import { controls } from "./theme.ts";

export abstract class LiveElement extends LitElement {
  static override styles: CSSResultGroup = controls;

  @property({ attribute: false }) client!: Client;
  @state() protected busy = false;
  @state() protected failure: Failure | undefined;

  #unsubscribe: (() => void) | undefined;

  protected get snapshot(): Snapshot {
    return this.client.state;
  }

  /** What it says, in the language of the page around it. */
  protected get texts(): Texts {
    return textsFor(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.client) this.#subscribe();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** Draws nothing before there is a client: an element in a page's markup is given one later. */
  protected override shouldUpdate(_changed: PropertyValues): boolean {
    return Boolean(this.client);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("client") && this.client) this.#subscribe();
  }

  /** Carries out what the user asked for; a refusal becomes a sentence in the view. Resolves to whether it went through. */
  protected async attempt(action: () => Promise<unknown>): Promise<boolean> {
    const pressed = this.shadowRoot?.activeElement;
    this.busy = true;
    this.failure = undefined;
    try {
      await action();
      return true;
    } catch (error) {
      this.failure = failureOf(error, this.texts);
      return false;
    } finally {
      this.busy = false;
      void this.#giveBackFocus(pressed);
    }
  }

  /** A button that is disabled while it works loses the focus, and who uses the keyboard their place. */
  async #giveBackFocus(pressed: Element | null | undefined): Promise<void> {
    await this.updateComplete;
    const lost = document.activeElement === null || document.activeElement === document.body;
    if (lost && pressed instanceof HTMLElement && pressed.isConnected) pressed.focus();
  }

  /** Moves the focus to the first element of that selector, once the view is drawn. */
  protected async focusOn(selector: string): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(selector)?.focus();
  }

  /** The sentence of a refusal that belongs to no field of `fields`. */
  protected failureView(fields: readonly string[] = []) {
    const failure = this.failure;
    if (!failure || fields.some((field) => failure.fields[field])) return nothing;
    return html`<p class="error" role="alert">${failure.message}</p>${this.#wait(failure)}`;
  }

  /** Outside of the alert: a screen reader would say each second. */
  #wait({ retryAt }: Failure) {
    if (retryAt === undefined) return nothing;
    const { againIn } = this.texts.secondFactor;
    return html`<p class="error">${againIn} <keyleash-countdown .until=${retryAt} .label=${againIn}></keyleash-countdown></p>`;
  }

  #subscribe(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = this.client.onChange(() => this.requestUpdate());
  }
}

/** What stands in the fields of a submitted form, as typed. */
export function entries(event: SubmitEvent): Record<string, string> {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  return Object.fromEntries(
    [...new FormData(form)].filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
