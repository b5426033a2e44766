/**
 * What EventBridge takes as a schedule. One minute is the shortest: `rate(30 seconds)` is refused here as it is there.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
import { refuse } from "./property.js";
import type { Place } from "./property.js";

const CRON = /^cron\((?:\S+ +){5}\S+\)$/;
const RATE = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/;
const AT = /^at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)$/;

function isSchedule(expression: string, via: "rule" | "scheduler"): boolean {
  if (CRON.test(expression)) return true;
  const rate = RATE.exec(expression);
  // Rules insist on `rate(1 minute)` and `rate(2 minutes)`; the Scheduler takes either.
  if (rate) return via === "scheduler" || (rate[1] === "1") === (rate[3] === "");
  return via === "scheduler" && AT.test(expression);
}

export function checkSchedule(expression: string, via: "rule" | "scheduler", place: Place): void {
  if (isSchedule(expression, via)) return;
  const what = `The schedule of ${place.resource.logicalId} cannot be "${expression}"`;
  const fix = `Write rate(5 minutes), rate(1 hour), ${via === "scheduler" ? "at(2026-04-01T09:00:00), " : ""}or cron with six fields; one minute is the shortest.`;
  throw refuse(place, what, "Parameter ScheduleExpression is not valid.", fix);
}
