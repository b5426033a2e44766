/** What a schedule is put with: read from a request, checked beyond its form, and shown again. */
import { parseSchedule } from "../../shared/schedule/expression.js";
import { isTimeZone } from "../../shared/schedule/time-zone.js";
import { numberMember, objectMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { checkScheduleInput } from "./constraints.js";
import { scheduleArn, seconds, type SchedulerContext } from "./context.js";
import { schedulerError } from "./errors.js";
import type { ScheduleRow, ScheduleSettings } from "./store.js";
import { readTarget } from "./target.js";

const START_GRACE_MS = 5 * 60_000;

/** `fromNowMs`: dates before are refused; a template may have been deployed long ago, so that its dates may be past. */
export function readSettings(
  input: JsonObject,
  { refusal }: Pick<SchedulerContext, "refusal">,
  fromNowMs = -Infinity,
): ScheduleSettings {
  checkScheduleInput(input);
  const expression = stringMember(input, "ScheduleExpression") ?? "";
  const schedule = parseSchedule(expression, "scheduler");
  if (schedule === undefined) throw schedulerError.validation(`Invalid Schedule Expression ${expression}.`);
  const timezone = stringMember(input, "ScheduleExpressionTimezone") ?? "UTC";
  if (!isTimeZone(timezone)) throw schedulerError.validation(`Invalid Schedule Expression Timezone ${timezone}.`);
  const [startMs, endMs] = [momentMember(input, "StartDate"), momentMember(input, "EndDate")];
  // Both are ignored for one firing.
  if (schedule.kind !== "at") checkDates(startMs, endMs, fromNowMs);
  const window = objectMember(input, "FlexibleTimeWindow") ?? {};
  const windowMinutes = numberMember(window, "MaximumWindowInMinutes");
  const isFlexible = stringMember(window, "Mode") === "FLEXIBLE";
  if (isFlexible && windowMinutes === undefined)
    throw schedulerError.validation("MaximumWindowInMinutes is required when the mode is FLEXIBLE.");
  return {
    expression,
    timezone,
    startMs,
    endMs,
    description: stringMember(input, "Description"),
    enabled: stringMember(input, "State") !== "DISABLED",
    kmsKeyArn: stringMember(input, "KmsKeyArn"),
    target: readTarget(objectMember(input, "Target") ?? {}, { refusal }),
    windowMinutes: isFlexible ? windowMinutes : undefined,
    deleteAfterCompletion: stringMember(input, "ActionAfterCompletion") === "DELETE",
  };
}

function momentMember(input: JsonObject, name: string): number | undefined {
  const value = numberMember(input, name);
  return value === undefined ? undefined : Math.round(value * 1000);
}

function checkDates(startMs: number | undefined, endMs: number | undefined, nowMs: number): void {
  if (startMs !== undefined && startMs < nowMs - START_GRACE_MS)
    throw schedulerError.validation("The StartDate you specify cannot be earlier than 5 minutes ago.");
  if (endMs !== undefined && endMs < nowMs)
    throw schedulerError.validation("The EndDate you specify cannot be in the past.");
  if (startMs !== undefined && endMs !== undefined && endMs <= startMs)
    throw schedulerError.validation("The EndDate you specify must come after the StartDate.");
}

/** As GetSchedule shows it. */
export function shownSchedule(row: ScheduleRow, context: SchedulerContext): JsonObject {
  const { groupName, name, windowMinutes, startMs, endMs, description, kmsKeyArn } = row;
  return {
    ActionAfterCompletion: row.deleteAfterCompletion ? "DELETE" : "NONE",
    Arn: scheduleArn(context, groupName, name),
    CreationDate: seconds(row.createdMs),
    Description: description,
    EndDate: endMs === undefined ? undefined : seconds(endMs),
    FlexibleTimeWindow:
      windowMinutes === undefined ? { Mode: "OFF" } : { Mode: "FLEXIBLE", MaximumWindowInMinutes: windowMinutes },
    GroupName: groupName,
    KmsKeyArn: kmsKeyArn,
    LastModificationDate: seconds(row.modifiedMs),
    Name: name,
    ScheduleExpression: row.expression,
    ScheduleExpressionTimezone: row.timezone,
    StartDate: startMs === undefined ? undefined : seconds(startMs),
    State: stateOf(row),
    Target: row.target,
  };
}

export const stateOf = ({ enabled }: ScheduleRow): string => (enabled ? "ENABLED" : "DISABLED");
