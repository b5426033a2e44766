/** What is kept of durable executions. Rows are plain JSON, so that the next process reads them; times in ms since the epoch. */

export const OPERATION_TYPES = ["EXECUTION", "CONTEXT", "STEP", "WAIT", "CALLBACK", "CHAINED_INVOKE"] as const;
export type OperationType = (typeof OPERATION_TYPES)[number];

export const OPERATION_ACTIONS = ["START", "SUCCEED", "FAIL", "RETRY", "CANCEL"] as const;
export type OperationAction = (typeof OPERATION_ACTIONS)[number];

export type OperationStatus =
  | "STARTED"
  | "PENDING"
  | "READY"
  | "SUCCEEDED"
  | "FAILED"
  | "CANCELLED"
  | "TIMED_OUT"
  | "STOPPED";

export const EXECUTION_STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

/** As the API has it. */
export interface ErrorObject {
  readonly ErrorMessage?: string;
  readonly ErrorType?: string;
  readonly ErrorData?: string;
  readonly StackTrace?: readonly string[];
}

export interface OperationRow {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string | undefined;
  readonly type: OperationType;
  readonly subType: string | undefined;
  readonly status: OperationStatus;
  readonly startMs: number;
  readonly endMs: number | undefined;
  /** Place among the operations of the execution, in the order of their start. */
  readonly order: number;
  /** Number of its last change: what the function has not been told of is above `ExecutionRow.seen`. */
  readonly change: number;
  readonly result: string | undefined;
  readonly error: ErrorObject | undefined;
  /** STEP: attempts that have ended. */
  readonly attempt: number | undefined;
  /** When its timer fires: end of a WAIT, next attempt of a STEP, timeout of a CALLBACK. */
  readonly dueMs: number | undefined;
  readonly waitSeconds: number | undefined;
  readonly replayChildren: boolean | undefined;
  readonly callbackId: string | undefined;
  readonly heartbeatSeconds: number | undefined;
  readonly heartbeatDueMs: number | undefined;
  /** CHAINED_INVOKE: what is called, with what, and the execution that this began. */
  readonly functionName: string | undefined;
  readonly input: string | undefined;
  readonly childArn: string | undefined;
}

/** The invocation under way. */
export interface InvocationRow {
  readonly id: string;
  readonly startMs: number;
  /** Checkpoints of it: each makes a new token. */
  readonly sequence: number;
}

/** Without its input, which its first operation has: it may be large, and this row is written with each change. */
export interface ExecutionRow {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly functionName: string;
  /** With its version, which all invocations run. */
  readonly functionArn: string;
  readonly version: string;
  readonly status: ExecutionStatus;
  readonly startMs: number;
  /** Place among those of the same millisecond, which a virtual clock has many of. */
  readonly place: number;
  readonly endMs: number | undefined;
  readonly result: string | undefined;
  readonly error: ErrorObject | undefined;
  readonly timeoutSeconds: number;
  readonly retentionDays: number;
  readonly isAsync: boolean;
  readonly traceHeader: string | undefined;
  readonly clientContext: string | undefined;
  /** Counters: last change, last change that the function knows, last event, operations. */
  readonly changes: number;
  readonly seen: number;
  readonly events: number;
  readonly operations: number;
  readonly invocation: InvocationRow | undefined;
  /** To be invoked, as soon as no invocation is under way. */
  readonly isDue: boolean;
  /** Invocations in a row that ended in an error of the function, and when the next one is tried. */
  readonly failures: number;
  /** Tries in a row that were throttled. */
  readonly refusals: number;
  readonly retryMs: number | undefined;
  /** The last checkpoint that named a ClientToken, and its answer. */
  readonly replay: CheckpointReplay | undefined;
  /** Of an execution that another one began. */
  readonly parent: { readonly id: string; readonly operationId: string } | undefined;
  /** Of the function, as it was at the start. */
  readonly deadLetterArn: string | undefined;
  /** It has failed, and its dead letter is not sent yet. */
  readonly owesLetter: boolean;
}

export interface CheckpointReplay {
  readonly token: string;
  readonly clientToken: string;
  readonly nextToken: string;
  readonly operations: readonly OperationRow[];
}

/** One event of a history; `details` stand under `<type>Details`. */
export interface EventRow {
  readonly type: string;
  readonly timestampMs: number;
  readonly operation: Pick<OperationRow, "id" | "name" | "subType" | "parentId"> | undefined;
  readonly details: EventDetails;
}

/** Times among them in ms: `Start`, `End`, `ScheduledEndTimestamp`. */
export type EventDetails = Readonly<Record<string, unknown>>;

type Optional<T> = { [K in keyof T as undefined extends T[K] ? K : never]?: T[K] };
type Needed<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] };

/** Rows have one hidden class: each member is there from the start. */
export function operationRow(of: Needed<OperationRow> & Optional<OperationRow>): OperationRow {
  const { id, type, status, startMs, order, change, parentId, name, subType, endMs, result, error, attempt, dueMs } =
    of;
  const { waitSeconds, replayChildren, callbackId, heartbeatSeconds, heartbeatDueMs, functionName, input, childArn } =
    of;
  return {
    id,
    parentId,
    name,
    type,
    subType,
    status,
    startMs,
    endMs,
    order,
    change,
    result,
    error,
    attempt,
    dueMs,
    waitSeconds,
    replayChildren,
    callbackId,
    heartbeatSeconds,
    heartbeatDueMs,
    functionName,
    input,
    childArn,
  };
}

/** Ended, whatever the end was. */
export const isClosed = ({ status }: Pick<ExecutionRow, "status">): boolean => status !== "RUNNING";

const OPEN: ReadonlySet<OperationStatus> = new Set(["STARTED", "PENDING", "READY"]);
export const isOpen = ({ status }: Pick<OperationRow, "status">): boolean => OPEN.has(status);
