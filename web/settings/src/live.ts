/**
 * The base of every view: it shows the client's one snapshot and redraws when that changes. Views keep only what is being
 * typed or asked at the moment; whatever is true about the account lives in the client.
 */

import { type Client, DraftError, type ProblemCode, ProblemError, type Snapshot } from "@keyleash/client";
import { type CSSResultGroup, html, LitElement, nothing, type PropertyValues } from "lit";
import { property, state } from "lit/decorators.js";
import { type Texts, textsFor } from "./texts/texts.ts";
import { controls } from "./theme.ts";

/** Why something that the user asked for did not happen. */
export interface Failure {
  /** A sentence for the user. */
  readonly message: string;
  /** Sentences that belong next to a field. */
  readonly fields: Readonly<Record<string, string>>;
  readonly code?: ProblemCode;
}

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
    this.busy = true;
    this.failure = undefined;
    try {
      await action();
      return true;
    } catch (error) {
      this.failure = failureOf(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** The sentence of a refusal that belongs to no field of `fields`. */
  protected failureView(fields: readonly string[] = []) {
    const failure = this.failure;
    if (!failure || fields.some((field) => failure.fields[field])) return nothing;
    return html`<p class="error" role="alert">${failure.message}</p>`;
  }

  #subscribe(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = this.client.onChange(() => this.requestUpdate());
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof DraftError) {
    const fields = Object.entries(error.errors).map(([name, { message }]) => [name, message]);
    return { message: error.message, fields: Object.fromEntries(fields) };
  }
  if (error instanceof ProblemError) {
    const fields = error.field ? { [error.field]: error.message } : {};
    return { message: error.message, fields, code: error.code };
  }
  return { message: error instanceof Error ? error.message : String(error), fields: {} };
}

/** What stands in the fields of a submitted form, as typed. */
export function entries(event: SubmitEvent): Record<string, string> {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  return Object.fromEntries(
    [...new FormData(form)].filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
