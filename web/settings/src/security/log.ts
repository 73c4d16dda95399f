/** The security log as data: which kinds belong together, what a search finds, which entries share a day, and its export. */

import type { EventKind, EventView } from "@keyleash/client";
import type { Texts } from "../texts/texts.ts";
import { aboutEvent, deviceOf, type Names, startOfDay, subjectOf } from "../words.ts";
import { csv } from "./csv.ts";

export type EventGroup = "devices" | "keys" | "logins" | "security";

const GROUP_OF: Record<EventKind, EventGroup> = {
  signed_up: "logins",
  logged_in: "logins",
  logged_out: "logins",
  session_ended: "logins",
  other_sessions_ended: "logins",
  totp_enabled: "security",
  totp_changed: "security",
  totp_disabled: "security",
  recovery_code_used: "security",
  recovery_codes_renewed: "security",
  password_changed: "security",
  password_reset: "security",
  mail_preferences_changed: "security",
  sync_turned_on: "devices",
  sync_turned_off: "devices",
  device_added: "devices",
  device_verified: "devices",
  device_renamed: "devices",
  device_removed: "devices",
  device_erased: "devices",
  device_wiped: "devices",
  panic: "devices",
  credential_added: "keys",
  credential_changed: "keys",
  credential_deleted: "keys",
  credential_read: "keys",
  credential_rotated: "keys",
  attempts_blocked: "security",
  mail_undeliverable: "security",
  mail_changed: "security",
};

export function kindsOf(group: EventGroup): readonly EventKind[] {
  return (Object.keys(GROUP_OF) as EventKind[]).filter((kind) => GROUP_OF[kind] === group);
}

/** An entry with all that is said of it. */
export interface Entry {
  readonly event: EventView;
  readonly title: string;
  readonly about: string;
}

export function entryOf(event: EventView, names: Names, texts: Texts): Entry {
  return { event, title: texts.log.kinds[event.kind], about: aboutEvent(event, names, texts) };
}

/** Whether each word of the search stands somewhere in what is said of the entry. */
export function matches({ title, about }: Entry, search: string): boolean {
  const said = `${title} ${about}`.toLowerCase();
  return search
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

export interface Day {
  /** When it began, in this browser's time zone. */
  readonly start: number;
  readonly entries: readonly Entry[];
}

/** In the order that they come in, newest first. */
export function byDay(entries: readonly Entry[]): readonly Day[] {
  const days = new Map<number, Entry[]>();
  for (const entry of entries) {
    const start = startOfDay(entry.event.at);
    const day = days.get(start);
    if (day) day.push(entry);
    else days.set(start, [entry]);
  }
  return [...days].map(([start, entries]) => ({ start, entries }));
}

export function logAsCsv(events: readonly EventView[], names: Names, texts: Texts): string {
  const { time, event, about, device, address } = texts.log.columns;
  const rows = events.map((each) => [
    new Date(each.at).toISOString(),
    texts.log.kinds[each.kind],
    subjectOf(each, names, texts),
    deviceOf(each, names) ?? each.device ?? "",
    each.address ?? "",
  ]);
  return csv([[time, event, about, device, address], ...rows]);
}

/** As the server sent it, for programs: stable codes, ids, and times by ISO 8601. */
export function logAsJson(events: readonly EventView[]): string {
  return `${JSON.stringify(
    events.map(({ at, ...rest }) => ({ at: new Date(at).toISOString(), ...rest })),
    undefined,
    2,
  )}\n`;
}
