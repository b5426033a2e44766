/** The events of SAM that become rules and schedules: Schedule, ScheduleV2, EventBridgeRule and CloudWatchEvent. */
import { arnOf } from "../../shared/arn.js";
import type { RuleTarget } from "../event-source.js";
import type { Identity } from "./build-context.js";
import { scheduleOf } from "./bus-builder.js";
import { patternProperties, ruleScheduleProperties, scheduleV2Properties } from "./bus-schema.js";
import type { SamTarget } from "./bus-schema.js";
import type { Event } from "./event.js";
import { readAt } from "./property.js";
import { checkSchedule } from "./schedule.js";
import { busNameOf, targetOf } from "./target.js";

/** Of the rule or schedule that SAM makes for an event. */
function identityOf({ context, eventId, functionId, resource }: Event): Identity {
  const logicalId = `${functionId}${eventId}`;
  const usage = context.scope.usageOf(resource);
  return {
    logicalId,
    name: context.scope.nameOf(logicalId, usage),
    arn: context.scope.attribute(logicalId, "Arn", usage),
  };
}

/** The function or state machine of the event, as its target. Where a role is needed and not given, SAM makes one. */
function ownTarget(event: Event, properties: SamTarget, via: "rule" | "scheduler"): RuleTarget {
  const { context, eventId, functionId, isFunction, resource, targetArn } = event;
  const { DeadLetterConfig: letters, Input, InputPath, InputTransformer, RetryPolicy, RoleArn, Target } = properties;
  const needsRole = via === "scheduler" || !isFunction;
  const ruleId = `${functionId}${eventId}`;
  const deadLetterArn =
    letters?.Arn ??
    (letters?.Type === "SQS"
      ? context.scope.attribute(letters.QueueLogicalId ?? `${ruleId}Queue`, "Arn", context.scope.usageOf(resource))
      : undefined);
  return targetOf(Target?.Id ?? `${ruleId}${isFunction ? "Lambda" : "StepFunctions"}Target`, targetArn, {
    Input,
    InputPath,
    InputTransformer,
    RetryPolicy,
    DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
    RoleArn: needsRole ? (RoleArn ?? arnOf.role(context.scope.realm, `${ruleId}Role`)) : undefined,
  });
}

/** `Schedule`: a rule. */
export function ruleScheduleEvent(event: Event): void {
  const { context, from, isFunction, place, properties } = event;
  const parsed = readAt(ruleScheduleProperties, properties, place);
  const { Description: description, Enabled, Schedule: expression, State } = parsed;
  checkSchedule(expression, "rule", { ...place, path: [...place.path, "Schedule"] });
  const state = State ?? (Enabled === false ? "DISABLED" : "ENABLED");
  const target = ownTarget(event, parsed, "rule");
  const identity = identityOf(event);
  context.draft.rules.push({
    ...identity,
    busName: "default",
    description,
    pattern: undefined,
    scheduleExpression: expression,
    state,
    roleArn: undefined,
    tags: {},
    targets: [target],
  });
  const { name } = identity;
  const enabled = state !== "DISABLED";
  const rule = { via: "rule", name, expression, timezone: "UTC", enabled, target } as const;
  if (isFunction) context.draft.eventSources.push({ kind: "schedule", ...from, ...rule });
}

export function scheduleV2Event(event: Event): void {
  const { context, from, isFunction, place, properties } = event;
  const parsed = readAt(scheduleV2Properties, properties, place);
  const identity = identityOf(event);
  const target = ownTarget(event, parsed, "scheduler");
  const schedule = scheduleOf(identity, parsed, target, place);
  context.draft.schedules.push(schedule);
  const { name, expression, timezone, enabled } = schedule;
  const source = { via: "scheduler", name, expression, timezone, enabled, target } as const;
  if (isFunction) context.draft.eventSources.push({ kind: "schedule", ...from, ...source });
}

/** `EventBridgeRule`, and `CloudWatchEvent` as it was called before. */
export function patternEvent(event: Event): void {
  const { context, from, isFunction, place, properties } = event;
  const {
    EventBusName,
    Pattern: pattern,
    State: state = "ENABLED",
    ...rest
  } = readAt(patternProperties, properties, place);
  const target = ownTarget(event, rest, "rule");
  const identity = identityOf(event);
  const busName = busNameOf(EventBusName);
  context.draft.rules.push({
    ...identity,
    busName,
    description: undefined,
    pattern,
    scheduleExpression: undefined,
    state,
    roleArn: undefined,
    tags: {},
    targets: [target],
  });
  const rule = { ruleName: identity.name, busName, pattern, enabled: state !== "DISABLED", target };
  if (isFunction) context.draft.eventSources.push({ kind: "eventbridge", ...from, ...rule });
}
