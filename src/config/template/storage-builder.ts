/**
 * Buckets, queues and tables.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3.html (and _SQS, _DynamoDB)
 */
import * as z from "zod";
import { addNotification, filterRules } from "./bucket-notifications.js";
import { identify } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import {
  flag,
  ignored,
  integer,
  jsonObject,
  list,
  number,
  oneOf,
  oneOrMore,
  readProperties,
  refuse,
  tags,
  text,
} from "./property.js";
import type { TemplateResource } from "./resource.js";
import { awsUrl } from "./resource-type.js";
import { streamArnOf } from "./resource-types.js";

const filter = z.object({ S3Key: z.object({ Rules: filterRules }).optional() });
const notification = (target: "Function" | "Queue" | "Topic") =>
  list(
    z
      .object({
        Event: text(),
        Filter: filter.optional(),
        Function: text().optional(),
        Queue: text().optional(),
        Topic: text().optional(),
      })
      .refine((entry) => entry[target] !== undefined, { error: `it has no ${target}` }),
  ).default([]);

const bucketProperties = z.object({
  BucketName: text()
    .refine((name) => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name), {
      error: "a bucket name takes 3 to 63 lower-case letters, digits, hyphens and periods",
    })
    .optional(),
  VersioningConfiguration: z.object({ Status: oneOf(["Enabled", "Suspended"]) }).optional(),
  NotificationConfiguration: z
    .strictObject({
      LambdaConfigurations: notification("Function"),
      QueueConfigurations: notification("Queue"),
      TopicConfigurations: notification("Topic"),
      EventBridgeConfiguration: z
        .preprocess((value) => value ?? {}, z.object({ EventBridgeEnabled: flag().default(true) }))
        .optional(),
    })
    .optional(),
  CorsConfiguration: z
    .object({
      CorsRules: list(
        z.object({
          AllowedOrigins: oneOrMore(),
          AllowedMethods: oneOrMore(),
          AllowedHeaders: oneOrMore().default([]),
          ExposedHeaders: oneOrMore().default([]),
          MaxAge: number().optional(),
        }),
      ),
    })
    .optional(),
  ...ignored(
    "AccelerateConfiguration",
    "AccessControl",
    "AnalyticsConfigurations",
    "BucketEncryption",
    "IntelligentTieringConfigurations",
  ),
  ...ignored(
    "InventoryConfigurations",
    "LifecycleConfiguration",
    "LoggingConfiguration",
    "MetadataConfiguration",
    "MetadataTableConfiguration",
  ),
  ...ignored(
    "MetricsConfigurations",
    "ObjectLockConfiguration",
    "ObjectLockEnabled",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
  ),
  ...ignored(
    "ReplicationConfiguration",
    "Tags",
    "WebsiteConfiguration",
    "AbacStatus",
    "BucketNamespace",
    "BucketNamePrefix",
  ),
});

/** Notifications of SAM events come in `draft.notifications` when the functions are built; `finishBuckets` joins them. */
export const buildBucket: Builder = (resource, context) => {
  const { draft, scope } = context;
  const {
    CorsConfiguration,
    NotificationConfiguration: configuration,
    VersioningConfiguration,
  } = readProperties(resource, bucketProperties, scope);
  const identity = identify(resource, context);
  const bucket = identity.name;
  const kinds = [
    ["function", "Function", configuration?.LambdaConfigurations],
    ["queue", "Queue", configuration?.QueueConfigurations],
    ["topic", "Topic", configuration?.TopicConfigurations],
  ] as const;
  for (const [kind, property, entries] of kinds) {
    for (const entry of entries ?? []) {
      const target = { kind, arn: String(entry[property]) };
      const rules = entry.Filter?.S3Key?.Rules ?? [];
      addNotification({ bucket, events: [entry.Event], rules, target, declaredBy: resource.logicalId }, context);
    }
  }
  draft.buckets.push({
    ...identity,
    versioning: VersioningConfiguration?.Status === "Enabled",
    eventBridge: configuration?.EventBridgeConfiguration?.EventBridgeEnabled ?? false,
    notifications: [],
    cors: (CorsConfiguration?.CorsRules ?? []).map((rule) => ({
      allowedOrigins: rule.AllowedOrigins,
      allowedMethods: rule.AllowedMethods,
      allowedHeaders: rule.AllowedHeaders,
      exposedHeaders: rule.ExposedHeaders,
      maxAgeSeconds: rule.MaxAge,
    })),
  });
};

export function finishBuckets({ draft }: BuildContext): void {
  draft.buckets.forEach((bucket, i) => {
    draft.buckets[i] = { ...bucket, notifications: draft.notifications.get(bucket.name) ?? [] };
  });
}

