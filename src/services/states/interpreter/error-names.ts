/**
 * Which failures an `ErrorEquals` takes.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
import type { StatesError } from "./states-error.js";
import { TaskTimeout } from "./states-error.js";

/** Ends the execution whatever its Retry and Catch say, even by name (recorded). */
export const isTerminal = (error: string | undefined): boolean => error === "States.Runtime";

export function takes(errorEquals: readonly string[], thrown: StatesError): boolean {
  const { error } = thrown.failure;
  return errorEquals.some((name) => {
    if (name === "States.ALL" || name === error) return true;
    if (name === "States.TaskFailed") return error !== "States.Timeout";
    return name === "States.HeartbeatTimeout" && thrown instanceof TaskTimeout && thrown.heartbeat;
  });
}
