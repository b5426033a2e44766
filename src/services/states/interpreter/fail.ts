/**
 * Fail: ends its branch with an error.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html
 */
import type { Json } from "../../../config/json.js";
import { objectOf } from "../../../config/json.js";
import { scopeOf } from "./context-object.js";
import { readPath } from "./data/json-path.js";
import { evaluate } from "./data/jsonata.js";
import { fillTemplate } from "./data/template.js";
import type { Step } from "./run.js";
import { StateFailure, StatesError } from "./states-error.js";
import { unexpectedType } from "./unexpected-type.js";

export async function fail(step: Step): Promise<never> {
  throw new StateFailure(await textOfField(step, "Error"), await textOfField(step, "Cause"));
}

async function textOfField(step: Step, field: "Error" | "Cause"): Promise<string | undefined> {
  const { [field]: own, [`${field}Path`]: path } = step.state;
  if (step.language === "JSONata") {
    if (own === undefined) return undefined;
    const value = await evaluate(own, scopeOf(step), field);
    if (typeof value !== "string") throw unexpectedType(own, field, "string", value);
    return value;
  }
  if (typeof path !== "string") return typeof own === "string" ? own : undefined;
  const value = atPathOrIntrinsic(step, path, `${field}Path`);
  if (typeof value !== "string") {
    throw new StatesError("States.Runtime", `The ${field}Path parameter does not reference a string value: ${path}`);
  }
  return value;
}

/** ErrorPath and CausePath take an intrinsic function in place of a path. */
function atPathOrIntrinsic(step: Step, path: string, field: string): Json {
  if (path.startsWith("$")) return readPath(path, scopeOf(step));
  return objectOf(fillTemplate({ [`${field}.$`]: path }, scopeOf(step)))[field] ?? null;
}
