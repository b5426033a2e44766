/** How members look in the Query protocol, and which of them are times; also used to encode CBOR. */
import { list, map, structure, type Shape, type StructureShape } from "../kit/query-protocol.js";

const strings = list("string");
const doubles = list("double");
const dimensions = list(structure({ Name: "string", Value: "string" }));
const tags = list(structure({ Key: "string", Value: "string" }));
const metric = { Namespace: "string", MetricName: "string", Dimensions: dimensions } as const;

const metricDataQuery = structure({
  Id: "string",
  MetricStat: structure({ Metric: structure(metric), Period: "integer", Stat: "string", Unit: "string" }),
  Expression: "string",
  Label: "string",
  ReturnData: "boolean",
  Period: "integer",
  AccountId: "string",
});

const alarmSettings: Readonly<Record<string, Shape>> = {
  AlarmName: "string",
  AlarmDescription: "string",
  ActionsEnabled: "boolean",
  OKActions: strings,
  AlarmActions: strings,
  InsufficientDataActions: strings,
  ...metric,
  Statistic: "string",
  ExtendedStatistic: "string",
  Period: "integer",
  Unit: "string",
  EvaluationPeriods: "integer",
  DatapointsToAlarm: "integer",
  Threshold: "double",
  ComparisonOperator: "string",
  TreatMissingData: "string",
  EvaluateLowSampleCountPercentile: "string",
  Metrics: list(metricDataQuery),
  ThresholdMetricId: "string",
};

const metricAlarm = structure({
  ...alarmSettings,
  AlarmArn: "string",
  AlarmConfigurationUpdatedTimestamp: "timestamp",
  StateValue: "string",
  StateReason: "string",
  StateReasonData: "string",
  StateUpdatedTimestamp: "timestamp",
  StateTransitionedTimestamp: "timestamp",
});

export interface OperationShapes {
  readonly input: StructureShape;
  readonly output?: StructureShape;
}

const names = structure({ AlarmNames: strings });

export const SHAPES = {
  PutMetricData: {
    input: structure({
      Namespace: "string",
      MetricData: list(
        structure({
          MetricName: "string",
          Dimensions: dimensions,
          Timestamp: "timestamp",
          Value: "double",
          StatisticValues: structure({ SampleCount: "double", Sum: "double", Minimum: "double", Maximum: "double" }),
          Values: doubles,
          Counts: doubles,
          Unit: "string",
          StorageResolution: "integer",
        }),
      ),
    }),
  },
  GetMetricStatistics: {
    input: structure({
      ...metric,
      StartTime: "timestamp",
      EndTime: "timestamp",
      Period: "integer",
      Statistics: strings,
      ExtendedStatistics: strings,
      Unit: "string",
    }),
    output: structure({
      Label: "string",
      Datapoints: list(
        structure({
          Timestamp: "timestamp",
          SampleCount: "double",
          Average: "double",
          Sum: "double",
          Minimum: "double",
          Maximum: "double",
          Unit: "string",
          ExtendedStatistics: map("double"),
        }),
      ),
    }),
  },
  GetMetricData: {
    input: structure({
      MetricDataQueries: list(metricDataQuery),
      StartTime: "timestamp",
      EndTime: "timestamp",
      NextToken: "string",
      ScanBy: "string",
      MaxDatapoints: "integer",
    }),
    output: structure({
      MetricDataResults: list(
        structure({
          Id: "string",
          Label: "string",
          Timestamps: list("timestamp"),
          Values: doubles,
          StatusCode: "string",
        }),
      ),
      NextToken: "string",
      Messages: list(structure({ Code: "string", Value: "string" })),
    }),
  },
  ListMetrics: {
    input: structure({ ...metric, NextToken: "string", RecentlyActive: "string" }),
    output: structure({ Metrics: list(structure(metric)), NextToken: "string" }),
  },
  PutMetricAlarm: { input: structure({ ...alarmSettings, Tags: tags }) },
  DescribeAlarms: {
    input: structure({
      AlarmNames: strings,
      AlarmNamePrefix: "string",
      AlarmTypes: strings,
      ChildrenOfAlarmName: "string",
      ParentsOfAlarmName: "string",
      StateValue: "string",
      ActionPrefix: "string",
      MaxRecords: "integer",
      NextToken: "string",
    }),
    output: structure({
      CompositeAlarms: list(structure({})),
      MetricAlarms: list(metricAlarm),
      NextToken: "string",
    }),
  },
  DescribeAlarmsForMetric: {
    input: structure({
      ...metric,
      Statistic: "string",
      ExtendedStatistic: "string",
      Period: "integer",
      Unit: "string",
    }),
    output: structure({ MetricAlarms: list(metricAlarm) }),
  },
  DescribeAlarmHistory: {
    input: structure({
      AlarmName: "string",
      HistoryItemType: "string",
      StartDate: "timestamp",
      EndDate: "timestamp",
      MaxRecords: "integer",
      NextToken: "string",
      ScanBy: "string",
    }),
    output: structure({
      AlarmHistoryItems: list(
        structure({
          AlarmName: "string",
          AlarmType: "string",
          Timestamp: "timestamp",
          HistoryItemType: "string",
          HistorySummary: "string",
          HistoryData: "string",
        }),
      ),
      NextToken: "string",
    }),
  },
  DeleteAlarms: { input: names },
  SetAlarmState: {
    input: structure({ AlarmName: "string", StateValue: "string", StateReason: "string", StateReasonData: "string" }),
  },
  EnableAlarmActions: { input: names },
  DisableAlarmActions: { input: names },
  TagResource: { input: structure({ ResourceARN: "string", Tags: tags }), output: structure({}) },
  UntagResource: { input: structure({ ResourceARN: "string", TagKeys: strings }), output: structure({}) },
  ListTagsForResource: { input: structure({ ResourceARN: "string" }), output: structure({ Tags: tags }) },
} as const satisfies Readonly<Record<string, OperationShapes>>;
