/**
 * The expressions of scheduled rules and of EventBridge Scheduler, and when they fire next. Pure.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
import { nextReading, parseCron, type Cron } from "./cron.js";
import { momentOf, readingAt } from "./time-zone.js";

export type Schedule =
  | { readonly kind: "rate"; readonly periodMs: number }
  | { readonly kind: "cron"; readonly cron: Cron }
  /** Once, when a clock of the time zone shows this. */
  | { readonly kind: "at"; readonly readingMs: number };

/** A classic rule, or EventBridge Scheduler: they do not take the same. */
export type ScheduleDialect = "rule" | "scheduler";

const MINUTE_MS = 60_000;
const PERIODS_MS: Readonly<Record<string, number>> = {
  minute: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: 24 * 60 * MINUTE_MS,
};
const CRON = /^cron\((.+)\)$/;
const RATE = /^rate\(([1-9]\d{0,9}) (minute|hour|day)(s?)\)$/;
const AT = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/;

/** Undefined when AWS refuses it. One minute is the shortest: there is no `rate(30 seconds)`. */
export function parseSchedule(expression: string, dialect: ScheduleDialect): Schedule | undefined {
  const cron = CRON.exec(expression);
  if (cron) {
    const parsed = parseCron(cron[1] ?? "");
    return parsed && { kind: "cron", cron: parsed };
  }
  const rate = RATE.exec(expression);
  if (rate) {
    const [, count = "", unit = "", plural] = rate;
    // Rules insist on `rate(1 minute)` and `rate(2 minutes)`; the Scheduler takes either.
    if (dialect === "rule" && (count === "1") !== (plural === "")) return undefined;
    return { kind: "rate", periodMs: Number(count) * (PERIODS_MS[unit] ?? 0) };
  }
  const at = dialect === "scheduler" ? AT.exec(expression)?.[1] : undefined;
  if (at === undefined) return undefined;
  const readingMs = Date.parse(`${at}Z`);
  // The 30th of February would be the 2nd of March.
  return Number.isNaN(readingMs) || new Date(readingMs).toISOString().slice(0, 19) !== at
    ? undefined
    : { kind: "at", readingMs };
}

export interface Firing {
  readonly timezone: string;
  /** Of rates: the first firing, from which the others are counted. */
  readonly anchorMs: number;
}

/**
 * The first firing after a moment, or undefined when there is none any more. What falls on an hour that the clock leaves out is
 * left out; what falls on one that it shows twice fires the first time. A rate counts 24 hours for a day, whatever clocks do.
 */
export function nextFiring(schedule: Schedule, afterMs: number, { timezone, anchorMs }: Firing): number | undefined {
  switch (schedule.kind) {
    case "rate": {
      if (afterMs < anchorMs) return anchorMs;
      return anchorMs + (Math.floor((afterMs - anchorMs) / schedule.periodMs) + 1) * schedule.periodMs;
    }
    case "at": {
      const moment = momentOf(schedule.readingMs, timezone);
      return moment !== undefined && moment > afterMs ? moment : undefined;
    }
    case "cron":
      return nextOfCron(schedule.cron, afterMs, timezone);
  }
}

function nextOfCron(cron: Cron, afterMs: number, timezone: string): number | undefined {
  let reading = nextReading(cron, readingAt(afterMs, timezone));
  while (reading !== undefined) {
    const moment = momentOf(reading, timezone);
    if (moment !== undefined && moment > afterMs) return moment;
    reading = nextReading(cron, reading);
  }
  return undefined;
}
