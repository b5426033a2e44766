/**
 * Pass: hands on its input, or a fixed Result.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html
 */
import { leaveWithInput, leaveWithResult, nextOf, workInput } from "./data-flow.js";
import type { Exit, Step } from "./run.js";

export async function pass(step: Step): Promise<Exit> {
  if (step.language === "JSONata") return leaveWithInput(step, nextOf(step.state), step.state);
  const { Result: result } = step.state;
  // With both, Parameters is the input that is then replaced by the Result.
  return leaveWithResult(step, result === undefined ? await workInput(step) : result);
}
