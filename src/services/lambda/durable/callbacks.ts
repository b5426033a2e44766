/** What others send to an execution that waits for them. Lambda API reference, "SendDurableExecutionCallbackSuccess". */
import type { Draft, Execution } from "./draft.js";
import { callbackClosed, invalidCallback } from "./errors.js";
import type { DurableExecutions } from "./executions.js";
import { endedDetails } from "./history.js";
import { isClosed, type ErrorObject, type OperationRow } from "./rows.js";
import { partsOfCallbackId } from "./tokens.js";

export type CallbackOutcome =
  | { readonly status: "SUCCEEDED"; readonly result: string | undefined }
  | { readonly status: "FAILED"; readonly error: ErrorObject };

export function endCallback(
  executions: DurableExecutions,
  callbackId: string,
  outcome: CallbackOutcome,
): Promise<void> {
  const { execution, operationId } = waitingFor(executions, callbackId);
  return executions.change(execution, (draft) => {
    const operation = requireOpen(draft, operationId, callbackId);
    const ended = draft.change(operation, Object.assign({ endMs: draft.nowMs }, outcome));
    draft.event(outcome.status === "SUCCEEDED" ? "CallbackSucceeded" : "CallbackFailed", ended, endedDetails(ended));
    draft.wake();
  });
}

/** Puts its heartbeat timeout off, if it has one. */
export function heartbeat(executions: DurableExecutions, callbackId: string): Promise<void> {
  const { execution, operationId } = waitingFor(executions, callbackId);
  return executions.change(execution, (draft) => {
    const operation = requireOpen(draft, operationId, callbackId);
    const { heartbeatSeconds = 0 } = operation;
    if (heartbeatSeconds > 0) draft.amend(operation, { heartbeatDueMs: draft.nowMs + heartbeatSeconds * 1000 });
  });
}

function waitingFor(
  executions: DurableExecutions,
  callbackId: string,
): { readonly execution: Execution; readonly operationId: string } {
  const parts = partsOfCallbackId(callbackId);
  if (parts === undefined) throw invalidCallback();
  const execution = executions.execution(parts.executionId);
  if (execution === undefined) throw callbackClosed();
  return { execution, operationId: parts.operationId };
}

/** One that is past its time is closed, even if its timer has not been seen to. */
function requireOpen(draft: Draft, operationId: string, callbackId: string): OperationRow {
  const operation = draft.get(operationId);
  const { status, dueMs = Infinity, heartbeatDueMs = Infinity } = operation ?? {};
  const isOpen = operation?.callbackId === callbackId && status === "STARTED" && !isClosed(draft.row);
  if (!isOpen || Math.min(dueMs, heartbeatDueMs) <= draft.nowMs) throw callbackClosed();
  return operation;
}
