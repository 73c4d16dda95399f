/** What the main thread of a page did, from Chromium's own trace. For figures that are printed; no test depends on one. */
import type { CDPSession, Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string; readonly data?: { readonly type?: string } };
}

export interface Task {
  /** Milliseconds on the trace's clock. */
  readonly at: number;
  readonly ms: number;
}

export interface Trace {
  /** Tasks of the page's main thread, in their order. */
  readonly tasks: readonly Task[];
  /** When events of these types were handed to the page. */
  readonly dispatched: (type: string) => readonly Task[];
}

export async function traced(page: Page, work: () => Promise<void>): Promise<Trace> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] },
  });
  await work();
  await ended(session);
  await session.detach();
  return read(events);
}

async function ended(session: CDPSession): Promise<void> {
  const complete = new Promise((done) => session.once("Tracing.tracingComplete", done));
  await session.send("Tracing.end");
  await complete;
}

function read(events: readonly TraceEvent[]): Trace {
  // Of the renderers' main threads the one that was given the events is the page's.
  const inputs = events.filter(({ name, ph }) => name === "EventDispatch" && ph === "X");
  const main = inputs.at(-1);
  const own = ({ pid, tid }: TraceEvent) => pid === main?.pid && tid === main.tid;
  // The thread's own time, where Chromium gives it: on a busy machine the clock also counts the waiting for a core.
  const taskOf = ({ ts, dur = 0, tdur = dur }: TraceEvent): Task => ({ at: ts / 1000, ms: tdur / 1000 });
  const byTime = (one: Task, other: Task) => one.at - other.at;
  const isTask = ({ name, ph }: TraceEvent) => ph === "X" && name === "RunTask";
  return {
    tasks: events
      .filter((event) => own(event) && isTask(event))
      .map(taskOf)
      .sort(byTime),
    dispatched: (type) =>
      inputs
        .filter((event) => own(event) && event.args?.data?.type === type)
        .map(taskOf)
        .sort(byTime),
  };
}
