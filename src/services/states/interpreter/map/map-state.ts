/**
 * Map: runs its processor for each item.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
 */
import type { Json } from "../../../../config/json.js";
import type { Step } from "../run.js";
import { StatesError } from "../states-error.js";

/** The outputs of the iterations, in the order of the items. */
export async function runMap(_step: Step): Promise<Json> {
  return Promise.reject(new StatesError("States.Runtime", "Map states are not run yet"));
}
