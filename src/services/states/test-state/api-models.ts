/**
 * What the APIs answer that tasks call: the schemas inside AWS's own SDK for the services whose clients are a part of the
 * product, and here for the others that tasks call most. Of any other nothing is known, and nothing is checked.
 */
import { resourceIn } from "../validation/resources.js";
import type { Json } from "../../../config/json.js";

/** A shape as the SDK has it: a number for a simple type, a list for the rest, a function where one is named before it is made. */
export type Schema = unknown;

export interface ApiModel {
  readonly output: Schema;
  /** What the SDK exports, the values of enumerations among it. */
  readonly exports: Readonly<Record<string, unknown>>;
  /** Bounds of numbers by the name of the member: the schemas of the SDK have none. */
  readonly bounds: Readonly<Record<string, readonly [least: number, most: number]>>;
}

type Load = () => Promise<object>;

const CLIENTS: Readonly<Record<string, Load>> = {
  dynamodb: () => import("@aws-sdk/client-dynamodb"),
  lambda: () => import("@aws-sdk/client-lambda"),
  s3: () => import("@aws-sdk/client-s3"),
  secretsmanager: () => import("@aws-sdk/client-secrets-manager"),
  sns: () => import("@aws-sdk/client-sns"),
  sqs: () => import("@aws-sdk/client-sqs"),
  ssm: () => import("@aws-sdk/client-ssm"),
  sts: () => import("@aws-sdk/client-sts"),
};

/** https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html and the pages beside it */
const BOUNDS: Readonly<Record<string, ApiModel["bounds"]>> = {
  lambda: {
    MemorySize: [128, 10_240],
    Timeout: [1, Infinity],
    Size: [512, 10_240],
    BatchSize: [1, 10_000],
    MaximumBatchingWindowInSeconds: [0, 300],
    MaximumEventAgeInSeconds: [60, 21_600],
    MaximumRetryAttempts: [0, 2],
    ParallelizationFactor: [1, 10],
    ReservedConcurrentExecutions: [0, Infinity],
  },
};

const TEXT = 0;
const NUMBER = 1;
const TIME = 4;
const BLOB = 21;
const ANY = 15;

type Shape = readonly [kind: number, namespace: string, name: string, ...rest: unknown[]];

function structure(members: Readonly<Record<string, Schema>>, required = 0): Shape {
  return [3, "", "", 0, Object.keys(members), Object.values(members), required];
}

const listOf = (item: Schema): Shape => [1, "", "", 0, item];

/**
 * `states:startExecution.sync` answers with the whole execution. Of `.sync:2`, whose result has documents and numbers there, AWS
 * wants the texts of the API in a mock, too (https://github.com/boto/boto3/issues/4683).
 */
const EXECUTION = structure(
  {
    ExecutionArn: TEXT,
    StateMachineArn: TEXT,
    StartDate: TIME,
    Status: TEXT,
    Name: TEXT,
    StopDate: TIME,
    Input: TEXT,
    Output: TEXT,
    Error: TEXT,
    Cause: TEXT,
  },
  4,
);
const EXECUTION_STARTED = structure({ ExecutionArn: TEXT, StartDate: TIME }, 2);
const EVENTS_PUT = structure({
  FailedEntryCount: NUMBER,
  Entries: listOf(structure({ EventId: TEXT, ErrorCode: TEXT, ErrorMessage: TEXT })),
});
const HTTP_METADATA = structure({ AllHttpHeaders: ANY, HttpHeaders: ANY, HttpStatusCode: NUMBER });

/** Those without a client here, and those whose answer is not the API's own. */
const OWN: Readonly<Record<string, Shape>> = {
  "lambda:invoke": structure({
    ExecutedVersion: TEXT,
    FunctionError: TEXT,
    LogResult: TEXT,
    Payload: ANY,
    SdkHttpMetadata: HTTP_METADATA,
    SdkResponseMetadata: ANY,
    StatusCode: NUMBER,
  }),
  "events:putEvents": EVENTS_PUT,
  "aws-sdk:eventbridge:putEvents": EVENTS_PUT,
  "states:startExecution": EXECUTION_STARTED,
  "aws-sdk:sfn:startExecution": EXECUTION_STARTED,
  "states:startExecution.sync": EXECUTION,
  "states:startExecution.sync:2": EXECUTION,
  "aws-sdk:kms:encrypt": structure({ CiphertextBlob: BLOB, KeyId: TEXT, EncryptionAlgorithm: TEXT }),
  "aws-sdk:kms:decrypt": structure({
    KeyId: TEXT,
    Plaintext: BLOB,
    EncryptionAlgorithm: TEXT,
    CiphertextForRecipient: BLOB,
  }),
  "aws-sdk:kms:generateDataKey": structure({
    CiphertextBlob: BLOB,
    Plaintext: BLOB,
    KeyId: TEXT,
    CiphertextForRecipient: BLOB,
    KeyMaterialId: TEXT,
  }),
};
/** The model of what `Resource` answers with, when it is known. A callback may answer with anything. */
export async function modelOf(resource: Json | undefined): Promise<ApiModel | undefined> {
  const named = resourceIn(resource);
  if (named?.kind !== "service") {
    return undefined;
  }
  const { service, action, pattern } = named;
  const call = `${service}:${action}${pattern === "request-response" ? "" : `.${pattern}`}`;
  const own = OWN[call];
  if (own !== undefined) {
    return { output: own, exports: {}, bounds: {} };
  }
  const name = service.replace(/^aws-sdk:/, "");
  const load = pattern === "request-response" && Object.hasOwn(CLIENTS, name) ? CLIENTS[name] : undefined;
  if (load === undefined) {
    return undefined;
  }
  const exports = (await load()) as Readonly<Record<string, unknown>>;
  const operation = exports[`${action.charAt(0).toUpperCase()}${action.slice(1)}$`];
  const output: Schema = Array.isArray(operation) ? (operation as unknown[])[5] : undefined;
  return output === undefined ? undefined : { output, exports, bounds: BOUNDS[name] ?? {} };
}
