/** Whether an earlier process left executions to go on with: asked by the stack before it loads what runs them. */
import type { StateStore } from "../../kit/state-store.js";

/** Ids of the executions that run, or owe a dead letter. Named here, so that asking loads no more than this. */
export const RUNNING_TABLE = "durable-running";

export function hasLeftRunning(state: StateStore): boolean {
  for (const _ of state.table(RUNNING_TABLE).getKeys({ limit: 1 })) return true;
  return false;
}
