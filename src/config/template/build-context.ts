/** What the builders of the application share: the scope, the folders, and the lists that they fill. */
import type { ApiConfig } from "../api-config.js";
import type {
  ActivityConfig,
  AlarmConfig,
  ApiDestinationConfig,
  BucketConfig,
  BucketNotification,
  ConnectionConfig,
  EventBusConfig,
  LayerConfig,
  LogGroupConfig,
  ParameterConfig,
  PipeConfig,
  QueueConfig,
  RuleConfig,
  ScheduleConfig,
  ScheduleGroupConfig,
  SecretConfig,
  SkippedResource,
  StateMachineConfig,
  StreamConfig,
  StreamConsumerConfig,
  TableConfig,
  TopicConfig,
  TopicSubscription,
} from "../application.js";
import type { EventSource, FunctionTarget } from "../event-source.js";
import type { FunctionConfig } from "../function-config.js";
import type { TemplateResource } from "./resource.js";
import { RESOURCE_TYPES } from "./resource-types.js";
import type { TemplateScope } from "./scope.js";

/** The application while it is built. */
export interface Draft {
  readonly functions: FunctionConfig[];
  readonly buckets: BucketConfig[];
  readonly queues: QueueConfig[];
  readonly tables: TableConfig[];
  readonly streams: StreamConfig[];
  readonly secrets: SecretConfig[];
  readonly parameters: ParameterConfig[];
  readonly topics: TopicConfig[];
  readonly eventBuses: EventBusConfig[];
  readonly connections: ConnectionConfig[];
  readonly apiDestinations: ApiDestinationConfig[];
  readonly rules: RuleConfig[];
  readonly schedules: ScheduleConfig[];
  readonly scheduleGroups: ScheduleGroupConfig[];
  readonly pipes: PipeConfig[];
  readonly alarms: AlarmConfig[];
  readonly logGroups: LogGroupConfig[];
  readonly stateMachines: StateMachineConfig[];
  readonly activities: ActivityConfig[];
  readonly layers: LayerConfig[];
  readonly apis: ApiConfig[];
  readonly eventSources: EventSource[];
  readonly skipped: SkippedResource[];
  /** By bucket name: SAM events add to what the bucket itself declares. */
  readonly notifications: Map<string, BucketNotification[]>;
  /** By topic ARN. */
  readonly subscriptions: Map<string, TopicSubscription[]>;
  /** By ARN of the stream. */
  readonly streamConsumers: Map<string, StreamConsumerConfig[]>;
}

export interface BuildContext {
  readonly scope: TemplateScope;
  readonly draft: Draft;
  readonly baseFolder: string;
  readonly generatedFolder: string;
  /** Reads a file beside the template and notes that the application depends on it. */
  readonly readText: (path: string) => string | undefined;
  /** Notes that the result depends on whether this path exists. */
  readonly exists: (path: string) => boolean;
}

export type Builder = (resource: TemplateResource, context: BuildContext) => void;

export const emptyDraft = (): Draft => ({
  functions: [],
  buckets: [],
  queues: [],
  tables: [],
  streams: [],
  secrets: [],
  parameters: [],
  topics: [],
  eventBuses: [],
  connections: [],
  apiDestinations: [],
  rules: [],
  schedules: [],
  scheduleGroups: [],
  pipes: [],
  alarms: [],
  logGroups: [],
  stateMachines: [],
  activities: [],
  layers: [],
  apis: [],
  eventSources: [],
  skipped: [],
  notifications: new Map(),
  subscriptions: new Map(),
  streamConsumers: new Map(),
});

export interface Identity {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
}

/** Logical id, physical name and ARN of a resource. */
export function identify(resource: TemplateResource, { scope }: BuildContext): Identity {
  const { logicalId, type } = resource;
  const usage = scope.usageOf(resource);
  const attributes = RESOURCE_TYPES[type]?.attributes ?? {};
  const attribute =
    ["Arn", "TopicArn", "ConsumerARN", "Id", "LayerVersionArn"].find((candidate) => candidate in attributes) ?? "Arn";
  return { logicalId, name: scope.nameOf(logicalId, usage), arn: scope.attribute(logicalId, attribute, usage) };
}

/** Appends to the list at `key`. */
export function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/**
 * The function that an ARN, name or API Gateway integration URI means, with its qualifier (`:live`, `:$LATEST`). Works by
 * text, because functions may be built later than what refers to them.
 */
export function functionTargetOf(target: string, { scope }: BuildContext): FunctionTarget | undefined {
  const inUri = /\/functions\/([^/]+)\/(?:response-streaming-)?invocations/.exec(target);
  const wanted = inUri?.[1] ?? target;
  const named = wanted.startsWith("arn:") ? /^arn:[^:]*:lambda:[^:]*:\d*:function:(.+)$/.exec(wanted)?.[1] : wanted;
  const [name, qualifier] = named?.split(":") ?? [];
  for (const [functionId, resource] of scope.resources) {
    if (resource.type !== "AWS::Serverless::Function" && resource.type !== "AWS::Lambda::Function") continue;
    if (scope.nameOf(functionId, scope.usageOf(resource)) === name)
      return qualifier === undefined ? { functionId } : { functionId, qualifier };
  }
  return undefined;
}

/** `queue`, `topic`, `function` ... of an ARN. */
export const serviceOf = (arn: string): string => arn.split(":")[2] ?? "";
