/**
 * `<keyleash-login>`: address and password, then a code when the account has two-factor authentication; and the ways to an
 * account for who has none, or has lost the password. Where a vendor keeps the login, only the code, and the way there.
 */

import { type LoginOffer, PASSWORD_CHARS_MIN, ProblemError, type SecondFactor } from "@keyleash/client";
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { field } from "./field.ts";
import { entries, LiveElement } from "./live.ts";
import "./second-factor.ts";
import { controls, tokens } from "./theme.ts";

type Door =
  | { readonly kind: "log_in" }
  /** The password was right; it is kept only until the code has been given. */
  | { readonly kind: "code"; readonly email: string; readonly password: string }
  | { readonly kind: "sign_up" }
  | { readonly kind: "forgot" }
  | { readonly kind: "mailed"; readonly sentence: string };

@customElement("keyleash-login")
export class KeyleashLogin extends LiveElement {
  static override styles = [
    tokens,
    controls,
    css`
      .ways { border-top: 1px solid var(--line); padding-top: 12px; }
    `,
  ];

  /** Offers nothing but to log in, on a page where making an account would lead astray. */
  @property({ type: Boolean, attribute: "without-sign-up" }) withoutSignUp = false;
  @state() private door: Door = { kind: "log_in" };
  /** What the server takes; unknown until it has answered. */
  @state() private offer: LoginOffer | undefined;

  protected override firstUpdated(): void {
    void this.#askWhatIsOffered();
  }

  override render() {
    const { session } = this.snapshot;
    if (session.kind === "second_factor") return this.#vendorsCode();
    if (!this.offer) return nothing;
    if (!this.offer.accounts) return this.#elsewhere(this.offer);
    switch (this.door.kind) {
      case "log_in":
        return this.#logIn();
      case "code":
        return this.#code(this.door);
      case "sign_up":
        return this.#signUp();
      case "forgot":
        return this.#forgot();
      case "mailed":
        return this.#mailed(this.door.sentence);
    }
  }

  #logIn() {
    const { login } = this.texts;
    return html`
      <div class="stack">
        <h2>${login.title}</h2>
        <form class="stack" @submit=${this.#submitLogIn}>
          ${this.#email()}
          ${field({ name: "password", label: login.password, type: "password", autocomplete: "current-password", error: this.failure?.fields.password })}
          ${this.failureView(["email", "password"])}
          <button class="primary" ?disabled=${this.busy}>${login.logIn}</button>
        </form>
        ${
          this.withoutSignUp
            ? nothing
            : html`<div class="row spread ways">${this.#way("sign_up", login.signUp)} ${this.#way("forgot", login.forgot)}</div>`
        }
      </div>
    `;
  }

  #code({ email, password }: Extract<Door, { kind: "code" }>) {
    const { login } = this.texts;
    return html`
      <div class="stack">
        <h2>${login.title}</h2>
        <keyleash-second-factor
          action=${login.logIn}
          .confirm=${(factor: object) => this.client.logIn({ email, password, ...factor })}
          .cancel=${() => this.#go({ kind: "log_in" })}
        >
          <p>${login.loggingInAs} <strong>${email}</strong>.</p>
        </keyleash-second-factor>
      </div>
    `;
  }

  /** The vendor vouched for the user; the code is Keyleash's own. */
  #vendorsCode() {
    const { login } = this.texts;
    return html`
      <div class="stack">
        <h2>${login.title}</h2>
        <keyleash-second-factor action=${login.logIn} .confirm=${(factor: SecondFactor) => this.client.giveSecondFactor(factor)}>
          <p>${login.codeToo}</p>
        </keyleash-second-factor>
      </div>
    `;
  }

  /** There are no passwords here. */
  #elsewhere({ login_url }: LoginOffer) {
    const { login, opening } = this.texts;
    const { session } = this.snapshot;
    const refusal = session.kind === "none" ? session.refusal : undefined;
    return html`
      <div class="stack">
        <h2>${login.title}</h2>
        <p>${login.elsewhere}</p>
        ${refusal ? html`<p class="error" role="alert">${refusal.detail}</p>` : nothing}
        <div class="row">
          ${login_url ? html`<a href=${login_url}>${login.goThere}</a>` : nothing}
          <button ?disabled=${this.busy} @click=${() => this.attempt(() => this.client.refreshSession())}>${opening.tryAgain}</button>
        </div>
      </div>
    `;
  }

  #signUp() {
    const { login } = this.texts;
    return html`
      <div class="stack">
        <h2>${login.signUp}</h2>
        <form class="stack" @submit=${this.#submitSignUp}>
          ${this.#email()}
          ${field({ name: "password", label: login.password, type: "password", autocomplete: "new-password", hint: login.passwordHint(PASSWORD_CHARS_MIN), error: this.failure?.fields.password })}
          ${this.failureView(["email", "password"])}
          <button class="primary" ?disabled=${this.busy}>${login.signUpButton}</button>
        </form>
        <div class="row ways">${this.#way("log_in", login.haveAccount)}</div>
      </div>
    `;
  }

  #forgot() {
    const { login } = this.texts;
    return html`
      <div class="stack">
        <h2>${login.forgotTitle}</h2>
        <form class="stack" @submit=${this.#submitForgot}>
          ${this.#email()}
          ${this.failureView(["email"])}
          <button class="primary" ?disabled=${this.busy}>${login.sendLink}</button>
        </form>
        <div class="row ways">${this.#way("log_in", login.back)}</div>
      </div>
    `;
  }

  #mailed(sentence: string) {
    const { login } = this.texts;
    return html`
      <div class="stack">
        <h2>${login.lookIntoMail}</h2>
        <p role="status">${sentence}</p>
        <div class="row ways">${this.#way("log_in", login.logIn)}</div>
      </div>
    `;
  }

  #email() {
    const { email } = this.texts.login;
    return field({
      name: "email",
      label: email,
      type: "email",
      autocomplete: "username",
      error: this.failure?.fields.email,
    });
  }

  #way(kind: "log_in" | "sign_up" | "forgot", words: string) {
    return html`<button class="link" @click=${() => this.#go({ kind })}>${words}</button>`;
  }

  #go(door: Door) {
    this.failure = undefined;
    this.door = door;
  }

  /** A server that does not answer this has another answer to whatever is tried then. */
  async #askWhatIsOffered() {
    this.offer = await this.client.loginOffer().catch(() => ({ accounts: true, vendor: false }));
  }

  #submitLogIn(event: SubmitEvent) {
    const { email = "", password = "" } = entries(event);
    void this.attempt(async () => {
      try {
        await this.client.logIn({ email, password });
      } catch (error) {
        if (!(error instanceof ProblemError && error.code === "totp_required")) throw error;
        this.door = { kind: "code", email, password };
      }
    });
  }

  #submitSignUp(event: SubmitEvent) {
    const { email = "", password = "" } = entries(event);
    void this.attempt(async () => {
      await this.client.signUp(email, password);
      this.door = { kind: "mailed", sentence: this.texts.login.mailedSignUp(email) };
    });
  }

  #submitForgot(event: SubmitEvent) {
    const { email = "" } = entries(event);
    void this.attempt(async () => {
      await this.client.forgotPassword(email);
      this.door = { kind: "mailed", sentence: this.texts.login.mailedReset(email) };
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "keyleash-login": KeyleashLogin;
  }
}
