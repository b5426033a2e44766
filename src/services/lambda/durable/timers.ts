/** What time does to an execution: waits end, steps may be tried again, callbacks time out, and so does the whole. */
import { closeExecution, timedOut } from "./close.js";
import type { Draft, Execution } from "./draft.js";
import { isClosed, isOpen, type ErrorObject, type ExecutionRow, type OperationRow } from "./rows.js";

/** When something happens next; undefined = never. */
export function nextDueMs({ row, operations }: Execution): number | undefined {
  if (isClosed(row)) return undefined;
  let nextMs = Math.min(endsMs(row), row.retryMs ?? Infinity);
  for (const operation of operations.values()) nextMs = Math.min(nextMs, ...duesOf(operation));
  return nextMs;
}

/** True when the function has to be told. */
export function fireDue(draft: Draft): boolean {
  let fired = false;
  for (const operation of draft.operations())
    if (duesOf(operation).some((dueMs) => dueMs <= draft.nowMs)) {
      fire(draft, operation);
      fired = true;
    }
  return fired;
}

/** True when it has come to its end. */
export function timeOut(draft: Draft): boolean {
  if (draft.nowMs < endsMs(draft.row)) return false;
  closeExecution(draft, timedOut(draft.row.timeoutSeconds));
  return true;
}

const endsMs = ({ startMs, timeoutSeconds }: ExecutionRow): number => startMs + timeoutSeconds * 1000;

function duesOf(operation: OperationRow): number[] {
  const { dueMs, heartbeatDueMs } = operation;
  return isOpen(operation) ? [dueMs, heartbeatDueMs].filter((time) => time !== undefined) : [];
}

function fire(draft: Draft, operation: OperationRow): void {
  const { nowMs } = draft;
  switch (operation.type) {
    case "WAIT": {
      const ended = draft.change(operation, { status: "SUCCEEDED", endMs: nowMs });
      draft.event("WaitSucceeded", ended, { Duration: operation.waitSeconds });
      return;
    }
    case "STEP":
      draft.change(operation, { status: "READY", dueMs: undefined });
      return;
    case "CALLBACK": {
      const error = timeoutOf(operation);
      const ended = draft.change(operation, { status: "TIMED_OUT", endMs: nowMs, error });
      draft.event("CallbackTimedOut", ended, { Error: { Payload: { ErrorType: error.ErrorType } } });
      return;
    }
    default:
      throw new Error(`an operation ${operation.type} has no timer`);
  }
}

function timeoutOf({ dueMs = Infinity, heartbeatDueMs = Infinity }: OperationRow): ErrorObject {
  return heartbeatDueMs < dueMs
    ? { ErrorMessage: "Callback timed out on heartbeat", ErrorType: "Callback.Heartbeat" }
    : { ErrorMessage: "Callback timed out", ErrorType: "Callback.Timeout" };
}
