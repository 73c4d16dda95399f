/** Two-factor authentication: setting it up, changing to another authenticator, new recovery codes, turning it off. */

import { ProblemError, type SecondFactor, type TotpSetup } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { field } from "../field.ts";
import { ReturningFocus } from "../focus.ts";
import { entries, LiveElement } from "../live.ts";
import "../second-factor.ts";
import { controls } from "../theme.ts";
import { qrCode } from "./qr.ts";
import "./recovery-codes.ts";

type Stage =
  | { readonly kind: "rest" }
  | { readonly kind: "password" }
  /** Who asks was shown; the present authenticator has to agree to being replaced. */
  | { readonly kind: "old_code"; readonly proof: Proof }
  | { readonly kind: "scan"; readonly setup: TotpSetup }
  | { readonly kind: "codes"; readonly codes: readonly string[] }
  | { readonly kind: "renew" }
  | { readonly kind: "disable" };

/** Empty where the user logs in with a vendor's login, which then vouches anew. */
type Proof = { readonly password?: string };

const RECOVERY_CODES = 10;
/** Fewer than this are worth a warning. */
const RECOVERY_CODES_FEW = 4;

@customElement("keyleash-totp")
export class TotpView extends LiveElement {
  static override styles = [
    controls,
    css`
      .scan { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-5); align-items: start; }
      .qr { width: 196px; height: 196px; border-radius: var(--radius-small); border: 1px solid var(--line); display: block; }
      .secret { overflow-wrap: anywhere; user-select: all; font-weight: 600; }
      .codes { display: grid; gap: 4px; }
      @media (max-width: 599px) { .scan { grid-template-columns: minmax(0, 1fr); } .qr { justify-self: center; } }
    `,
  ];

  @state() private stage: Stage = { kind: "rest" };
  /** What was done last, for the line that says so. */
  @state() private done = "";
  @state() private copied = false;

  readonly #focus = new ReturningFocus(this);

  override render() {
    const texts = this.texts.totp;
    const on = this.#isOn;
    return html`
      <section class="stack" aria-label=${texts.title}>
        <div class="row spread">
          <h3 tabindex="-1">${texts.title}</h3>
          <span class="badge ${on ? "good dot" : ""}">${on ? texts.on : texts.off}</span>
        </div>
        <p class="small" role="status" ?hidden=${this.done === ""}>${this.done}</p>
        ${this.#stage(this.stage, on)}
      </section>
    `;
  }

