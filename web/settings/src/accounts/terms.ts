/** Names out of the table of exchanges, in the language of the panel; dates too. */

import type { UnixMillis } from "@keyleash/client";
import type { Texts } from "../texts/texts.ts";

/** A field, kind or environment: as a translation calls it, or as the table does. An exchange that is new needs no translation. */
export function nameOf({ terms }: Texts, { label }: { readonly label: string }): string {
  return terms[label] ?? label;
}

const formats = new WeakMap<Texts, Intl.DateTimeFormat>();

/** The day, in short: "3 Mar 2026". */
export function day(texts: Texts, at: UnixMillis): string {
  let format = formats.get(texts);
  if (!format) {
    format = new Intl.DateTimeFormat(texts.language, { dateStyle: "medium" });
    formats.set(texts, format);
  }
  return format.format(at);
}
