/**
 * Prints what many accounts cost: adding them one by one with the panel open, each keystroke in the search, scrolling, opening
 * the panel, painting a page that is opened anew. Measure with a release build; a figure of a debug build says nothing.
 */
import type { Page } from "playwright-core";
import { Profile, windows } from "./browser.ts";
import { Server } from "./server.ts";
import { type Task, type Trace, traced } from "./trace.ts";
import { section, Trader } from "./trader.ts";

const ACCOUNTS = Number(process.argv[2] ?? 500);
/** Long enough for a frame and whatever idle work a keystroke brings; a quick typist needs as long. */
const KEYSTROKE_MS = 150;
const PAINTINGS = 10;
const FRAME_MS = 1000 / 60;

const server = await Server.start();
const desk = new Profile("bench", windows.desk);
try {
  const page = await desk.open(server.url);
  const trader = new Trader(server);
  await trader.signUp(page);
  await trader.logIn(page);
  await section(page, "Accounts", "Accounts");
  await painting(page);
  await adding(page);
  await opening(page);
  await typing(page);
  await scrolling(page);
} finally {
  await desk.dispose();
  await server.dispose();
}

/** From the last script's arrival to the first paint, and to the first frame with the panel's tabs in it; a page opened anew. */
async function painting(page: Page): Promise<void> {
  const rounds: { first: number; panel: number }[] = [];
  for (let round = 0; round < PAINTINGS; round++) {
    await page.reload();
    rounds.push(await page.evaluate(untilPainted));
  }
  console.log(`first paint after the scripts are there, ms: ${spread(rounds.map(({ first }) => first))}`);
  console.log(`  the panel with its tabs, ms: ${spread(rounds.map(({ panel }) => panel))}`);
}

async function untilPainted(): Promise<{ first: number; panel: number }> {
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  while (!document.querySelector("keyleash-settings")?.shadowRoot?.querySelector("[role=tablist]")) await frame();
  const panel = performance.now();
  const scripts = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  const arrived = Math.max(...scripts.filter(({ name }) => name.endsWith(".js")).map((each) => each.responseEnd));
  const first = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN;
  return { first: first - arrived, panel: panel - arrived };
}

async function adding(page: Page): Promise<void> {
  const times = await page.evaluate(addOneByOne, ACCOUNTS);
  const tail = times.slice(-50);
  console.log(`adding one by one, ms each: ${spread(times)}; the last 50: ${spread(tail)}`);
}

/** From the click on the tab to the last frame that it caused. */
async function opening(page: Page): Promise<void> {
  await section(page, "General");
  const trace = await traced(page, async () => {
    await section(page, "Accounts", "Accounts");
    await page.getByRole("searchbox").waitFor();
    await page.waitForTimeout(1_000);
  });
  const clicked = trace.dispatched("click").at(-1)?.at ?? 0;
  const after = trace.tasks.filter(({ at }) => at >= clicked - 1);
  console.log(`opening the tab: longest task ${longest(after)} ms, all in all ${total(after)} ms`);
}

async function typing(page: Page): Promise<void> {
  const search = page.getByRole("searchbox");
  await search.click();
  const text = "account 4";
  const trace = await traced(page, async () => {
    for (const key of [...text, ...text].map((char, index) => (index < text.length ? char : "Backspace"))) {
      await page.keyboard.press(key);
      await page.waitForTimeout(KEYSTROKE_MS);
    }
  });
  const perKey = keystrokes(trace);
  console.log(`a keystroke in the search: longest task, ms: ${spread(perKey.map((tasks) => longest(tasks)))}`);
  console.log(`  first frame (input to paint), ms: ${spread(perKey.map((tasks) => firstFrame(tasks)))}`);
  await search.fill("");
}

async function scrolling(page: Page): Promise<void> {
  await page.mouse.move(900, 600);
  const trace = await traced(page, async () => {
    for (let turn = 0; turn < 60; turn++) {
      await page.mouse.wheel(0, 400);
      await page.waitForTimeout(FRAME_MS);
    }
  });
  const late = trace.tasks.filter(({ ms }) => ms > FRAME_MS);
  console.log(
    `scrolling ${60 * 400} px: longest task ${longest(trace.tasks)} ms, ${late.length} tasks longer than a frame`,
  );
}

/** The tasks that each keystroke caused, until the next. */
function keystrokes(trace: Trace): Task[][] {
  const starts = trace.dispatched("keydown").map(({ at }) => at);
  return starts.map((start, index) =>
    trace.tasks.filter(({ at, ms }) => at + ms >= start && at < (starts[index + 1] ?? start + KEYSTROKE_MS)),
  );
}

/** What the keystroke itself has to wait for: the tasks of its first frame, not what is done when idle. */
function firstFrame(tasks: readonly Task[]): number {
  const [first] = tasks;
  return first ? total(tasks.filter(({ at }) => at - first.at < FRAME_MS)) : 0;
}

function longest(tasks: readonly Task[]): number {
  return round(Math.max(0, ...tasks.map(({ ms }) => ms)));
}

function total(tasks: readonly Task[]): number {
  return round(tasks.reduce((sum, { ms }) => sum + ms, 0));
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return `median ${at(0.5)}, 95 % ${at(0.95)}, worst ${at(1)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Runs in the page. */
async function addOneByOne(count: number): Promise<number[]> {
  const { client } = document.querySelector("demo-terminal") as unknown as {
    client: { addAccount(draft: object): Promise<unknown> };
  };
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const begun = performance.now();
    await client.addAccount({
      exchange: "blofin",
      kind: "hmac",
      environment: index % 2 ? "demo" : "live",
      label: `Account ${index}`,
      fields: { key: `k${index}-${crypto.randomUUID()}`, secret: crypto.randomUUID(), passphrase: crypto.randomUUID() },
    });
    times.push(performance.now() - begun);
  }
  return times;
}
