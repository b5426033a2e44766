/** Event buses, rules, schedules and their groups. Those that SAM makes for events are built with the event. */
import type { Place } from "./property.js";
import { functionTargetOf, identify } from "./build-context.js";
import type { Builder, Identity } from "./build-context.js";
import { busProperties, groupProperties, ruleProperties, scheduleProperties } from "./bus-schema.js";
import type { ScheduleShape } from "./bus-schema.js";
import type { ScheduleConfig } from "../application.js";
import type { RuleTarget } from "../event-source.js";
import { isTimeZone } from "../../shared/schedule/time-zone.js";
import { readProperties, refuse } from "./property.js";
import { checkSchedule } from "./schedule.js";
import { busNameOf, targetOf } from "./target.js";

export const buildEventBus: Builder = (resource, context) => {
  const { Description, DeadLetterConfig, Tags } = readProperties(resource, busProperties, context.scope);
  const identity = identify(resource, context);
  context.draft.eventBuses.push({
    ...identity,
    description: Description,
    deadLetterArn: DeadLetterConfig?.Arn,
    tags: Tags,
  });
};

export const buildScheduleGroup: Builder = (resource, context) => {
  const { Tags } = readProperties(resource, groupProperties, context.scope);
  context.draft.scheduleGroups.push({ ...identify(resource, context), tags: Tags });
};

export const buildRule: Builder = (resource, context) => {
  if (resource.implicit) return;
  const { draft, scope } = context;
  const properties = readProperties(resource, ruleProperties, scope);
  const identity = identify(resource, context);
  const { EventPattern: pattern, ScheduleExpression: scheduleExpression, State: state = "ENABLED" } = properties;
  if (scheduleExpression !== undefined)
    checkSchedule(scheduleExpression, "rule", { resource, scope, path: ["ScheduleExpression"] });
  if (pattern === undefined && scheduleExpression === undefined)
    throw refuse(
      { resource, scope, path: [] },
      `The rule ${resource.logicalId} has neither a pattern nor a schedule`,
      "Parameter(s) EventPattern or ScheduleExpression must be specified.",
      "Add EventPattern or ScheduleExpression.",
    );
  const busName = busNameOf(properties.EventBusName);
  const targets = properties.Targets.map((target) => targetOf(target.Id, target.Arn, target));
  const { Description: description, RoleArn: roleArn, Tags: tags } = properties;
  draft.rules.push({ ...identity, busName, description, pattern, scheduleExpression, state, roleArn, tags, targets });
  const enabled = state !== "DISABLED";
  for (const target of targets) {
    const fn = functionTargetOf(target.arn, context);
    if (fn === undefined) continue;
    const from = { ...fn, eventId: resource.logicalId };
    const { name } = identity;
    if (pattern !== undefined)
      draft.eventSources.push({ kind: "eventbridge", ...from, ruleName: name, busName, pattern, enabled, target });
    if (scheduleExpression !== undefined) {
      const [expression, timezone] = [scheduleExpression, "UTC"];
      draft.eventSources.push({ kind: "schedule", ...from, via: "rule", name, expression, timezone, enabled, target });
    }
  }
};

export const buildSchedule: Builder = (resource, context) => {
  if (resource.implicit) return;
  const properties = readProperties(resource, scheduleProperties, context.scope);
  const { Target } = properties;
  const target = targetOf(resource.logicalId, Target.Arn, Target);
  const place = { resource, scope: context.scope, path: [] };
  const schedule = scheduleOf(identify(resource, context), properties, target, place);
  context.draft.schedules.push(schedule);
  const fn = functionTargetOf(target.arn, context);
  if (fn === undefined) return;
  const { name, expression, timezone, enabled } = schedule;
  context.draft.eventSources.push({
    kind: "schedule",
    ...fn,
    eventId: resource.logicalId,
    via: "scheduler",
    name,
    expression,
    timezone,
    enabled,
    target,
  });
};

/** A schedule of CloudFormation or of a SAM event; `place` is where its properties are. */
export function scheduleOf(
  identity: Identity,
  properties: ScheduleShape,
  target: RuleTarget,
  place: Place,
): ScheduleConfig {
  const at = (name: string): Place => ({ ...place, path: [...place.path, name] });
  const { ScheduleExpression: expression, ScheduleExpressionTimezone: timezone, FlexibleTimeWindow } = properties;
  checkSchedule(expression, "scheduler", at("ScheduleExpression"));
  if (!isTimeZone(timezone))
    throw refuse(
      at("ScheduleExpressionTimezone"),
      `ScheduleExpressionTimezone of ${place.resource.logicalId} cannot be "${timezone}"`,
      "there is no time zone of this name",
      "Write a name of the IANA database: Europe/Berlin, America/New_York, UTC.",
    );
  if (FlexibleTimeWindow.Mode === "FLEXIBLE" && FlexibleTimeWindow.MaximumWindowInMinutes === undefined)
    throw refuse(
      at("FlexibleTimeWindow"),
      `FlexibleTimeWindow of ${place.resource.logicalId} has no length`,
      undefined,
      "Add MaximumWindowInMinutes.",
    );
  const dateOf = (name: "StartDate" | "EndDate"): number | undefined => {
    const text = properties[name];
    const ms = text === undefined ? undefined : Date.parse(text);
    if (ms === undefined || !Number.isNaN(ms)) return ms;
    const what = `${name} of ${place.resource.logicalId} cannot be "${text}"`;
    throw refuse(at(name), what, "it must be a time", "Write it as 2026-04-01T09:00:00Z.");
  };
  return {
    ...identity,
    groupName: properties.GroupName,
    description: properties.Description,
    expression,
    timezone,
    startMs: dateOf("StartDate"),
    endMs: dateOf("EndDate"),
    flexibleWindowMinutes:
      FlexibleTimeWindow.Mode === "FLEXIBLE" ? FlexibleTimeWindow.MaximumWindowInMinutes : undefined,
    enabled: properties.State === "ENABLED",
    deleteAfterCompletion: properties.ActionAfterCompletion === "DELETE",
    kmsKeyArn: properties.KmsKeyArn,
    target,
  };
}