/** Policies are written as a map or as JSON text. */
function parsePolicy(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

const MAX_DELAY_SECONDS = 900;
const MAX_RETENTION_SECONDS = 1_209_600;
const MAX_VISIBILITY_SECONDS = 43_200;
/** 1 MiB since 2025; 256 KiB before. */
const MAX_MESSAGE_BYTES = 1_048_576;

const queueProperties = z.object({
  QueueName: text()
    .refine((name) => /^[\w-]{1,80}(?<=^.{1,75})\.fifo$|^[\w-]{1,80}$/.test(name), {
      error: "a queue name takes up to 80 letters, digits, hyphens and underscores",
    })
    .optional(),
  FifoQueue: flag().default(false),
  VisibilityTimeout: integer({ min: 0, max: MAX_VISIBILITY_SECONDS }, "seconds").default(30),
  DelaySeconds: integer({ min: 0, max: MAX_DELAY_SECONDS }, "seconds").default(0),
  MessageRetentionPeriod: integer({ min: 60, max: MAX_RETENTION_SECONDS }, "seconds").default(345_600),
  MaximumMessageSize: integer({ min: 1024, max: MAX_MESSAGE_BYTES }, "bytes").default(MAX_MESSAGE_BYTES),
  ReceiveMessageWaitTimeSeconds: integer({ min: 0, max: 20 }, "seconds").default(0),
  ContentBasedDeduplication: flag().default(false),
  DeduplicationScope: oneOf(["messageGroup", "queue"]).default("queue"),
  FifoThroughputLimit: oneOf(["perQueue", "perMessageGroupId"]).default("perQueue"),
  RedrivePolicy: z
    .preprocess(
      parsePolicy,
      z.looseObject({ deadLetterTargetArn: text(), maxReceiveCount: integer({ min: 1, max: 1000 }) }),
    )
    .optional(),
  RedriveAllowPolicy: z.preprocess(parsePolicy, jsonObject()).optional(),
  Tags: tags().default({}),
  ...ignored("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"),
});

export const buildQueue: Builder = (resource, context) => {
  const { scope } = context;
  const properties = readProperties(resource, queueProperties, scope);
  const identity = identify(resource, context);
  const { FifoQueue: fifo, RedrivePolicy } = properties;
  if (fifo !== identity.name.endsWith(".fifo")) {
    const why =
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix";
    const fix = fifo ? "End the name in .fifo." : "Add `FifoQueue: true`, or drop .fifo from the name.";
    throw refuse(
      { resource, scope, path: ["QueueName"] },
      `The name of ${resource.logicalId} does not fit its kind: ${identity.name}`,
      why,
      fix,
    );
  }
  context.draft.queues.push({
    ...identity,
    url: awsUrl.queue(scope.realm, identity.name),
    fifo,
    visibilityTimeoutSeconds: properties.VisibilityTimeout,
    delaySeconds: properties.DelaySeconds,
    messageRetentionSeconds: properties.MessageRetentionPeriod,
    maximumMessageSizeBytes: properties.MaximumMessageSize,
    receiveWaitSeconds: properties.ReceiveMessageWaitTimeSeconds,
    contentBasedDeduplication: properties.ContentBasedDeduplication,
    deduplicationScope: properties.DeduplicationScope,
    fifoThroughputLimit: properties.FifoThroughputLimit,
    redrive: RedrivePolicy && {
      deadLetterTargetArn: RedrivePolicy.deadLetterTargetArn,
      maxReceiveCount: RedrivePolicy.maxReceiveCount,
    },
    redriveAllow: properties.RedriveAllowPolicy,
    tags: properties.Tags,
  });
};

const keySchema = list(z.object({ AttributeName: text(), KeyType: oneOf(["HASH", "RANGE"]) }));
const tableIndex = z.object({
  IndexName: text(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: oneOf(["ALL", "KEYS_ONLY", "INCLUDE"]).default("ALL"),
    NonKeyAttributes: list(text()).optional(),
  }),
});
const tableProperties = z.object({
  TableName: text()
    .refine((name) => /^[\w.-]{3,255}$/.test(name), {
      error: "a table name takes 3 to 255 letters, digits, underscores, hyphens and periods",
    })
    .optional(),
  AttributeDefinitions: list(z.object({ AttributeName: text(), AttributeType: oneOf(["S", "N", "B"]) })).default([]),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: list(tableIndex).default([]),
  LocalSecondaryIndexes: list(tableIndex).default([]),
  BillingMode: oneOf(["PROVISIONED", "PAY_PER_REQUEST"]).default("PROVISIONED"),
  StreamSpecification: z
    .looseObject({ StreamViewType: oneOf(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]) })
    .optional(),
  TimeToLiveSpecification: z.object({ AttributeName: text().optional(), Enabled: flag() }).optional(),
  DeletionProtectionEnabled: flag().default(false),
  ...ignored(
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "Tags",
    "TableClass",
    "WarmThroughput",
  ),
  ...ignored(
    "ContributorInsightsSpecification",
    "ImportSourceSpecification",
    "KinesisStreamSpecification",
    "ResourcePolicy",
  ),
});

