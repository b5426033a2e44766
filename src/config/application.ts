/**
 * The application as the template declares it: every reference resolved, every default filled in, plain JSON.
 * The stack reads nothing else. Names follow CloudFormation's resource types; `logicalId` is the key in the template.
 */
import type { Realm } from "../shared/arn.js";
import type { ApiConfig } from "./api-config.js";
import type { EventSource, RuleTarget } from "./event-source.js";
import type { FunctionConfig } from "./function-config.js";
import type { Json, JsonObject } from "./json.js";

interface Named {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
}

export interface BucketNotification {
  readonly events: readonly string[];
  readonly prefix: string | undefined;
  readonly suffix: string | undefined;
  readonly target: { readonly kind: "function" | "queue" | "topic"; readonly arn: string };
}

export interface CorsRule {
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeSeconds: number | undefined;
}

export interface BucketConfig extends Named {
  readonly versioning: boolean;
  /** Sends every event to the default event bus. */
  readonly eventBridge: boolean;
  /** All of them, those to functions too: on AWS the notification configuration belongs to the bucket. */
  readonly notifications: readonly BucketNotification[];
  readonly cors: readonly CorsRule[];
}

export interface QueueConfig extends Named {
  /** In AWS's form; `bindEndpoints` turns it into the local one. */
  readonly url: string;
  readonly fifo: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly delaySeconds: number;
  readonly messageRetentionSeconds: number;
  readonly maximumMessageSizeBytes: number;
  readonly receiveWaitSeconds: number;
  readonly contentBasedDeduplication: boolean;
  readonly deduplicationScope: "messageGroup" | "queue";
  readonly fifoThroughputLimit: "perQueue" | "perMessageGroupId";
  readonly redrive: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number } | undefined;
  readonly redriveAllow: JsonObject | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: "HASH" | "RANGE";
}

export interface TableIndex {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection: {
    readonly ProjectionType: "ALL" | "KEYS_ONLY" | "INCLUDE";
    readonly NonKeyAttributes?: readonly string[] | undefined;
  };
}

/** Spelled as CreateTable takes it, so that it can be handed on as it is. */
export interface TableConfig extends Named {
  readonly attributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: "S" | "N" | "B" }[];
  readonly keySchema: readonly KeyElement[];
  readonly globalSecondaryIndexes: readonly TableIndex[];
  readonly localSecondaryIndexes: readonly TableIndex[];
  readonly billingMode: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly streamViewType: "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES" | undefined;
  /** The table's stream must carry this ARN: functions hold it in their environment. */
  readonly streamArn: string;
  readonly ttlAttribute: string | undefined;
  readonly deletionProtection: boolean;
}

/** A stream of Kinesis. */
export interface StreamConfig extends Named {
  readonly mode: "PROVISIONED" | "ON_DEMAND";
  /** Undefined in on-demand mode. */
  readonly shardCount: number | undefined;
  readonly retentionHours: number;
  readonly maxRecordKiB: number;
  readonly keyId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly consumers: readonly StreamConsumerConfig[];
}

export interface StreamConsumerConfig {
  readonly name: string;
  /** Functions may hold it in their environment. */
  readonly arn: string;
}

export interface SecretConfig extends Named {
  readonly description: string;
  readonly secretString: string | undefined;
  /** `GenerateSecretString` as written, when there is no SecretString. */
  readonly generate: JsonObject | undefined;
}

/** An SSM parameter resource (not a template parameter). */
export interface ParameterConfig extends Named {
  readonly type: "String" | "StringList" | "SecureString";
  readonly value: string;
  readonly description: string;
}

export interface TopicSubscription {
  readonly protocol: string;
  readonly endpoint: string;
  readonly rawMessageDelivery: boolean;
  readonly filterPolicy: JsonObject | undefined;
  readonly filterPolicyScope: "MessageAttributes" | "MessageBody";
  readonly deadLetterTargetArn: string | undefined;
}

export interface TopicConfig extends Named {
  readonly fifo: boolean;
  readonly contentBasedDeduplication: boolean;
  readonly displayName: string;
  readonly subscriptions: readonly TopicSubscription[];
}

