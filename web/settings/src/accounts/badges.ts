/** What is remarkable about an account, in a word or two for the list and in a sentence for its details. */

import type { DraftWarning } from "@keyleash/client/exchanges";
import type { Texts } from "../texts/texts.ts";
import { type Item, isUrgent } from "./listing.ts";
import { day } from "./terms.ts";

export interface Badge {
  readonly tone: "" | "warn" | "bad";
  readonly words: string;
}

export function badgesOf(texts: Texts, item: Item, now: number = Date.now()): Badge[] {
  const badges = item.warnings.flatMap((warning) => warningBadge(texts, warning, now) ?? []);
  const pending = pendingBadge(texts, item);
  return pending ? [pending, ...badges] : badges;
}

function warningBadge(texts: Texts, warning: DraftWarning, now: number): Badge | undefined {
  const { badges } = texts.accounts;
  switch (warning.code) {
    case "exchange_closed":
      return { tone: "bad", words: badges.closed };
    case "lapses":
      if (warning.by === undefined) return undefined;
      if (warning.by <= now) return { tone: "bad", words: badges.expired(day(texts, warning.by)) };
      return { tone: isUrgent(warning, now) ? "warn" : "", words: badges.expires(day(texts, warning.by)) };
    case "looks_like_demo":
      return { tone: "warn", words: badges.looksLikeDemo };
    case "looks_like_live":
      return { tone: "warn", words: badges.looksLikeLive };
    case "unusual_form":
      return undefined;
  }
}

function pendingBadge({ accounts: { badges } }: Texts, { place, account: { pending } }: Item): Badge | undefined {
  switch (pending?.kind) {
    case "conflict":
      return { tone: "warn", words: badges.conflict };
    case "refused":
      return { tone: "bad", words: badges.refused };
    case "waiting":
      return { tone: "", words: badges.waiting };
    case "deleting":
    case undefined:
      return place === "elsewhere" ? { tone: "", words: badges.elsewhere } : undefined;
  }
}
