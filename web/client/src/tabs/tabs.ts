/**
 * This browser's tabs among themselves: who is alive, who leads, and a channel to all.
 *
 * A tab is alive while it holds its own Web Lock, and leads while it holds the leader's: the browser hands both on the
 * moment a tab goes, so there is no heartbeat and no election. Must never know what the messages mean.
 */

const PREFIX = "keyleash";

export interface TabListener<M> {
  /** From another tab. */
  heard(message: M, from: string): void;
  /** This tab leads from now on, until it goes. */
  lead(): void;
}

export class Tabs<M> {
  readonly id = crypto.randomUUID();
  readonly #channel: BroadcastChannel;
  readonly #leaving = new AbortController();

  /** `space` keeps browsers' tabs of different servers apart. */
  constructor(
    private readonly space: string,
    listener: TabListener<M>,
  ) {
    this.#channel = new BroadcastChannel(`${PREFIX} ${space}`);
    this.#channel.onmessage = ({ data }: MessageEvent<{ from: string; message: M }>) => {
      listener.heard(data.message, data.from);
    };
    this.#hold(this.#presence(this.id), () => {});
    this.#hold(`${PREFIX} ${space} leader`, () => listener.lead());
  }

  post(message: M): void {
    this.#channel.postMessage({ from: this.id, message });
  }

  /** The other tabs that are alive. */
  async others(): Promise<Set<string>> {
    const { held = [] } = await navigator.locks.query();
    const prefix = this.#presence("");
    const ids = held.flatMap(({ name = "" }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
    return new Set(ids.filter((id) => id !== this.id));
  }

  leave(): void {
    this.#leaving.abort();
    this.#channel.close();
  }

  #presence(id: string): string {
    return `${PREFIX} ${this.space} tab ${id}`;
  }

  #hold(name: string, got: () => void): void {
    const { signal } = this.#leaving;
    const held = () =>
      new Promise<void>((release) => {
        signal.addEventListener("abort", () => release());
        got();
      });
    navigator.locks.request(name, { signal }, held).catch((cause: unknown) => {
      if (!signal.aborted) console.error(`keyleash: the lock ${name} was lost.`, cause);
    });
  }
}
