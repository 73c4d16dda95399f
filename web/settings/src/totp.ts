/** Two-factor authentication: setting it up, new recovery codes, turning it off. */

import type { SecondFactor, TotpSetup } from "@keyleash/client";
import { css, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { field } from "./field.ts";
import { entries, LiveElement } from "./live.ts";
import "./second-factor.ts";
import { controls } from "./theme.ts";

type Stage =
  | { readonly kind: "rest" }
  | { readonly kind: "password" }
  | { readonly kind: "scan"; readonly setup: TotpSetup }
  | { readonly kind: "codes"; readonly codes: readonly string[] }
  | { readonly kind: "renew" }
  | { readonly kind: "disable" };

@customElement("keyleash-totp")
export class TotpView extends LiveElement {
  static override styles = [
    controls,
    css`
      .scan { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 20px; align-items: start; }
      /* A QR code is read by cameras: dark on light, in dark mode too. */
      .scan img { width: 184px; height: 184px; background: #fff; padding: 8px; border-radius: var(--radius-small); display: block; }
      .secret { overflow-wrap: anywhere; user-select: all; }
      .codes { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 8px 20px; font-family: var(--mono); user-select: all; }
      @media (max-width: 599px) { .scan { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  @state() private stage: Stage = { kind: "rest" };

  override render() {
    const { session } = this.snapshot;
    const enabled = session.kind === "in" && session.me.totp_enabled;
    return html`
      <section class="stack" aria-label="Two-factor authentication">
        <div class="row spread">
          <h3>Two-factor authentication</h3>
          <span class="badge ${enabled ? "good dot" : ""}">${enabled ? "On" : "Off"}</span>
        </div>
        ${this.#stage(enabled)}
      </section>
    `;
  }

  #stage(enabled: boolean) {
    switch (this.stage.kind) {
      case "rest":
        return enabled ? this.#restOn() : this.#restOff();
      case "password":
        return this.#password();
      case "scan":
        return this.#scan(this.stage.setup);
      case "codes":
        return this.#codes(this.stage.codes);
      case "renew":
        return html`
          <keyleash-second-factor action="Make new recovery codes" .confirm=${this.#renew} .cancel=${this.#rest}>
            <p>The recovery codes that you have now stop working.</p>
          </keyleash-second-factor>
        `;
      case "disable":
        return html`
          <keyleash-second-factor danger action="Turn off two-factor authentication" .confirm=${this.#disable} .cancel=${this.#rest}>
            <p>This also turns sync off: synced accounts leave <strong>every</strong> device, and each has to be verified again.</p>
          </keyleash-second-factor>
        `;
    }
  }

  #restOff() {
    return html`
      <p class="muted">A code from an app on your phone, besides the password. Sync needs it.</p>
      <div><button class="primary" @click=${() => this.#go({ kind: "password" })}>Set up two-factor authentication</button></div>
    `;
  }

  #restOn() {
    return html`
      <p class="muted">Logging in, and everything that changes security, asks for a code.</p>
      <div class="row">
        <button @click=${() => this.#go({ kind: "renew" })}>New recovery codes</button>
        <button class="danger" @click=${() => this.#go({ kind: "disable" })}>Turn off</button>
      </div>
    `;
  }

  #password() {
    return html`
      <form class="inset stack" @submit=${this.#begin}>
        ${field({ name: "password", label: "Your password", type: "password", autocomplete: "current-password", error: this.failure?.message })}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>Continue</button>
          <button type="button" @click=${this.#rest}>Cancel</button>
        </div>
      </form>
    `;
  }

  #scan(setup: TotpSetup) {
    return html`
      <form class="inset stack" @submit=${this.#confirm}>
        <div class="scan">
          <img alt="QR code for your authenticator app" src="data:image/svg+xml;base64,${btoa(setup.qr_svg)}" />
          <div class="stack">
            <p>Scan this with an authenticator app, or type the secret into it:</p>
            <p class="mono secret" data-totp-secret>${setup.secret.replace(/(.{4})(?=.)/g, "$1 ")}</p>
            ${field({ name: "code", label: "Code that the app shows", className: "code", autocomplete: "one-time-code", inputmode: "numeric", maxlength: 7, error: this.failure?.message })}
          </div>
        </div>
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>Turn on</button>
          <button type="button" @click=${this.#rest}>Cancel</button>
        </div>
      </form>
    `;
  }

  #codes(codes: readonly string[]) {
    return html`
      <div class="inset stack">
        <p><strong>Your recovery codes.</strong> Each works once in place of a code, when your phone is not at hand. They are shown only now: store them where this browser is not.</p>
        <ul class="codes" aria-label="Recovery codes">${codes.map((code) => html`<li>${code}</li>`)}</ul>
        <div class="row">
          <button class="primary" @click=${this.#rest}>I have stored them</button>
          <button @click=${() => navigator.clipboard.writeText(codes.join("\n"))}>Copy</button>
        </div>
      </div>
    `;
  }

  #go(stage: Stage) {
    this.failure = undefined;
    this.stage = stage;
  }

  #rest = () => this.#go({ kind: "rest" });

  #begin(event: SubmitEvent) {
    const { password = "" } = entries(event);
    void this.attempt(async () => {
      this.stage = { kind: "scan", setup: await this.client.setUpTotp(password) };
    });
  }

  #confirm(event: SubmitEvent) {
    const { code = "" } = entries(event);
    void this.attempt(async () => {
      this.stage = { kind: "codes", codes: await this.client.confirmTotp(code) };
    });
  }

  #renew = async (factor: SecondFactor) => {
    this.stage = { kind: "codes", codes: await this.client.renewRecoveryCodes(factor) };
  };

  #disable = async (factor: SecondFactor) => {
    await this.client.disableTotp(factor);
    this.#rest();
  };
}
