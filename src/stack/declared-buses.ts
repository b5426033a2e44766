/** What a template declares of EventBridge and its Scheduler, as the services take it. */
import type { Application, RuleConfig, ScheduleConfig } from "../config/application.js";
import type { DeclaredRule, EventsAdmin } from "../services/events/index.js";
import type { DeclaredSchedule, SchedulerAdmin } from "../services/scheduler/index.js";

/** Answers, in sentences, what AWS would refuse. */
export function declareBuses(
  events: Pick<EventsAdmin, "declare">,
  { eventBuses, rules }: Application,
): Promise<readonly string[]> {
  const buses = eventBuses.map(({ name, description, deadLetterArn, tags }) => ({
    name,
    tags,
    ...(description === undefined ? {} : { description }),
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  }));
  return events.declare({ buses, rules: rules.map(declaredRule) });
}

export function declareSchedules(
  scheduler: Pick<SchedulerAdmin, "declare">,
  { scheduleGroups, schedules }: Application,
): Promise<readonly string[]> {
  return scheduler.declare({ groups: scheduleGroups, schedules: schedules.map(declaredSchedule) });
}

function declaredRule(rule: RuleConfig): DeclaredRule {
  const { name, busName, state, description, pattern, scheduleExpression, roleArn, tags, targets } = rule;
  return {
    name,
    busName,
    state,
    tags,
    targets: targets.map(({ id, arn, parameters }) => ({ Id: id, Arn: arn, ...parameters })),
    ...(description === undefined ? {} : { description }),
    ...(pattern === undefined ? {} : { eventPattern: JSON.stringify(pattern) }),
    ...(scheduleExpression === undefined ? {} : { scheduleExpression }),
    ...(roleArn === undefined ? {} : { roleArn }),
  };
}

function declaredSchedule(schedule: ScheduleConfig): DeclaredSchedule {
  const { name, groupName, startMs, endMs, description, kmsKeyArn, flexibleWindowMinutes: minutes, target } = schedule;
  return {
    name,
    groupName,
    input: {
      Name: name,
      GroupName: groupName,
      ScheduleExpression: schedule.expression,
      ScheduleExpressionTimezone: schedule.timezone,
      State: schedule.enabled ? "ENABLED" : "DISABLED",
      ActionAfterCompletion: schedule.deleteAfterCompletion ? "DELETE" : "NONE",
      FlexibleTimeWindow:
        minutes === undefined ? { Mode: "OFF" } : { Mode: "FLEXIBLE", MaximumWindowInMinutes: minutes },
      Target: { Arn: target.arn, ...target.parameters },
      ...(startMs === undefined ? {} : { StartDate: startMs / 1000 }),
      ...(endMs === undefined ? {} : { EndDate: endMs / 1000 }),
      ...(description === undefined ? {} : { Description: description }),
      ...(kmsKeyArn === undefined ? {} : { KmsKeyArn: kmsKeyArn }),
    },
  };
}
