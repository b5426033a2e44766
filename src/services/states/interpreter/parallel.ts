/**
 * Parallel: runs its branches at once, each on the same input.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
 */
import type { Json } from "../../../config/json.js";
import type { Step } from "./run.js";
import { StatesError } from "./states-error.js";

/** The outputs of the branches, in their order. */
export async function runParallel(_step: Step): Promise<Json> {
  return Promise.reject(new StatesError("States.Runtime", "Parallel states are not run yet"));
}
