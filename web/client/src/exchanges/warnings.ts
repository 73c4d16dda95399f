/** What is worth a second look at an account, told from what is no secret of it: in a form and in a list alike. */

import type { UnixMillis } from "../protocol.gen.ts";
import { type DraftWarning, type DraftWarningFacts, draftWarning } from "./faults.ts";
import { exchangeById } from "./table.ts";

const DAY_MS = 86_400_000;
const PRACTICE = new Set(["testnet", "demo"]);
/** Whole words, so that neither "Latest" nor "Olive" is taken for one. */
const DEMO_WORDS = /\b(demo|test|testnet|paper|sandbox)\b/i;
const LIVE_WORDS = /\b(live|mainnet|real)\b/i;

export interface Seen {
  readonly exchange: string;
  readonly environment: string;
  readonly label: string;
  /** When it was added here: the key itself is at least as old. */
  readonly createdAt?: UnixMillis;
}

export function warningsAbout({ exchange: id, environment, label, createdAt }: Seen): DraftWarning[] {
  const exchange = exchangeById(id);
  if (!exchange) return [];
  const facts: DraftWarningFacts[] = [];
  const { name, closed, reminder, validDays } = exchange;
  if (closed) facts.push({ code: "exchange_closed", exchange: name, closed });
  if (reminder) {
    const by = createdAt !== undefined && validDays !== undefined ? { by: createdAt + validDays * DAY_MS } : {};
    facts.push({ code: "lapses", exchangeId: id, reminder, ...by });
  }
  const chosen = exchange.environments.find((each) => each.id === environment);
  if (chosen) {
    const practice = PRACTICE.has(chosen.id);
    if (!practice && DEMO_WORDS.test(label)) facts.push({ code: "looks_like_demo", environment: chosen });
    if (practice && LIVE_WORDS.test(label)) facts.push({ code: "looks_like_live", environment: chosen });
  }
  return facts.map(draftWarning);
}
