/** StopDurableExecution. */
import { closeExecution } from "./close.js";
import type { Execution } from "./draft.js";
import type { DurableExecutions } from "./executions.js";
import { isClosed, type ErrorObject } from "./rows.js";

/** Resolves with the time of its end: one that has ended stays as it is. */
export const stopExecution = (
  executions: DurableExecutions,
  execution: Execution,
  error: ErrorObject,
): Promise<number> =>
  executions.change(execution, (draft) => {
    if (!isClosed(draft.row)) closeExecution(draft, { status: "STOPPED", error });
    return draft.row.endMs ?? draft.nowMs;
  });
