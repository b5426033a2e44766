/**
 * Fail: ends its branch with an error.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html
 */
import { scopeOf } from "./context-object.js";
import { evaluate } from "./data/jsonata.js";
import { valueOf } from "./data/template.js";
import type { Step } from "./run.js";
import { StateFailure, StatesError } from "./states-error.js";
import { unexpectedType } from "./unexpected-type.js";

export async function fail(step: Step): Promise<never> {
  throw new StateFailure(await textOfField(step, "Error"), await textOfField(step, "Cause"));
}

async function textOfField(step: Step, field: "Error" | "Cause"): Promise<string | undefined> {
  // ErrorPath and CausePath take an intrinsic function in place of a path.
  const { [field]: own, [`${field}Path`]: path } = step.state;
  if (step.language === "JSONata") {
    if (own === undefined) return undefined;
    const value = await evaluate(own, scopeOf(step), field);
    if (typeof value !== "string") throw unexpectedType(own, field, "string", value);
    return value;
  }
  if (typeof path !== "string") return typeof own === "string" ? own : undefined;
  const value = valueOf(`${field}Path`, path, scopeOf(step));
  if (typeof value !== "string") {
    throw new StatesError("States.Runtime", `The ${field}Path parameter does not reference a string value: ${path}`);
  }
  return value;
}