  get #isOn(): boolean {
    const { session } = this.snapshot;
    return session.kind === "in" && session.me.totp_enabled;
  }

  #stage(stage: Stage, on: boolean) {
    const texts = this.texts.totp;
    switch (stage.kind) {
      case "rest":
        return on ? this.#restOn() : this.#restOff();
      case "password":
        return this.#password(on);
      case "old_code":
        return html`
          <keyleash-second-factor action=${texts.continue} .confirm=${(factor: SecondFactor) => this.#setUp(stage.proof, factor)} .cancel=${this.#rest}>
            <p>${texts.oldCodeFirst}</p>
          </keyleash-second-factor>
        `;
      case "scan":
        return this.#scan(stage.setup, on);
      case "codes":
        return html`<keyleash-recovery-codes .client=${this.client} .codes=${stage.codes} .done=${this.#rest}></keyleash-recovery-codes>`;
      case "renew":
        return html`
          <keyleash-second-factor action=${this.texts.recovery.renewAction} .confirm=${this.#renew} .cancel=${this.#rest}>
            <p>${this.texts.recovery.renewMeans}</p>
          </keyleash-second-factor>
        `;
      case "disable":
        return html`
          <keyleash-second-factor danger action=${texts.turnOffAction} .confirm=${this.#disable} .cancel=${this.#rest}>
            <p>${texts.turnOffMeans.before}<strong>${texts.turnOffMeans.strong}</strong>${texts.turnOffMeans.after}</p>
          </keyleash-second-factor>
        `;
    }
  }

  #restOff() {
    const texts = this.texts.totp;
    return html`
      <p class="muted">${texts.offMeans}</p>
      ${this.failureView()}
      <div><button id="first" class="primary" ?disabled=${this.busy} @click=${this.#start}>${texts.setUp}</button></div>
    `;
  }

  #restOn() {
    const texts = this.texts.totp;
    return html`
      <p class="muted">${texts.onMeans}</p>
      ${this.#codesLeft()} ${this.failureView()}
      <div class="row">
        <button id="first" @click=${() => this.#go({ kind: "renew" })}>${this.texts.recovery.renew}</button>
        <button ?disabled=${this.busy} @click=${this.#start}>${texts.change}</button>
        <button class="danger" @click=${() => this.#go({ kind: "disable" })}>${texts.turnOff}</button>
      </div>
    `;
  }

  #codesLeft() {
    const { session } = this.snapshot;
    const left = session.kind === "in" ? session.me.recovery_codes_left : undefined;
    if (left === undefined) return nothing;
    const texts = this.texts.recovery;
    const few = left < RECOVERY_CODES_FEW;
    return html`
      <p>
        ${texts.title}: <span class="badge ${few ? "warn" : ""}">${texts.left(left, RECOVERY_CODES)}</span>
        ${few ? html`<span class="caution">${left === 0 ? texts.none : texts.few}</span>` : nothing}
      </p>
    `;
  }

  #password(on: boolean) {
    const texts = this.texts.totp;
    return html`
      <form class="inset stack" @submit=${this.#begin} @keydown=${this.#escape}>
        ${on ? html`<p>${texts.changeMeans}</p>` : nothing}
        ${field({ name: "password", label: texts.password, type: "password", autocomplete: "current-password", error: this.#passwordError() })}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>${texts.continue}</button>
          <button type="button" @click=${this.#rest}>${this.texts.words.cancel}</button>
        </div>
      </form>
    `;
  }

  #passwordError(): string | undefined {
    if (this.failure?.code === "bad_credentials") return this.texts.password.wrong;
    return this.failure?.message;
  }

  #scan(setup: TotpSetup, on: boolean) {
    const texts = this.texts.totp;
    return html`
      <form class="inset stack" @submit=${this.#confirm} @keydown=${this.#escape}>
        <div class="scan">
          ${qrCode(setup.qr_svg, texts.qr)}
          <div class="stack">
            <div class="codes">
              <p><strong>${texts.scan}</strong></p>
              <p class="muted small">${texts.apps}</p>
              <a class="small" href=${setup.otpauth_url}>${texts.openApp}</a>
            </div>
            <div class="codes">
              <p class="small">${texts.byHand}</p>
              <p class="mono secret" data-totp-secret>${setup.secret.replace(/(.{4})(?=.)/g, "$1 ")}</p>
              <div class="row">
                <button type="button" class="small" @click=${() => this.#copy(setup.secret)}>${texts.copySecret}</button>
                <span class="badge good dot" role="status" ?hidden=${!this.copied}>${this.copied ? this.texts.recovery.copied : ""}</span>
              </div>
              <p class="muted small">${texts.secretFacts}</p>
            </div>
            ${field({ name: "code", label: texts.newCode, className: "code", autocomplete: "one-time-code", inputmode: "numeric", maxlength: 7, error: this.#codeError() })}
          </div>
        </div>
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>${on ? texts.confirmChange : texts.confirm}</button>
          <button type="button" @click=${this.#rest}>${this.texts.words.cancel}</button>
        </div>
      </form>
    `;
  }

  #codeError(): string | undefined {
    if (this.failure?.code === "totp_invalid") return this.texts.secondFactor.wrong;
    return this.failure?.message;
  }

  #go(stage: Stage) {
    if (this.stage.kind === "rest") this.#focus.opened();
    this.failure = undefined;
    this.done = "";
    this.copied = false;
    this.stage = stage;
    if (stage.kind === "password" || stage.kind === "scan") void this.focusOn("input");
  }

  #rest = () => {
    this.failure = undefined;
    this.stage = { kind: "rest" };
    void this.#focus.closed("#first");
  };

  #escape(event: KeyboardEvent) {
    if (event.key === "Escape") this.#rest();
  }

  /** Asks for the password, or, where there is none, for the vendor's word. */
  #start = () => {
    const { session } = this.snapshot;
    if (session.kind === "in" && session.me.login === "vendor") void this.attempt(() => this.#prove({}));
    else this.#go({ kind: "password" });
  };

  #begin(event: SubmitEvent) {
    const { password = "" } = entries(event);
    void this.attempt(() => this.#prove({ password }));
  }

  async #prove(proof: Proof): Promise<void> {
    try {
      await this.#setUp(proof);
    } catch (error) {
      // The password is right, and it is on already: then the old authenticator has to agree.
      if (!(error instanceof ProblemError && error.code === "totp_required")) throw error;
      this.#go({ kind: "old_code", proof });
    }
  }

  async #setUp(proof: Proof, factor?: SecondFactor): Promise<void> {
    this.#go({ kind: "scan", setup: await this.client.setUpTotp(proof, factor) });
  }

  #confirm(event: SubmitEvent) {
    const { code = "" } = entries(event);
    const changed = this.#isOn;
    void this.attempt(async () => {
      const codes = await this.client.confirmTotp(code);
      this.#go({ kind: "codes", codes });
      if (changed) this.done = this.texts.totp.changed;
    });
  }

  #renew = async (factor: SecondFactor) => {
    this.#go({ kind: "codes", codes: await this.client.renewRecoveryCodes(factor) });
  };

  #disable = async (factor: SecondFactor) => {
    await this.client.disableTotp(factor);
    this.#rest();
    this.done = this.texts.totp.turnedOff;
  };

  #copy(secret: string) {
    void navigator.clipboard.writeText(secret).then(() => {
      this.copied = true;
    });
  }
}
