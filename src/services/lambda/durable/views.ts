/** Executions and their operations as the API shows them, and as the function gets them: seconds there, milliseconds here. */
import { defined } from "../../kit/defined.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Execution } from "./draft.js";
import { isOpen, type ExecutionRow, type OperationRow } from "./rows.js";

export type TimeUnit = "seconds" | "milliseconds";

const timeIn = (unit: TimeUnit, ms: number): number => (unit === "seconds" ? ms / 1000 : ms);

export function operationView(row: OperationRow, unit: TimeUnit): JsonObject {
  const { endMs } = row;
  return defined<JsonObject>({
    Id: row.id,
    ParentId: row.parentId,
    Name: row.name,
    Type: row.type,
    SubType: row.subType,
    StartTimestamp: timeIn(unit, row.startMs),
    EndTimestamp: endMs === undefined ? undefined : timeIn(unit, endMs),
    Status: row.status,
    ...detailsOf(row, unit),
  });
}

function detailsOf(row: OperationRow, unit: TimeUnit): JsonObject {
  const { result: Result, error: Error, dueMs } = row;
  const dueTime = dueMs === undefined ? undefined : timeIn(unit, dueMs);
  switch (row.type) {
    case "EXECUTION":
      return { ExecutionDetails: defined<JsonObject>({ InputPayload: row.input }) };
    case "CONTEXT":
      return { ContextDetails: defined<JsonObject>({ ReplayChildren: row.replayChildren, Result, Error }) };
    case "STEP": {
      const NextAttemptTimestamp = row.status === "PENDING" ? dueTime : undefined;
      return { StepDetails: defined<JsonObject>({ Attempt: row.attempt, NextAttemptTimestamp, Result, Error }) };
    }
    case "WAIT":
      return { WaitDetails: defined<JsonObject>({ ScheduledEndTimestamp: dueTime }) };
    case "CALLBACK":
      return { CallbackDetails: defined<JsonObject>({ CallbackId: row.callbackId, Result, Error }) };
    case "CHAINED_INVOKE":
      return { ChainedInvokeDetails: defined<JsonObject>({ Result, Error }) };
  }
}

/**
 * What a replay needs, in the order of its start: of a context that has ended, its result will do, unless it asked for its
 * children. Lambda API reference, "GetDurableExecutionState".
 */
export function replayed(operations: Iterable<OperationRow>): OperationRow[] {
  const left = new Set<string>();
  const kept: OperationRow[] = [];
  const byId = new Map<string, OperationRow>();
  for (const operation of operations) {
    byId.set(operation.id, operation);
    const parent = operation.parentId === undefined ? undefined : byId.get(operation.parentId);
    const isLeft = parent !== undefined && (left.has(parent.id) || (!isOpen(parent) && parent.replayChildren !== true));
    if (isLeft) left.add(operation.id);
    else kept.push(operation);
  }
  return kept;
}

export function executionView({ row, input: InputPayload }: Execution, withData: boolean): JsonObject {
  const { result: Result, error: Error } = row;
  return defined<JsonObject>({
    ...summaryView(row),
    Version: row.version,
    TraceHeader: row.traceHeader === undefined ? undefined : { XAmznTraceId: row.traceHeader },
    DurableConfig: { ExecutionTimeout: row.timeoutSeconds, RetentionPeriodInDays: row.retentionDays },
    ExecutionDataIncluded: withData,
    ...(withData ? { InputPayload, Result, Error } : {}),
  });
}

export function summaryView(row: ExecutionRow): JsonObject {
  return defined<JsonObject>({
    DurableExecutionArn: row.arn,
    DurableExecutionName: row.name,
    FunctionArn: row.functionArn,
    Status: row.status,
    StartTimestamp: row.startMs / 1000,
    EndTimestamp: row.endMs === undefined ? undefined : row.endMs / 1000,
  });
}
