/** Members of the operations on durable executions, as the API model of November 2026 bounds them. */
import { LAMBDA } from "../../../shared/aws-limits.js";
import { EXECUTION_STATUSES, OPERATION_ACTIONS, OPERATION_TYPES } from "../durable/rows.js";
import { NAMESPACED_NAME, QUALIFIER } from "./names.js";
import { flag, integer, listOf, oneOf, query, required, structure, text, type Members } from "./shape.js";

const EXECUTION_ARN = text(
  1,
  1024,
  "arn:([a-zA-Z0-9-]+):lambda:([a-zA-Z0-9-]+):(\\d{12}):function:([a-zA-Z0-9_-]+):(\\$LATEST(?:\\.PUBLISHED)?|[0-9]+)/durable-execution/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)",
);
export const EXECUTION_NAME = text(1, 64, "[a-zA-Z0-9-_]+");
export const CALLBACK_ID = text(1, 1024, "[A-Za-z0-9+/]+={0,2}");
const TOKEN = text(1, 2048, "[A-Za-z0-9+/]+={0,2}");
const OPERATION_ID = text(1, 64, "[a-zA-Z0-9-_]+");
const DELAY = integer(1, LAMBDA.durableSeconds);
const TIMEOUT = integer(0, 99_999_999);
const EXECUTION: Members = { DurableExecutionArn: required(EXECUTION_ARN) };
const CALLBACK: Members = { CallbackId: required(CALLBACK_ID) };
const PAGES: Members = { Marker: query(text(1, 1024)), MaxItems: query(integer(0, 1000)) };
const ERROR: Members = {
  ErrorMessage: text(),
  ErrorType: text(),
  ErrorData: text(),
  StackTrace: listOf(text()),
};
const UPDATE = structure({
  Id: required(OPERATION_ID),
  ParentId: OPERATION_ID,
  Name: text(1, 256, "[\\x20-\\x7E]+"),
  Type: required(oneOf(...OPERATION_TYPES)),
  SubType: text(1, 32, "[a-zA-Z0-9-_]+"),
  Action: required(oneOf(...OPERATION_ACTIONS)),
  Error: structure(ERROR),
  ContextOptions: structure({ ReplayChildren: flag }),
  StepOptions: structure({ NextAttemptDelaySeconds: DELAY }),
  WaitOptions: structure({ WaitSeconds: DELAY }),
  CallbackOptions: structure({ TimeoutSeconds: TIMEOUT, HeartbeatTimeoutSeconds: TIMEOUT }),
  ChainedInvokeOptions: structure({ FunctionName: required(NAMESPACED_NAME), TenantId: text(1, 256) }),
});

export const DURABLE_CONFIG = structure({
  KMSKeyArn: text(0, 10_000),
  RetentionPeriodInDays: integer(LAMBDA.durableRetentionDays.min, LAMBDA.durableRetentionDays.max),
  ExecutionTimeout: integer(1, LAMBDA.durableSeconds),
});

export const DURABLE_INPUTS: Readonly<Record<string, Members>> = {
  CheckpointDurableExecution: {
    ...EXECUTION,
    CheckpointToken: required(TOKEN),
    Updates: listOf(UPDATE),
    ClientToken: text(1, 64, "[\\x21-\\x7E]+"),
  },
  GetDurableExecution: { ...EXECUTION, IncludeExecutionData: query(text()) },
  GetDurableExecutionHistory: {
    ...EXECUTION,
    IncludeExecutionData: query(text()),
    ReverseOrder: query(text()),
    ...PAGES,
  },
  GetDurableExecutionState: { ...EXECUTION, CheckpointToken: required(query(TOKEN)), ...PAGES },
  ListDurableExecutionsByFunction: {
    FunctionName: required(NAMESPACED_NAME),
    Qualifier: query(QUALIFIER),
    DurableExecutionName: query(EXECUTION_NAME),
    Statuses: query(listOf(oneOf(...EXECUTION_STATUSES))),
    ReverseOrder: query(text()),
    ...PAGES,
  },
  // Their error is the whole body.
  StopDurableExecution: { ...EXECUTION, ...ERROR },
  SendDurableExecutionCallbackFailure: { ...CALLBACK, ...ERROR },
  SendDurableExecutionCallbackHeartbeat: CALLBACK,
};
