/** Whether an earlier process left executions to go on with: asked by the stack before it loads the service for them. */
import type { StateStore } from "../kit/state-store.js";

/** ARNs of the executions that run. Named here, so that asking loads no more than this. */
export const RUNNING_TABLE = "states-running";

export function hasLeftRunning(state: StateStore): boolean {
  for (const _ of state.table(RUNNING_TABLE).getKeys({ limit: 1 })) return true;
  return false;
}
