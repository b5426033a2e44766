/** Reading alarms and their history. */
import { numberMember, stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { ALARM_STATES, type AlarmContext } from "./alarms.js";
import { describeAlarm } from "./alarm-view.js";
import { invalidValue, validationError } from "./errors.js";
import { checkViolations, dimensionsOf, pageOf, requiredString, unitOf } from "./input.js";

const MAX_RECORDS = 100;

export function describeAlarms({ alarms }: AlarmContext, input: JsonObject): JsonObject {
  const names = stringListMember(input, "AlarmNames");
  const prefix = stringMember(input, "AlarmNamePrefix");
  const state = stringMember(input, "StateValue");
  const action = stringMember(input, "ActionPrefix");
  const types = stringListMember(input, "AlarmTypes");
  const size = numberMember(input, "MaxRecords");
  const violations = new Violations();
  violations.oneOf(state, "stateValue", ALARM_STATES);
  violations.range(size, "maxRecords", 1, MAX_RECORDS);
  checkViolations(violations);
  if (names !== undefined && names.length > 0 && prefix !== undefined) {
    throw validationError(
      "The parameters AlarmNames and AlarmNamePrefix are mutually exclusive and you have specified both.",
    );
  }
  for (const member of ["ChildrenOfAlarmName", "ParentsOfAlarmName"]) {
    if (input[member] !== undefined) throw invalidValue(`The parameter ${member} is not emulated by lambda-run.`);
  }
  const wanted = alarms.all().filter((alarm) => {
    if (types !== undefined && types.length > 0 && !types.includes("MetricAlarm")) return false;
    if (names !== undefined && names.length > 0 && !names.includes(alarm.name)) return false;
    if (state !== undefined && alarm.state !== state) return false;
    const actions = [...alarm.okActions, ...alarm.alarmActions, ...alarm.insufficientDataActions];
    return (
      alarm.name.startsWith(prefix ?? "") && (action === undefined || actions.some((arn) => arn.startsWith(action)))
    );
  });
  const { items, NextToken } = pageOf(wanted, stringMember(input, "NextToken"), size ?? MAX_RECORDS);
  return {
    MetricAlarms: items.map(describeAlarm),
    CompositeAlarms: [],
    ...(NextToken === undefined ? {} : { NextToken }),
  };
}

export function describeAlarmsForMetric({ alarms }: AlarmContext, input: JsonObject): JsonObject {
  const namespace = requiredString(input, "Namespace");
  const name = requiredString(input, "MetricName");
  const dimensions = sorted(dimensionsOf(input, ""));
  const statistic = stringMember(input, "Statistic") ?? stringMember(input, "ExtendedStatistic");
  const period = numberMember(input, "Period");
  const unit = unitOf(input, "");
  const found = alarms.all().filter((alarm) => {
    const stat = alarm.queries[0]?.stat;
    return (
      alarm.metrics === undefined &&
      stat?.metric.namespace === namespace &&
      stat.metric.name === name &&
      sorted(stat.metric.dimensions) === dimensions &&
      (statistic === undefined || stat.name === statistic) &&
      (period === undefined || stat.periodMs === period * 1000) &&
      (unit === undefined || stat.unit === unit)
    );
  });
  return { MetricAlarms: found.map(describeAlarm) };
}

function sorted(dimensions: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : 1)));
}

export function describeAlarmHistory({ alarms }: AlarmContext, input: JsonObject): JsonObject {
  const name = stringMember(input, "AlarmName");
  const type = stringMember(input, "HistoryItemType");
  const start = numberMember(input, "StartDate");
  const end = numberMember(input, "EndDate");
  const scanBy = stringMember(input, "ScanBy") ?? "TimestampDescending";
  const size = numberMember(input, "MaxRecords");
  const violations = new Violations();
  violations.oneOf(type, "historyItemType", ["ConfigurationUpdate", "StateUpdate", "Action"]);
  violations.oneOf(scanBy, "scanBy", ["TimestampDescending", "TimestampAscending"]);
  violations.range(size, "maxRecords", 1, MAX_RECORDS);
  checkViolations(violations);
  const rows = alarms
    .history()
    .filter(
      (row) =>
        (name === undefined || row.alarmName === name) &&
        (type === undefined || row.type === type) &&
        (start === undefined || row.timestampMs >= start * 1000) &&
        (end === undefined || row.timestampMs < end * 1000),
    );
  if (scanBy === "TimestampDescending") rows.reverse();
  const { items, NextToken } = pageOf(rows, stringMember(input, "NextToken"), size ?? MAX_RECORDS);
  return {
    AlarmHistoryItems: items.map((row) => ({
      AlarmName: row.alarmName,
      AlarmType: "MetricAlarm",
      Timestamp: row.timestampMs / 1000,
      HistoryItemType: row.type,
      HistorySummary: row.summary,
      HistoryData: row.data,
    })),
    ...(NextToken === undefined ? {} : { NextToken }),
  };
}
