/**
 * `<terminal-updates>`: has the browser keep the page for when there is no network (`../worker/worker.ts`), and says calmly
 * when a newer version is there. Nothing reloads by itself: somebody may be typing an order.
 */

import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

const WORKER = "/sw.js";
/** A terminal stays open for days, and a browser looks by itself only when a page is loaded. */
const LOOK_EVERY_MS = 60 * 60 * 1000;

@customElement("terminal-updates")
export class TerminalUpdates extends LitElement {
  @state() private newer = false;
  #registration: ServiceWorkerRegistration | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#watch();
    // Without a network the next look fails, and the one after it may not.
    this.#looking = setInterval(() => this.#registration?.update().catch(() => {}), LOOK_EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#looking);
  }

  override render() {
    if (!this.newer) return nothing;
    return html`
      <div class="notice" role="status">
        <span>A newer version of this page is ready.</span>
        <button @click=${() => location.reload()}>Reload</button>
      </div>
    `;
  }

  async #watch() {
    // Private windows of some browsers have none: the page then needs a network to start, and all else is the same.
    if (!("serviceWorker" in navigator)) return;
    const registration = await navigator.serviceWorker.register(workerUrl()).catch(() => undefined);
    if (!registration) return;
    this.#registration = registration;
    if (registration.waiting) void this.#compare(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker?.addEventListener("statechange", () => {
        if (worker.state === "installed") void this.#compare(worker);
      });
    });
  }

  async #compare(worker: ServiceWorker) {
    if ((await versionOf(worker)) !== versionOfPage()) this.newer = true;
  }
}

function versionOf(worker: ServiceWorker): Promise<unknown> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage("version", [port2]);
  });
}

function versionOfPage(): string | undefined {
  return document.querySelector<HTMLMetaElement>("meta[name=keyleash-shell]")?.content;
}

/** Where browsers have trusted types, the page's policy lets no string become a script's address, but this one. */
function workerUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy("keyleash-worker", { createScriptURL: () => WORKER });
  return policy?.createScriptURL(WORKER) ?? WORKER;
}

/** As much of it as is used here; TypeScript's library has none of it. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(address: string): string };
}
