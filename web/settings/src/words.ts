/** Facts in words: times, browsers, outcomes, entries of the security log. Nothing here decides anything. */

import { browserParts, type DeviceView, type EventView, type Snapshot } from "@keyleash/client";
import { preferredTexts, type Texts } from "./texts/texts.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Beyond this "n days ago" says less than the date. */
const RELATIVE_MS_MAX = 7 * DAY_MS;

/** The browser's own variant of the language, so that dates look as its owner is used to: `en-GB` for `en`. */
function localeOf({ language }: Texts): string {
  const own = globalThis.navigator?.languages?.find((tag) => tag.toLowerCase().split("-")[0] === language);
  return own ?? language;
}

/** Formatters are costly to make, and lists ask for one per row. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function dates(texts: Texts, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${localeOf(texts)} ${name}`;
  const made = formatters.get(key) ?? new Intl.DateTimeFormat(localeOf(texts), options);
  formatters.set(key, made);
  return made;
}

/** Date and time of day. */
export function moment(at: number, texts: Texts = preferredTexts()): string {
  return dates(texts, "moment", { dateStyle: "medium", timeStyle: "short" }).format(at);
}

export function timeOfDay(at: number, texts: Texts): string {
  return dates(texts, "time", { timeStyle: "short" }).format(at);
}

/** The heading of a day: today, yesterday, or its date. */
export function dayName(at: number, texts: Texts, now: number = Date.now()): string {
  const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS);
  if (days === 0) return texts.log.today;
  if (days === 1) return texts.log.yesterday;
  return dates(texts, "day", { weekday: "long", year: "numeric", month: "long", day: "numeric" }).format(at);
}

/** The day of a moment in this browser's time zone, as the moment when it began. */
export function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

export function ago(at: number, texts: Texts, now: number = Date.now()): string {
  const past = Math.max(0, now - at);
  if (past < MINUTE_MS) return texts.words.justNow;
  if (past >= RELATIVE_MS_MAX) return moment(at, texts);
  const relative = new Intl.RelativeTimeFormat(localeOf(texts), { numeric: "auto" });
  if (past < HOUR_MS) return relative.format(-Math.floor(past / MINUTE_MS), "minute");
  if (past < DAY_MS) return relative.format(-Math.floor(past / HOUR_MS), "hour");
  return relative.format(-Math.floor(past / DAY_MS), "day");
}

/** When {@link ago} says something else, milliseconds from `now`; `undefined` if never. */
export function agoChangesIn(at: number, now: number): number | undefined {
  const past = Math.max(0, now - at);
  if (past >= RELATIVE_MS_MAX) return undefined;
  const unit = past < HOUR_MS ? MINUTE_MS : past < DAY_MS ? HOUR_MS : DAY_MS;
  return unit - (past % unit);
}

/** `14:05`, or `1:02:03`: what is left of a countdown. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const padded = (part: number) => String(part).padStart(2, "0");
  return h > 0 ? `${h}:${padded(m)}:${padded(s)}` : `${m}:${padded(s)}`;
}

/** `38 ms`, `1.2 seconds`, `3 hours`. */
export function duration(ms: number, texts: Texts): string {
  const say = (value: number, unit: string, unitDisplay: "short" | "long" = "long") =>
    new Intl.NumberFormat(localeOf(texts), {
      style: "unit",
      unit,
      unitDisplay,
      maximumFractionDigits: unit === "second" ? 1 : 0,
    }).format(value);
  if (ms < 1000) return say(ms, "millisecond", "short");
  if (ms < MINUTE_MS) return say(ms / 1000, "second");
  if (ms < HOUR_MS) return say(ms / MINUTE_MS, "minute");
  if (ms < DAY_MS) return say(ms / HOUR_MS, "hour");
  return say(ms / DAY_MS, "day");
}

/** "Chrome on Linux": what a browser says of itself, so a hint and no proof. */
export function browserName(userAgent: string, texts: Texts): string {
  const { browser, system } = browserParts(userAgent);
  const { browserOn, unknownBrowser, unknownSystem } = texts.words;
  return browserOn(browser ?? unknownBrowser, system ?? unknownSystem);
}

/** How a removal went for this device, as the remover sees it. */
export function removalOutcome({ receipt, online }: DeviceView, { removal, ...texts }: Texts): string {
  if (!receipt) return online ? removal.waiting : removal.offline;
  const after = duration(receipt.after_ms, { removal, ...texts });
  return receipt.wiped ? removal.confirmed(after) : removal.notWiped(after);
}

/** Where names for ids come from. */
export type Names = Pick<Snapshot, "accounts" | "elsewhere" | "devices">;

/** What an entry of the security log is about, with names in place of ids where this browser knows them. */
export function aboutEvent(event: EventView, names: Names, texts: Texts): string {
  const parts = [subjectOf(event, names, texts), deviceOf(event, names), event.address];
  return [...new Set(parts)].filter(Boolean).join(" · ");
}

export function deviceOf(event: EventView, { devices }: Names): string | undefined {
  return devices.find((each) => each.id === event.device)?.name;
}

export function subjectOf({ kind, detail }: EventView, { accounts, elsewhere }: Names, texts: Texts): string {
  switch (kind) {
    case "credential_added":
    case "credential_changed":
    case "credential_deleted":
    case "credential_read":
    case "credential_rotated":
      return [...accounts, ...elsewhere].find((each) => each.id === detail)?.label ?? texts.words.unknownAccount;
    case "logged_in":
      return browserName(detail, texts);
    case "session_ended":
      // The ended session's id names nothing to a reader.
      return "";
    default:
      return detail;
  }
}
