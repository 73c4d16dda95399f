/** Times, lengths of time and outcomes in words, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceView } from "@keyleash/client";
import { de } from "../src/texts/de.ts";
import { en } from "../src/texts/en.ts";
import { ago, agoChangesIn, browserName, countdown, dayName, duration, removalOutcome } from "../src/words.ts";

const NOW = new Date(2026, 10, 23, 12, 0, 0).getTime();
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test("how long ago something was", () => {
  const cases: [number, string, string][] = [
    [-5 * SECOND, "just now", "gerade eben"],
    [59 * SECOND, "just now", "gerade eben"],
    [MINUTE, "1 minute ago", "vor 1 Minute"],
    [59 * MINUTE, "59 minutes ago", "vor 59 Minuten"],
    [HOUR, "1 hour ago", "vor 1 Stunde"],
    [23 * HOUR, "23 hours ago", "vor 23 Stunden"],
    [DAY, "yesterday", "gestern"],
    [6 * DAY, "6 days ago", "vor 6 Tagen"],
  ];
  for (const [past, english, german] of cases) {
    assert.equal(ago(NOW - past, en, NOW), english);
    assert.equal(ago(NOW - past, de, NOW), german);
  }
  assert.match(ago(NOW - 30 * DAY, en, NOW), /2026/, "long ago is a date");
});

test("it is drawn again exactly when it says something else", () => {
  for (const past of [0, 59 * SECOND, 61 * SECOND, 59.5 * MINUTE, 3.2 * HOUR, 23.9 * HOUR, 6.5 * DAY]) {
    const at = NOW - past;
    const wait = agoChangesIn(at, NOW);
    assert.ok(wait !== undefined && wait > 0);
    assert.equal(ago(at, en, NOW + wait - 1), ago(at, en, NOW), `until then it says the same (${past} ms)`);
    assert.notEqual(ago(at, en, NOW + wait), ago(at, en, NOW), `then it does not (${past} ms)`);
  }
  assert.equal(agoChangesIn(NOW - 8 * DAY, NOW), undefined, "a date stays");
});

test("days by name, in this time zone", () => {
  assert.equal(dayName(NOW - 12 * HOUR, en, NOW), "Today", "midnight belongs to the day that it begins");
  assert.equal(dayName(NOW - 12 * HOUR - 1, en, NOW), "Yesterday");
  assert.equal(dayName(NOW - 12 * HOUR - 1, de, NOW), "Gestern");
  assert.match(dayName(NOW - 3 * DAY, de, NOW), /Freitag.*20.*November 2026/);
});

test("countdowns end at zero", () => {
  assert.equal(countdown(14 * MINUTE + 5 * SECOND), "14:05");
  assert.equal(countdown(HOUR + 2 * MINUTE + 3 * SECOND), "1:02:03");
  assert.equal(countdown(1), "0:01");
  assert.equal(countdown(-5), "0:00");
});

test("lengths of time", () => {
  assert.equal(duration(38, en), "38 ms");
  assert.equal(duration(1234, en), "1.2 seconds");
  assert.equal(duration(1234, de), "1,2 Sekunden");
  assert.equal(duration(3 * HOUR, en), "3 hours");
  assert.equal(duration(2 * DAY, de), "2 Tage");
});

test("browsers that are not known are called that", () => {
  const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
  assert.equal(browserName(firefox, en), "Firefox on Linux");
  assert.equal(browserName(firefox, de), "Firefox unter Linux");
  assert.equal(browserName("curl/8.9", en), "Unknown browser on unknown system");
});

test("how a removal went", () => {
  const device = (more: Partial<DeviceView>) => ({ online: false, ...more }) as DeviceView;
  const receipt = { at: NOW, after_ms: 38, wiped: true };
  assert.equal(removalOutcome(device({ receipt }), en), "Disabled, confirmed by the device after 38 ms");
  assert.match(removalOutcome(device({ receipt: { ...receipt, wiped: false } }), en), /could not wipe/);
  assert.match(removalOutcome(device({ online: true }), en), /waiting/);
  assert.equal(removalOutcome(device({}), en), "Offline: locked out, confirmation when it returns");
});
