/**
 * Succeed: ends its branch with its input.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html
 */
import { leaveWithInput } from "./data-flow.js";
import type { Exit, Step } from "./run.js";

export async function succeed(step: Step): Promise<Exit> {
  return leaveWithInput(step, undefined, step.state);
}
