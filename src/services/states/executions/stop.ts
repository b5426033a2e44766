/** StopExecution, and the wait for an execution's end. */
import { defined } from "../../kit/defined.js";
import type { StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import type { Failure } from "../interpreter/states-error.js";
import type { ExecutionRow } from "../rows.js";
import { tellStatus } from "./status-change.js";

/** Resolves when it has ended; one that has already is left as it is. */
export async function stopExecution(context: StatesContext, arn: string, failure: Failure): Promise<ExecutionRow> {
  const { store, clock, runs } = context;
  const before = store.execution(arn);
  if (before === undefined) throw statesError.executionGone(arn);
  if (before.stopMs !== undefined) return before;
  if (runs.isLive(arn)) {
    await runs.stop(arn, failure);
    return store.execution(arn) ?? before;
  }
  // It has not been taken up again since the stack started.
  const stopped = await store.write(() => {
    const stopMs = clock.now();
    const id = store.lastEventId(arn) + 1;
    const { error, cause } = failure;
    const row: ExecutionRow = { ...before, status: "ABORTED", stopMs, error, cause };
    const details = defined<Record<string, string>>({ error, cause });
    store.putEvent(arn, stopMs, {
      id,
      previousEventId: id - 1,
      type: "ExecutionAborted",
      details: ["executionAbortedEventDetails", details],
    });
    store.endExecution(row, stopMs);
    return row;
  });
  tellStatus(context, stopped);
  return stopped;
}

export async function executionEnded(
  { store, runs }: Pick<StatesContext, "store" | "runs">,
  arn: string,
  signal: AbortSignal,
): Promise<ExecutionRow> {
  const row = store.execution(arn);
  if (row === undefined) throw statesError.executionGone(arn);
  return row.stopMs === undefined ? runs.ended(arn, signal) : row;
}