export interface EventBusConfig extends Named {
  readonly description: string | undefined;
  readonly deadLetterArn: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** What authorises requests to somebody else's API. */
export interface ConnectionConfig extends Named {
  readonly secretArn: string;
  /** As CreateConnection takes it, without the name; dynamic references still in it. */
  readonly input: JsonObject;
}

/** Somebody else's API as a target of rules. */
export interface ApiDestinationConfig extends Named {
  /** As CreateApiDestination takes it, without the name. */
  readonly input: JsonObject;
}

/** A rule of EventBridge, by pattern, by schedule, or both. */
export interface RuleConfig extends Named {
  readonly busName: string;
  readonly description: string | undefined;
  readonly pattern: JsonObject | undefined;
  readonly scheduleExpression: string | undefined;
  /** As PutRule takes it. */
  readonly state: string;
  readonly roleArn: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly targets: readonly RuleTarget[];
}

/** A schedule of EventBridge Scheduler. */
export interface ScheduleConfig extends Named {
  readonly groupName: string;
  readonly description: string | undefined;
  readonly expression: string;
  readonly timezone: string;
  /** Milliseconds since the epoch. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly flexibleWindowMinutes: number | undefined;
  readonly enabled: boolean;
  readonly deleteAfterCompletion: boolean;
  readonly kmsKeyArn: string | undefined;
  readonly target: RuleTarget;
}

export interface ScheduleGroupConfig extends Named {
  readonly tags: Readonly<Record<string, string>>;
}

/** A pipe of EventBridge. */
export interface PipeConfig extends Named {
  /** As CreatePipe takes them, without the name. */
  readonly properties: JsonObject;
}

export interface AlarmConfig extends Named {
  readonly description: string;
  readonly namespace: string | undefined;
  readonly metricName: string | undefined;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: string | undefined;
  readonly extendedStatistic: string | undefined;
  readonly unit: string | undefined;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly threshold: number | undefined;
  readonly comparisonOperator: string;
  readonly treatMissingData: "breaching" | "notBreaching" | "ignore" | "missing";
  readonly actionsEnabled: boolean;
  readonly alarmActions: readonly string[];
  readonly okActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  /** Metric math, as written. */
  readonly metrics: readonly Json[] | undefined;
}

export interface LogGroupConfig extends Named {
  /** Undefined = kept for ever. */
  readonly retentionDays: number | undefined;
}

export interface StateMachineConfig extends Named {
  readonly type: "STANDARD" | "EXPRESS";
  /** Amazon States Language, as JSON text, substitutions applied. */
  readonly definition: string;
  /** For a person: the file of the definition, or its place in the template. */
  readonly definedAt: string;
  readonly roleArn: string;
  readonly logging: {
    readonly level: "ALL" | "ERROR" | "FATAL" | "OFF";
    readonly includeExecutionData: boolean;
    readonly logGroupArns: readonly string[];
  };
  readonly tracing: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** A version is published with each change, and these aliases follow it. */
  readonly published: { readonly aliases: readonly string[] } | undefined;
}

/** An activity of Step Functions: work that workers fetch. */
export type ActivityConfig = Named;

export interface LayerConfig extends Named {
  readonly version: number;
  /** Folder laid over /opt, or a ZIP of it. */
  readonly path: string;
  readonly packaging: "folder" | "zip";
  /** The folder of the layer that SAM builds the content into: `nodejs`, `python`. */
  readonly builtInto?: string;
  readonly compatibleRuntimes: readonly string[];
}

/** A resource of the template that is announced and skipped. */
export interface SkippedResource {
  readonly logicalId: string;
  readonly type: string;
}

export interface Application {
  /** Absolute path of the template; undefined when there is none. */
  readonly sourceFile: string | undefined;
  readonly stackName: string;
  readonly realm: Realm;
  readonly functions: readonly FunctionConfig[];
  readonly buckets: readonly BucketConfig[];
  readonly queues: readonly QueueConfig[];
  readonly tables: readonly TableConfig[];
  readonly streams: readonly StreamConfig[];
  readonly secrets: readonly SecretConfig[];
  readonly parameters: readonly ParameterConfig[];
  readonly topics: readonly TopicConfig[];
  readonly eventBuses: readonly EventBusConfig[];
  readonly connections: readonly ConnectionConfig[];
  readonly apiDestinations: readonly ApiDestinationConfig[];
  readonly rules: readonly RuleConfig[];
  readonly schedules: readonly ScheduleConfig[];
  readonly scheduleGroups: readonly ScheduleGroupConfig[];
  readonly pipes: readonly PipeConfig[];
  readonly alarms: readonly AlarmConfig[];
  readonly logGroups: readonly LogGroupConfig[];
  readonly stateMachines: readonly StateMachineConfig[];
  readonly activities: readonly ActivityConfig[];
  readonly layers: readonly LayerConfig[];
  readonly apis: readonly ApiConfig[];
  /** What makes functions fire, seen from the function's side. */
  readonly eventSources: readonly EventSource[];
  readonly outputs: Readonly<Record<string, Json>>;
  readonly skipped: readonly SkippedResource[];
  /** It has types of SAM's and no `Transform` that tells CloudFormation so. */
  readonly lacksTransform?: true;
  /** Sentences to say aloud once: placeholders, skipped resources, differences from AWS. */
  readonly notices: readonly string[];
  readonly placeholders: readonly Placeholder[];
}

/** A value that is not known on this machine, and what stands in for it wherever the template names it. */
export interface Placeholder {
  readonly value: string;
  /** Says so; among the application's notices. */
  readonly notice: string;
}
