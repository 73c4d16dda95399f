/** Which language an element speaks. To add one: translate `en.ts` into a file beside it, and name it in {@link LANGUAGES}. */

import { de } from "./de.ts";
import { en } from "./en.ts";

export type Texts = typeof en;

const LANGUAGES: readonly Texts[] = [en, de];

/**
 * The texts in the language of `element`: that of the nearest `lang` attribute around it, also outside of the shadow roots
 * that it stands in, or else the first of the browser's languages that there is a translation for.
 */
export function textsFor(element: Element): Texts {
  const marked = markedLanguage(element);
  return marked ? textsIn([marked]) : preferredTexts();
}

/** The texts in the first of the browser's languages that there is a translation for. */
export function preferredTexts(): Texts {
  return textsIn(globalThis.navigator?.languages ?? []);
}

function textsIn(wanted: readonly string[]): Texts {
  for (const tag of wanted) {
    const found = LANGUAGES.find(({ language }) => tag.toLowerCase().split("-")[0] === language);
    if (found) return found;
  }
  return en;
}

function markedLanguage(element: Element): string | undefined {
  for (let at: Element | undefined = element; at; at = parentOf(at)) {
    const tag = at.getAttribute("lang");
    if (tag) return tag;
  }
  return undefined;
}

function parentOf(element: Element): Element | undefined {
  if (element.assignedSlot) return element.assignedSlot;
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : undefined;
}
