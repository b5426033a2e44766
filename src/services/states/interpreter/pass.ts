/**
 * Pass: hands on its input, or a fixed Result.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html
 */
import { effectiveInput, leaveWithInput, leaveWithResult, nextOf, workInput } from "./data-flow.js";
import type { Exit, Step } from "./run.js";

export async function pass(step: Step): Promise<Exit> {
  if (step.language === "JSONata") return leaveWithInput(step, nextOf(step.state), step.state);
  const { Result: result, Parameters: parameters } = step.state;
  // With both, Parameters is the input that is then replaced by the Result.
  if (result !== undefined) return leaveWithResult(step, result);
  return leaveWithResult(step, parameters === undefined ? effectiveInput(step) : await workInput(step));
}
