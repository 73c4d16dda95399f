/**
 * A clipboard that clears itself: a secret that was copied does not lie there for the next program to read.
 *
 * Owns what it copied until it is cleared, to leave alone what somebody else has put there since. A browser that does not let
 * the clipboard be read without asking gets it overwritten without a look. What an operating system keeps as the history of
 * its clipboard is out of reach of a page.
 */

/** Long enough to change windows and paste. */
export const CLEAR_AFTER_MS = 30_000;

export interface Copied {
  /** What was copied, in words; never the text. */
  readonly what: string;
  /** When it will be cleared. */
  readonly until: number;
}

export class SelfClearingClipboard {
  #copied: (Copied & { readonly text: string }) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `changed` is called whenever {@link copied} is another. */
  constructor(private readonly changed: () => void) {}

  get copied(): Copied | undefined {
    return this.#copied;
  }

  async copy(text: string, what: string): Promise<void> {
    await navigator.clipboard.writeText(text);
    clearTimeout(this.#timer);
    this.#copied = { text, what, until: Date.now() + CLEAR_AFTER_MS };
    this.#timer = setTimeout(() => void this.clear(), CLEAR_AFTER_MS);
    for (const event of LEAVING) addEventListener(event, this.#leave);
    this.changed();
  }

  /** Now. Nothing happens if what lies there is known to be something else. */
  async clear(): Promise<void> {
    const { text } = this.#copied ?? {};
    if (text === undefined) return;
    try {
      if ((await readable()) && (await navigator.clipboard.readText()) !== text) return this.#forget();
      await navigator.clipboard.writeText("");
      this.#forget();
    } catch {
      // A page without the focus may not touch the clipboard: as soon as it has it again.
      addEventListener("focus", () => void this.clear(), { once: true });
    }
  }

  /** There is no time left to read, and no promise will be waited for. */
  #leave = () => {
    if (!this.#copied) return;
    overwriteAtOnce();
    void navigator.clipboard.writeText("").catch(() => {});
  };

  #forget(): void {
    clearTimeout(this.#timer);
    for (const event of LEAVING) removeEventListener(event, this.#leave);
    this.#copied = undefined;
    this.changed();
  }
}

/**
 * While the page still stands a write may begin and come through; when it goes only one that is done at once does, and a
 * browser allows that for some seconds after a click or a key.
 */
const LEAVING = ["beforeunload", "pagehide"] as const;

function overwriteAtOnce(): void {
  const overwrite = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", "");
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener("copy", overwrite, { capture: true, once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", overwrite, { capture: true });
}

/** Whether reading asks the user nothing. */
async function readable(): Promise<boolean> {
  try {
    // Not every browser's types know this name; those that do not know it throw.
    const { state } = await navigator.permissions.query({ name: "clipboard-read" as PermissionName });
    return state === "granted";
  } catch {
    return false;
  }
}
