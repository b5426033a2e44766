/** Schedules of a template: what EventBridge would refuse is refused before anything starts. */
import { parseSchedule, type ScheduleDialect } from "../../shared/schedule/expression.js";
import { refuse } from "./property.js";
import type { Place } from "./property.js";

export function checkSchedule(expression: string, dialect: ScheduleDialect, place: Place): void {
  if (parseSchedule(expression, dialect) !== undefined) return;
  const what = `The schedule of ${place.resource.logicalId} cannot be "${expression}"`;
  const fix = `Write rate(5 minutes), rate(1 hour), ${dialect === "scheduler" ? "at(2026-04-01T09:00:00), " : ""}or cron with six fields, one of day-of-month and day-of-week being ?; one minute is the shortest.`;
  const why =
    dialect === "rule" ? "Parameter ScheduleExpression is not valid." : `Invalid Schedule Expression ${expression}.`;
  throw refuse(place, what, why, fix);
}
