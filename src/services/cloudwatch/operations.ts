/** The table of CloudWatch's operations: what runs, and the shapes of its members. */
import type { JsonOperation } from "../kit/json-protocol.js";
import type { QueryOperation } from "../kit/query-protocol.js";
import { describeAlarmHistory, describeAlarms, describeAlarmsForMetric } from "./alarm-queries.js";
import {
  deleteAlarms,
  enableActions,
  listAlarmTags,
  putMetricAlarm,
  setAlarmState,
  tagAlarm,
  untagAlarm,
  type AlarmContext,
} from "./alarms.js";
import { metricDataOf } from "./metric-data.js";
import { getMetricData, getMetricStatistics, listMetrics } from "./queries.js";
import { SHAPES, type OperationShapes } from "./shapes.js";
import type { MetricStore } from "./store.js";

export interface CloudWatchContext extends AlarmContext {
  readonly metrics: MetricStore;
}

export function cloudWatchOperations(context: CloudWatchContext): Record<string, QueryOperation> {
  const { metrics, clock } = context;
  const runs: Record<keyof typeof SHAPES, JsonOperation> = {
    PutMetricData: async (input) => {
      await metrics.put(metricDataOf(input, clock.now()));
      return {};
    },
    GetMetricStatistics: (input) => getMetricStatistics(metrics, input),
    GetMetricData: (input) => getMetricData(metrics, input),
    ListMetrics: (input) => listMetrics(metrics, clock, input),
    PutMetricAlarm: (input) => putMetricAlarm(context, input),
    DescribeAlarms: (input) => describeAlarms(context, input),
    DescribeAlarmsForMetric: (input) => describeAlarmsForMetric(context, input),
    DescribeAlarmHistory: (input) => describeAlarmHistory(context, input),
    DeleteAlarms: (input) => deleteAlarms(context, input),
    SetAlarmState: (input) => setAlarmState(context, input),
    EnableAlarmActions: (input) => enableActions(context, input, true),
    DisableAlarmActions: (input) => enableActions(context, input, false),
    TagResource: (input) => tagAlarm(context, input),
    UntagResource: (input) => untagAlarm(context, input),
    ListTagsForResource: (input) => listAlarmTags(context, input),
  };
  const shapes: Readonly<Record<string, OperationShapes>> = SHAPES;
  return Object.fromEntries(
    Object.entries(runs).map(([name, run]) => [
      name,
      { ...(shapes[name] ?? { input: { kind: "structure", members: {} } }), run },
    ]),
  );
}
