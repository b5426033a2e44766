/** An alarm as the API shows it, and as its actions tell of it. */
import { awsDate } from "./dates.js";
import type { AlarmRow } from "./alarm-store.js";
import { dimensionList } from "./input.js";
import type { JsonObject } from "../kit/json-protocol.js";

export function describeAlarm(alarm: AlarmRow): JsonObject {
  return {
    AlarmName: alarm.name,
    AlarmArn: alarm.arn,
    ...(alarm.description === undefined ? {} : { AlarmDescription: alarm.description }),
    AlarmConfigurationUpdatedTimestamp: alarm.configuredMs / 1000,
    ActionsEnabled: alarm.actionsEnabled,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    StateValue: alarm.state,
    StateReason: alarm.stateReason,
    ...(alarm.stateReasonData === undefined ? {} : { StateReasonData: alarm.stateReasonData }),
    StateUpdatedTimestamp: alarm.stateUpdatedMs / 1000,
    StateTransitionedTimestamp: alarm.stateChangedMs / 1000,
    ...watched(alarm),
    EvaluationPeriods: alarm.evaluationPeriods,
    ...(alarm.namesDatapoints ? { DatapointsToAlarm: alarm.datapointsToAlarm } : {}),
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparison,
    ...(alarm.namesTreatment ? { TreatMissingData: alarm.treatMissingData } : {}),
  };
}

function watched(alarm: AlarmRow): JsonObject {
  const stat = alarm.queries[0]?.stat;
  if (alarm.metrics !== undefined || stat === undefined) return { Metrics: alarm.metrics };
  return {
    MetricName: stat.metric.name,
    Namespace: stat.metric.namespace,
    ...(stat.name.startsWith("p") ? { ExtendedStatistic: stat.name } : { Statistic: stat.name }),
    Dimensions: dimensionList(stat.metric.dimensions),
    Period: stat.periodMs / 1000,
    ...(stat.unit === undefined ? {} : { Unit: stat.unit }),
  };
}

/**
 * What an SNS topic gets of a change of state.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
 */
export function alarmNotification(
  alarm: AlarmRow,
  oldState: string,
  realm: { readonly accountId: string; readonly region: string },
): JsonObject {
  const stat = alarm.queries[0]?.stat;
  return {
    AlarmName: alarm.name,
    AlarmDescription: alarm.description ?? null,
    AWSAccountId: realm.accountId,
    AlarmConfigurationUpdatedTimestamp: awsDate(alarm.configuredMs),
    NewStateValue: alarm.state,
    NewStateReason: alarm.stateReason,
    StateChangeTime: awsDate(alarm.stateUpdatedMs),
    Region: realm.region,
    AlarmArn: alarm.arn,
    OldStateValue: oldState,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    Trigger: {
      ...(stat === undefined || alarm.metrics !== undefined
        ? { Metrics: alarm.metrics }
        : {
            MetricName: stat.metric.name,
            Namespace: stat.metric.namespace,
            StatisticType: stat.name.startsWith("p") ? "ExtendedStatistic" : "Statistic",
            ...(stat.name.startsWith("p") ? { ExtendedStatistic: stat.name } : { Statistic: stat.name.toUpperCase() }),
            Unit: stat.unit ?? null,
            Dimensions: Object.entries(stat.metric.dimensions).map(([name, value]) => ({ value, name })),
          }),
      Period: alarm.periodMs / 1000,
      EvaluationPeriods: alarm.evaluationPeriods,
      DatapointsToAlarm: alarm.datapointsToAlarm,
      ComparisonOperator: alarm.comparison,
      Threshold: alarm.threshold,
      TreatMissingData: alarm.treatMissingData,
      EvaluateLowSampleCountPercentile: "",
    },
  };
}
