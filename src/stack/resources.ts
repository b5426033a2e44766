/**
 * Makes what the template declares in the embedded services, each when its service is first needed: a stack that never
 * touches DynamoDB never loads it. Idempotent: what exists stays with its data.
 */
import type { AlarmConfig, Application, TableConfig } from "../config/application.js";
import type { EmbeddedService } from "../services/service.js";
import type { CloudWatchService } from "../services/cloudwatch/index.js";
import type { DynamoDbAdmin } from "../services/dynamodb/index.js";
import type { LogsService } from "../services/logs/index.js";
import type { S3Service } from "../services/s3/index.js";
import type { SecretsService } from "../services/secrets/index.js";
import type { SnsAdmin } from "../services/sns/index.js";
import type { SqsAdmin } from "../services/sqs/index.js";
import type { SsmService } from "../services/ssm/index.js";
import { queueAttributes } from "./queue-attributes.js";
import { declaredTopic } from "./topic-attributes.js";

type Maker = (service: EmbeddedService, application: Application) => Promise<void>;

const MAKERS: Readonly<Record<string, Maker>> = {
  s3: async (service, { buckets }) => {
    const s3 = service as S3Service;
    for (const { name } of buckets) await s3.createBucketIfMissing(name);
  },
  sqs: async (service, { queues }) => {
    const sqs = service as EmbeddedService & SqsAdmin;
    // Dead-letter queues first: a redrive policy names a queue that exists.
    const targets = new Set(queues.map(({ redrive }) => redrive?.deadLetterTargetArn));
    const ordered = [...queues].sort((a, b) => Number(targets.has(b.arn)) - Number(targets.has(a.arn)));
    for (const queue of ordered) await sqs.ensureQueue(queue.name, queueAttributes(queue), queue.tags);
  },
  sns: async (service, { topics }) => {
    const sns = service as EmbeddedService & SnsAdmin;
    for (const topic of topics) await sns.ensureTopic(declaredTopic(topic));
  },
  dynamodb: async (service, { tables }) => {
    const dynamodb = service as EmbeddedService & DynamoDbAdmin;
    for (const table of tables) {
      await dynamodb.ensureTable(createTableInput(table), {
        streamArn: table.streamArn,
        ...(table.ttlAttribute === undefined ? {} : { timeToLive: table.ttlAttribute }),
      });
    }
  },
  secretsmanager: async (service, { secrets }) => {
    const manager = service as SecretsService;
    for (const { name, arn, secretString, generate, description } of secrets) {
      await manager.ensureSecret(name, {
        arn,
        description,
        ...(secretString === undefined ? {} : { secretString }),
        ...(generate === undefined ? {} : { generate }),
      });
    }
  },
  ssm: async (service, { parameters }) => {
    const ssm = service as SsmService;
    for (const { name, type, value, description } of parameters)
      await ssm.ensureParameter(name, { type, value, description });
  },
  logs: async (service, { logGroups, logSubscriptions }) => {
    const logs = service as LogsService;
    for (const { name, retentionDays } of logGroups) await logs.ensureGroup(name, retentionDays);
    await logs.declareSubscriptions(logSubscriptions);
  },
  cloudwatch: async (service, { alarms }) => {
    const cloudwatch = service as CloudWatchService;
    for (const alarm of alarms.filter(({ metrics }) => metrics === undefined))
      await cloudwatch.ensureAlarm(alarmInput(alarm));
  },
};

/** Makes the resources of one service. */
export async function makeResources(name: string, service: EmbeddedService, application: Application): Promise<void> {
  await MAKERS[name]?.(service, application);
}

/** A declared table as CreateTable takes it. */
export function createTableInput(table: TableConfig): Record<string, unknown> {
  return {
    TableName: table.name,
    AttributeDefinitions: table.attributeDefinitions,
    KeySchema: table.keySchema,
    BillingMode: "PAY_PER_REQUEST",
    ...(table.globalSecondaryIndexes.length === 0 ? {} : { GlobalSecondaryIndexes: table.globalSecondaryIndexes }),
    ...(table.localSecondaryIndexes.length === 0 ? {} : { LocalSecondaryIndexes: table.localSecondaryIndexes }),
    ...(table.streamViewType === undefined
      ? {}
      : { StreamSpecification: { StreamEnabled: true, StreamViewType: table.streamViewType } }),
  };
}

/** A declared alarm as PutMetricAlarm takes it. Alarms on metric math are announced by the template reader's notices. */
function alarmInput(alarm: AlarmConfig): Record<string, unknown> {
  return {
    AlarmName: alarm.name,
    AlarmDescription: alarm.description,
    Namespace: alarm.namespace,
    MetricName: alarm.metricName,
    Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
    ...(alarm.statistic === undefined ? {} : { Statistic: alarm.statistic }),
    ...(alarm.extendedStatistic === undefined ? {} : { ExtendedStatistic: alarm.extendedStatistic }),
    ...(alarm.unit === undefined ? {} : { Unit: alarm.unit }),
    Period: alarm.periodSeconds,
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparisonOperator,
    TreatMissingData: alarm.treatMissingData,
    ActionsEnabled: alarm.actionsEnabled,
    AlarmActions: [...alarm.alarmActions],
    OKActions: [...alarm.okActions],
    InsufficientDataActions: [...alarm.insufficientDataActions],
  };
}
