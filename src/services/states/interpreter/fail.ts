/**
 * Fail: ends its branch with an error.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html
 */
import { textOf } from "../../../config/json.js";
import { scopeOf } from "./context-object.js";
import { evaluateAs } from "./data/jsonata.js";
import { valueOf } from "./data/template.js";
import type { Step } from "./run.js";
import { StateFailure, StatesError } from "./states-error.js";

export async function fail(step: Step): Promise<never> {
  throw new StateFailure(await textOfField(step, "Error"), await textOfField(step, "Cause"));
}

async function textOfField(step: Step, field: "Error" | "Cause"): Promise<string | undefined> {
  // ErrorPath and CausePath take an intrinsic function in place of a path.
  const { [field]: own, [`${field}Path`]: path } = step.state;
  if (step.language === "JSONata") {
    return own === undefined ? undefined : textOf(await evaluateAs("string", own, scopeOf(step), field));
  }
  if (typeof path !== "string") return typeof own === "string" ? own : undefined;
  const value = valueOf(`${field}Path`, path, scopeOf(step));
  if (typeof value !== "string") {
    throw new StatesError("States.Runtime", `The ${field}Path parameter does not reference a string value: ${path}`);
  }
  return value;
}
