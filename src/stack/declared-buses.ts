/** What a template declares of EventBridge and its Scheduler, as the services take it. */
import type { Application, ConnectionConfig, RuleConfig, ScheduleConfig } from "../config/application.js";
import { hasDynamicReference, resolveDynamicReferences } from "../config/dynamic-reference.js";
import { isJsonObject, listOf, objectOf, type Json } from "../config/json.js";
import type { DeclaredConnection, DeclaredRule, EventsAdmin } from "../services/events/index.js";
import type { DeclaredSchedule, SchedulerAdmin } from "../services/scheduler/index.js";
import { messageOf } from "../shared/errors.js";
import type { LookUp } from "./dynamic-references.js";

/** Answers, in sentences, what AWS would refuse. */
export async function declareBuses(
  events: Pick<EventsAdmin, "declare">,
  { eventBuses, connections, apiDestinations, rules }: Application,
  lookUp: LookUp,
): Promise<readonly string[]> {
  const buses = eventBuses.map(({ name, description, deadLetterArn, tags }) => ({
    name,
    tags,
    ...(description === undefined ? {} : { description }),
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  }));
  const [known, unknown] = await declaredConnections(connections, lookUp);
  const destinations = apiDestinations.map(({ name, arn, input }) => ({
    name,
    id: idIn(arn),
    input: { ...input, Name: name },
  }));
  const wanted = { buses, connections: known, destinations, rules: rules.map(declaredRule) };
  return [...unknown, ...(await events.declare(wanted))];
}

/** With what their dynamic references are, and a sentence for each connection whose references are of no value. */
async function declaredConnections(
  connections: readonly ConnectionConfig[],
  lookUp: LookUp,
): Promise<readonly [DeclaredConnection[], string[]]> {
  const known: DeclaredConnection[] = [];
  const unknown: string[] = [];
  for (const { name, logicalId, arn, secretArn, input } of connections)
    try {
      const text = JSON.stringify(input);
      const filled = hasDynamicReference(text) ? await withValues(input, lookUp) : input;
      known.push({ name, id: idIn(arn), secretArn, input: { ...objectOf(filled), Name: name } });
    } catch (error) {
      unknown.push(`the connection ${logicalId} refers to a value that is not there: ${messageOf(error)}`);
    }
  return [known, unknown];
}

async function withValues(value: Json, lookUp: LookUp): Promise<Json> {
  if (typeof value === "string") return resolveDynamicReferences(value, lookUp);
  if (Array.isArray(value)) return Promise.all(listOf(value).map((item) => withValues(item, lookUp)));
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(async ([name, item]) => [name, await withValues(item, lookUp)] as const);
  return Object.fromEntries(await Promise.all(members));
}

/** The end of the ARN of a connection or an API destination. */
const idIn = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

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
