/** The end of an execution, however it comes. */
import type { Draft } from "./draft.js";
import type { ErrorObject, ExecutionStatus } from "./rows.js";

export interface ExecutionEnd {
  readonly status: Exclude<ExecutionStatus, "RUNNING">;
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
}

const EVENTS = {
  SUCCEEDED: "ExecutionSucceeded",
  FAILED: "ExecutionFailed",
  TIMED_OUT: "ExecutionTimedOut",
  STOPPED: "ExecutionStopped",
} as const;

export function closeExecution(draft: Draft, { status, result, error }: ExecutionEnd): void {
  const { id, isAsync, parent, deadLetterArn } = draft.row;
  const root = draft.get(id);
  if (root !== undefined) draft.change(root, { status, endMs: draft.nowMs });
  const details =
    status === "SUCCEEDED"
      ? { Result: { Payload: result } }
      : // Without an error, an empty one is recorded.
        { Error: { Payload: error ?? {} } };
  draft.event(EVENTS[status], root, details);
  draft.set({
    status,
    result,
    error: status === "SUCCEEDED" ? undefined : (error ?? {}),
    endMs: draft.nowMs,
    isDue: false,
    retryMs: undefined,
    owesLetter: isAsync && parent === undefined && deadLetterArn !== undefined && status !== "SUCCEEDED",
  });
}

export const timedOut = (timeoutSeconds: number): ExecutionEnd => ({
  status: "TIMED_OUT",
  error: { ErrorMessage: `Execution timed out after ${timeoutSeconds} seconds.` },
});
