/** `<terminal-gate>`: log in, sign up, forgotten password. */

import { entries, field, LiveElement } from "@keyleash/settings";
import { html } from "lit";
import { customElement, state } from "lit/decorators.js";

type Door = "log-in" | "sign-up" | "forgot" | { readonly mailed: string; readonly what: string };

@customElement("terminal-gate")
export class Gate extends LiveElement {
  @state() private door: Door = "log-in";

  override render() {
    return html`<section class="card stack">${this.#view()}</section>`;
  }

  #view() {
    switch (this.door) {
      case "log-in":
        return html`
          <h2>Log in</h2>
          <keyleash-login .client=${this.client}></keyleash-login>
          <div class="row spread">${this.#way("sign-up", "Create an account")} ${this.#way("forgot", "Forgot password?")}</div>
        `;
      case "sign-up":
        return html`
          <h2>Create an account</h2>
          <form class="stack" @submit=${this.#signUp}>
            ${field({ name: "email", label: "Mail address", type: "email", autocomplete: "username", error: this.failure?.fields.email })}
            ${field({ name: "password", label: "Password", type: "password", autocomplete: "new-password", hint: "At least 12 characters.", error: this.failure?.fields.password })}
            ${this.failureView(["email", "password"])}
            <button class="primary" ?disabled=${this.busy}>Create account</button>
          </form>
          <div>${this.#way("log-in", "I have an account")}</div>
        `;
      case "forgot":
        return html`
          <h2>Forgot password</h2>
          <form class="stack" @submit=${this.#forgot}>
            ${field({ name: "email", label: "Mail address", type: "email", autocomplete: "username", error: this.failure?.fields.email })}
            ${this.failureView(["email"])}
            <button class="primary" ?disabled=${this.busy}>Send a link</button>
          </form>
          <div>${this.#way("log-in", "Back to log in")}</div>
        `;
      default:
        return html`
          <h2>Look into your mail</h2>
          <p role="status">If <strong>${this.door.mailed}</strong> ${this.door.what}</p>
          <div>${this.#way("log-in", "Log in")}</div>
        `;
    }
  }

  #way(door: Door, words: string) {
    const go = () => {
      this.failure = undefined;
      this.door = door;
    };
    return html`<button class="link" @click=${go}>${words}</button>`;
  }

  #signUp(event: SubmitEvent) {
    const { email = "", password = "" } = entries(event);
    void this.attempt(async () => {
      await this.client.signUp(email, password);
      this.door = { mailed: email, what: "can have an account here, a link to confirm it is on its way." };
    });
  }

  #forgot(event: SubmitEvent) {
    const { email = "" } = entries(event);
    void this.attempt(async () => {
      await this.client.forgotPassword(email);
      this.door = { mailed: email, what: "has an account here, a link to set a new password is on its way." };
    });
  }
}