export const buildTable: Builder = (resource, context) => {
  addTable(resource, context, readProperties(resource, tableProperties, context.scope));
};

/** Settings of the table as a whole; those of a replica are for its region. */
const globalTableProperties = tableProperties.omit({ DeletionProtectionEnabled: true }).extend({
  Replicas: list(z.looseObject({ Region: text(), DeletionProtectionEnabled: flag().default(false) })).default([]),
  ...ignored(
    "GlobalTableSourceArn",
    "GlobalTableWitnesses",
    "MultiRegionConsistency",
    "GlobalTableSettingsReplicationMode",
  ),
  ...ignored("ReadOnDemandThroughputSettings", "ReadProvisionedThroughputSettings"),
  ...ignored("WriteOnDemandThroughputSettings", "WriteProvisionedThroughputSettings"),
});

/**
 * AWS::DynamoDB::GlobalTable, which CDK's TableV2 becomes: the replica of the stack's region; others are announced.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
 */
export const buildGlobalTable: Builder = (resource, context) => {
  const { scope } = context;
  const { Replicas: replicas, ...properties } = readProperties(resource, globalTableProperties, scope);
  const own = replicas.find(({ Region }) => Region === scope.region);
  const others = replicas.filter((replica) => replica !== own).map(({ Region }) => Region);
  if (others.length > 0)
    scope.problems.notice(`${resource.logicalId} has no replicas here: those in ${others.join(", ")} are left out.`);
  addTable(resource, context, { ...properties, DeletionProtectionEnabled: own?.DeletionProtectionEnabled ?? false });
};

function addTable(
  resource: TemplateResource,
  context: BuildContext,
  properties: z.output<typeof tableProperties>,
): void {
  const identity = identify(resource, context);
  const declared = new Set(properties.AttributeDefinitions.map(({ AttributeName }) => AttributeName));
  const undeclared = properties.KeySchema.find(({ AttributeName }) => !declared.has(AttributeName));
  if (undeclared) {
    const why =
      "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions";
    throw refuse(
      { resource, scope: context.scope, path: ["KeySchema"] },
      `The key ${undeclared.AttributeName} of ${resource.logicalId} has no type`,
      why,
      "Add it to AttributeDefinitions.",
    );
  }
  const { TimeToLiveSpecification: ttl } = properties;
  context.draft.tables.push({
    ...identity,
    attributeDefinitions: properties.AttributeDefinitions,
    keySchema: properties.KeySchema,
    globalSecondaryIndexes: properties.GlobalSecondaryIndexes,
    localSecondaryIndexes: properties.LocalSecondaryIndexes,
    billingMode: properties.BillingMode,
    streamViewType: properties.StreamSpecification?.StreamViewType,
    streamArn: streamArnOf(identity.arn),
    ttlAttribute: ttl?.Enabled === true ? ttl.AttributeName : undefined,
    deletionProtection: properties.DeletionProtectionEnabled,
  });
}

const simpleTableProperties = z.object({
  TableName: text().optional(),
  PrimaryKey: z
    .object({ Name: text().default("id"), Type: oneOf(["String", "Number", "Binary"]).default("String") })
    .optional(),
  ...ignored("PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "Tags"),
});

/** AWS::Serverless::SimpleTable: one key, `id` unless named. */
export const buildSimpleTable: Builder = (resource, context) => {
  const { PrimaryKey: key } = readProperties(resource, simpleTableProperties, context.scope);
  const identity = identify(resource, context);
  const { Name: AttributeName, Type: type } = key ?? { Name: "id", Type: "String" as const };
  context.draft.tables.push({
    ...identity,
    attributeDefinitions: [
      { AttributeName, AttributeType: ({ String: "S", Number: "N", Binary: "B" } as const)[type] },
    ],
    keySchema: [{ AttributeName, KeyType: "HASH" }],
    globalSecondaryIndexes: [],
    localSecondaryIndexes: [],
    billingMode: "PAY_PER_REQUEST",
    streamViewType: undefined,
    streamArn: streamArnOf(identity.arn),
    ttlAttribute: undefined,
    deletionProtection: false,
  });
};
