/** What makes a function fire: one variant a kind of trigger, defaults of AWS filled in. */
import type { Json, JsonObject } from "./json.js";

/** What a rule or schedule calls. */
export interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  /** All else, as PutTargets and CreateSchedule take it: `Input`, `RetryPolicy`, `SqsParameters` ... */
  readonly parameters: JsonObject;
}

export interface ApiCors {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds: number | undefined;
}

/** A function of the template, as what fires it names it. */
export interface FunctionTarget {
  /** Logical id of the function. */
  readonly functionId: string;
  /** Version or alias, where it was named with one. */
  readonly qualifier?: string;
}

interface ToFunction extends FunctionTarget {
  /** Name of the event in the template, or logical id of the raw resource that declares it. */
  readonly eventId: string;
}

/** A poller on a stream or queue, as `CreateEventSourceMapping` takes it. */
interface Mapping extends ToFunction {
  readonly batchSize: number;
  readonly maximumBatchingWindowSeconds: number;
  readonly enabled: boolean;
  readonly reportBatchItemFailures: boolean;
  /** JSON texts; empty = everything passes. */
  readonly filterPatterns: readonly string[];
}

export interface SqsSource extends Mapping {
  readonly kind: "sqs";
  readonly queueArn: string;
  /** Undefined = up to 1,250. */
  readonly maximumConcurrency: number | undefined;
}

export interface StreamSource extends Mapping {
  readonly kind: "dynamodb" | "kinesis";
  readonly streamArn: string;
  readonly startingPosition: "TRIM_HORIZON" | "LATEST" | "AT_TIMESTAMP";
  /** Milliseconds since the epoch; of AT_TIMESTAMP. */
  readonly startingPositionMs: number | undefined;
  readonly parallelizationFactor: number;
  readonly bisectBatchOnFunctionError: boolean;
  /** -1 = until the record expires. */
  readonly maximumRetryAttempts: number;
  /** -1 = until the record expires. */
  readonly maximumRecordAgeSeconds: number;
  readonly tumblingWindowSeconds: number;
  readonly onFailureArn: string | undefined;
}

export interface S3Source extends ToFunction {
  readonly kind: "s3";
  readonly bucket: string;
  readonly events: readonly string[];
  readonly prefix: string | undefined;
  readonly suffix: string | undefined;
}

export interface ScheduleSource extends ToFunction {
  readonly kind: "schedule";
  /** A classic rule, or EventBridge Scheduler. */
  readonly via: "rule" | "scheduler";
  readonly name: string;
  readonly expression: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly target: RuleTarget;
}

export interface EventBridgeSource extends ToFunction {
  readonly kind: "eventbridge";
  readonly ruleName: string;
  readonly busName: string;
  readonly pattern: JsonObject;
  readonly enabled: boolean;
  readonly target: RuleTarget;
}

export interface SnsSource extends ToFunction {
  readonly kind: "sns";
  readonly topicArn: string;
  readonly filterPolicy: JsonObject | undefined;
  readonly filterPolicyScope: "MessageAttributes" | "MessageBody";
  readonly deadLetterTargetArn: string | undefined;
}

export interface HttpApiSource extends ToFunction {
  readonly kind: "httpApi";
  /** Logical id of the API. */
  readonly apiId: string;
  /** Upper case, or `ANY`. With `$default` as path: the catch-all route. */
  readonly method: string;
  readonly path: string;
  readonly payloadFormatVersion: "1.0" | "2.0";
  readonly timeoutMs: number;
  readonly auth: JsonObject | undefined;
}

/** What a REST API checks of a request. */
export interface RequestValidation {
  /** Those that have to be there: `method.request.header.X`. */
  readonly parameters: readonly string[];
  /** JSON schemas of the body by media type; `$default` is for all others. Empty = the body is not checked. */
  readonly models: Readonly<Record<string, JsonObject>>;
}

export interface RestApiSource extends ToFunction {
  readonly kind: "restApi";
  readonly apiId: string;
  readonly method: string;
  readonly path: string;
  readonly timeoutMs: number;
  readonly auth: JsonObject | undefined;
  readonly apiKeyRequired: boolean;
  /** `ResponseTransferMode: STREAM`: the answer goes out while the function writes it. */
  readonly streams: boolean;
  readonly validation?: RequestValidation | undefined;
}

/** What a route of a WebSocket API asks of a message, whatever is behind it. */
export interface WebSocketRoute {
  /** `$connect`, `$disconnect`, `$default`, or a value of the route selection expression. */
  readonly routeKey: string;
  /** Two-way: the client gets the answer. */
  readonly answers: boolean;
  readonly auth: JsonObject | undefined;
  readonly apiKeyRequired: boolean;
}

export interface WebSocketSource extends ToFunction, WebSocketRoute {
  readonly kind: "webSocket";
  readonly apiId: string;
  readonly timeoutMs: number;
  /** `ContentHandlingStrategy: CONVERT_TO_TEXT`: binary messages reach the function in base64. */
  readonly takesBinary: boolean;
}

export interface FunctionUrlSource extends ToFunction {
  readonly kind: "functionUrl";
  /** First label of the host name of the real one. */
  readonly urlId: string;
  /** In AWS's form, with the final slash. */
  readonly url: string;
  readonly authType: "NONE" | "AWS_IAM";
  readonly invokeMode: "BUFFERED" | "RESPONSE_STREAM";
  readonly cors: ApiCors | undefined;
}

/** A subscription filter: the events of a log group that its pattern lets through. */
export interface LogsSource extends ToFunction {
  readonly kind: "logs";
  readonly logGroupName: string;
  readonly filterName: string;
  /** Empty = everything passes. */
  readonly filterPattern: string;
  /** The function, with its qualifier. */
  readonly destinationArn: string;
}

/** A trigger that nothing here can fire; kept so that the map of the application is whole. */
export interface UnsupportedSource extends ToFunction {
  readonly kind: "unsupported";
  readonly type: string;
  readonly properties: Json;
}

export type EventSource =
  | SqsSource
  | StreamSource
  | S3Source
  | ScheduleSource
  | EventBridgeSource
  | SnsSource
  | LogsSource
  | HttpApiSource
  | RestApiSource
  | WebSocketSource
  | FunctionUrlSource
  | UnsupportedSource;
