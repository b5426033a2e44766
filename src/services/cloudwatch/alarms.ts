/** Operations on alarms. */
import { arnOf, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { TreatMissingData } from "../../observe/alarm-state.js";
import {
  booleanMember,
  numberMember,
  objectListMember,
  stringListMember,
  stringMember,
  Violations,
} from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { COMPARISONS, MAX_NAME_LENGTH, type AlarmRow, type AlarmStore, type Comparison } from "./alarm-store.js";
import { alarmNotFound, resourceNotFound, validationError } from "./errors.js";
import type { AlarmEvaluator } from "./evaluator.js";
import { checkViolations, dimensionsOf, requiredNumber, requiredString, unitOf } from "./input.js";
import { checkPeriod, checkStatistic, queriesOf, type MetricQuery } from "./queries.js";

const TREATMENTS = ["breaching", "notBreaching", "ignore", "missing"];
export const ALARM_STATES = ["OK", "ALARM", "INSUFFICIENT_DATA"];
const MAX_ACTIONS = 5;
const MAX_RANGE_MS = 86_400_000;
/** Alarms with periods of an hour and more may look back a week. */
const MAX_LONG_RANGE_MS = 7 * MAX_RANGE_MS;
const HOUR_MS = 3_600_000;

export interface AlarmContext {
  readonly alarms: AlarmStore;
  readonly evaluator: AlarmEvaluator;
  readonly clock: Clock;
  readonly realm: Realm;
}

export async function putMetricAlarm(
  { alarms, evaluator, clock, realm }: AlarmContext,
  input: JsonObject,
): Promise<JsonObject> {
  const settings = settingsOf(input);
  const tags = tagsOf(input);
  await alarms.write(() => {
    const nowMs = clock.now();
    const existing = alarms.get(settings.name);
    const state =
      existing === undefined
        ? {
            state: "INSUFFICIENT_DATA" as const,
            stateReason: "Unchecked: Initial alarm creation",
            stateUpdatedMs: nowMs,
            stateChangedMs: nowMs,
            tags,
          }
        : {
            state: existing.state,
            stateReason: existing.stateReason,
            stateUpdatedMs: existing.stateUpdatedMs,
            stateChangedMs: existing.stateChangedMs,
            ...(existing.stateReasonData === undefined ? {} : { stateReasonData: existing.stateReasonData }),
            // Tags are given at creation; later TagResource alone changes them.
            tags: existing.tags,
          };
    alarms.put({ ...settings, ...state, arn: arnOf.alarm(realm, settings.name), configuredMs: nowMs });
    remember(alarms, settings.name, nowMs, existing === undefined ? "created" : "updated");
  });
  evaluator.schedule();
  return {};
}

type AlarmSettings = Omit<
  AlarmRow,
  "arn" | "configuredMs" | "state" | "stateReason" | "stateReasonData" | "stateUpdatedMs" | "stateChangedMs" | "tags"
>;

function settingsOf(input: JsonObject): AlarmSettings {
  const name = stringMember(input, "AlarmName");
  const description = stringMember(input, "AlarmDescription");
  const comparison = stringMember(input, "ComparisonOperator");
  const evaluationPeriods = numberMember(input, "EvaluationPeriods");
  const threshold = numberMember(input, "Threshold");
  const datapoints = numberMember(input, "DatapointsToAlarm");
  const violations = new Violations();
  violations.required(name, "alarmName");
  violations.length(name, "alarmName", 1, MAX_NAME_LENGTH);
  violations.length(description, "alarmDescription", 0, 1024);
  violations.required(comparison, "comparisonOperator");
  if (comparison?.includes("UpperThreshold") !== true)
    violations.oneOf(comparison, "comparisonOperator", Object.keys(COMPARISONS));
  violations.required(evaluationPeriods, "evaluationPeriods");
  violations.range(evaluationPeriods, "evaluationPeriods", 1, Number.MAX_SAFE_INTEGER);
  violations.range(datapoints, "datapointsToAlarm", 1, Number.MAX_SAFE_INTEGER);
  checkViolations(violations);
  for (const member of [
    "ThresholdMetricId",
    "EvaluationCriteria",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluateLowSampleCountPercentile",
  ]) {
    if (input[member] !== undefined) throw validationError(`The parameter ${member} is not emulated by lambda-run.`);
  }
  if (!isComparison(comparison))
    throw validationError(`The comparison operator ${comparison} is not emulated by lambda-run.`);
  if (threshold === undefined) throw validationError("The parameter Threshold must be specified.");
  const treatment = stringMember(input, "TreatMissingData");
  if (treatment !== undefined && !TREATMENTS.includes(treatment)) {
    throw validationError(
      `The value ${treatment} is not supported for TreatMissingData parameter. Supported values are [${TREATMENTS.join(", ")}].`,
    );
  }
  const periods = evaluationPeriods ?? 1;
  if (datapoints !== undefined && datapoints > periods) {
    throw validationError(
      "The parameter DatapointsToAlarm must be less than or equal to the parameter EvaluationPeriods.",
    );
  }
  const { queries, metrics, periodMs } = watchedOf(input);
  if (periods * periodMs > (periodMs >= HOUR_MS ? MAX_LONG_RANGE_MS : MAX_RANGE_MS)) {
    throw validationError(
      "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
    );
  }
  return {
    name: name ?? "",
    ...(description === undefined ? {} : { description }),
    actionsEnabled: booleanMember(input, "ActionsEnabled") ?? true,
    okActions: actionsOf(input, "OKActions"),
    alarmActions: actionsOf(input, "AlarmActions"),
    insufficientDataActions: actionsOf(input, "InsufficientDataActions"),
    queries,
    ...(metrics === undefined ? {} : { metrics }),
    periodMs,
    evaluationPeriods: periods,
    datapointsToAlarm: datapoints ?? periods,
    namesDatapoints: datapoints !== undefined,
    threshold,
    comparison,
    treatMissingData: (treatment ?? "missing") as TreatMissingData,
    namesTreatment: treatment !== undefined,
  };
}

function isComparison(text: string | undefined): text is Comparison {
  return text !== undefined && Object.hasOwn(COMPARISONS, text);
}

/** What the alarm watches: one metric, or the one query of several that returns data. */
function watchedOf(input: JsonObject): Pick<AlarmRow, "queries" | "metrics" | "periodMs"> {
  const metrics = objectListMember(input, "Metrics");
  if (metrics === undefined || metrics.length === 0) return watchedMetricOf(input);
  if (input["MetricName"] !== undefined || input["Namespace"] !== undefined) {
    throw validationError("The parameters MetricName and Metrics are mutually exclusive and you have specified both.");
  }
  const queries = queriesOf(metrics, "Metrics");
  if (queries.filter((query) => query.returnData).length !== 1) {
    throw validationError("Exactly one element of the metrics list should return data.");
  }
  const periodMs = Math.max(...queries.map((query) => query.stat?.periodMs ?? query.periodMs ?? 0));
  if (periodMs === 0) throw validationError("Period must not be null");
  return { queries, metrics, periodMs };
}

function watchedMetricOf(input: JsonObject): Pick<AlarmRow, "queries" | "periodMs"> {
  const statistic = stringMember(input, "Statistic");
  const extended = stringMember(input, "ExtendedStatistic");
  if ((statistic === undefined) === (extended === undefined)) {
    throw validationError("Exactly one of the parameters Statistic and ExtendedStatistic must be specified.");
  }
  const periodMs = checkPeriod(requiredNumber(input, "Period"), "Period");
  const stat = {
    metric: {
      namespace: requiredString(input, "Namespace"),
      name: requiredString(input, "MetricName"),
      dimensions: dimensionsOf(input, ""),
    },
    periodMs,
    name: checkStatistic(statistic ?? extended ?? "", statistic === undefined ? "ExtendedStatistic" : "Statistic"),
    unit: unitOf(input, ""),
  };
  const query: MetricQuery = {
    id: "m1",
    label: undefined,
    returnData: true,
    stat,
    expression: undefined,
    periodMs: undefined,
  };
  return { queries: [query], periodMs };
}

function actionsOf(input: JsonObject, member: string): readonly string[] {
  const actions = stringListMember(input, member) ?? [];
  if (actions.length > MAX_ACTIONS) {
    throw validationError(`The collection ${member} must not have a size greater than ${MAX_ACTIONS}.`);
  }
  for (const action of actions)
    if (!/^arn:[\w-]+:[\w-]+:/.test(action)) throw validationError(`Invalid arn syntax: ${action}`);
  return actions;
}

export async function deleteAlarms({ alarms, evaluator, clock }: AlarmContext, input: JsonObject): Promise<JsonObject> {
  const names = stringListMember(input, "AlarmNames") ?? [];
  await alarms.write(() => {
    for (const name of names) {
      if (alarms.get(name) === undefined) continue;
      alarms.remove(name);
      remember(alarms, name, clock.now(), "deleted");
    }
  });
  evaluator.schedule();
  return {};
}

export async function setAlarmState({ alarms, evaluator }: AlarmContext, input: JsonObject): Promise<JsonObject> {
  const name = requiredString(input, "AlarmName");
  const state = stringMember(input, "StateValue");
  const reason = stringMember(input, "StateReason");
  const reasonData = stringMember(input, "StateReasonData");
  const violations = new Violations();
  violations.required(state, "stateValue");
  violations.oneOf(state, "stateValue", ALARM_STATES);
  violations.required(reason, "stateReason");
  violations.length(reason, "stateReason", 0, 1023);
  checkViolations(violations);
  if (alarms.get(name) === undefined) throw alarmNotFound(name);
  await evaluator.setState(name, state as AlarmRow["state"], reason ?? "", reasonData);
  return {};
}

export async function enableActions(
  { alarms }: AlarmContext,
  input: JsonObject,
  actionsEnabled: boolean,
): Promise<JsonObject> {
  const names = stringListMember(input, "AlarmNames") ?? [];
  await alarms.write(() => {
    for (const name of names) {
      const alarm = alarms.get(name);
      if (alarm !== undefined) alarms.put({ ...alarm, actionsEnabled });
    }
  });
  return {};
}

export async function tagAlarm({ alarms }: AlarmContext, input: JsonObject): Promise<JsonObject> {
  const tags = tagsOf(input);
  await alarms.write(() => {
    const alarm = requireByArn(alarms, input);
    const merged = new Map([...alarm.tags, ...tags].map((tag) => [tag.Key, tag]));
    alarms.put({ ...alarm, tags: [...merged.values()] });
  });
  return {};
}

export async function untagAlarm({ alarms }: AlarmContext, input: JsonObject): Promise<JsonObject> {
  const keys = stringListMember(input, "TagKeys") ?? [];
  await alarms.write(() => {
    const alarm = requireByArn(alarms, input);
    alarms.put({ ...alarm, tags: alarm.tags.filter((tag) => !keys.includes(tag.Key)) });
  });
  return {};
}

export function listAlarmTags({ alarms }: AlarmContext, input: JsonObject): JsonObject {
  return { Tags: requireByArn(alarms, input).tags };
}

function requireByArn(alarms: AlarmStore, input: JsonObject): AlarmRow {
  const arn = requiredString(input, "ResourceARN");
  const alarm = alarms.get(arn.slice(arn.indexOf(":alarm:") + ":alarm:".length));
  if (alarm?.arn !== arn) throw resourceNotFound(arn);
  return alarm;
}

function tagsOf(input: JsonObject): AlarmRow["tags"] {
  return (objectListMember(input, "Tags") ?? []).map((tag, index) => ({
    Key: requiredString(tag, "Key", `Tags.member.${index + 1}.Key`),
    Value: stringMember(tag, "Value") ?? "",
  }));
}

function remember(
  alarms: AlarmStore,
  alarmName: string,
  timestampMs: number,
  change: "created" | "updated" | "deleted",
): void {
  alarms.addHistory({
    alarmName,
    timestampMs,
    type: "ConfigurationUpdate",
    summary: `Alarm "${alarmName}" ${change}`,
    data: JSON.stringify({
      version: "1.0",
      type: change === "created" ? "Create" : change === "updated" ? "Update" : "Delete",
    }),
  });
}
