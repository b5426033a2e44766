/**
 * The way of data through a state: what its work is given, and what becomes of the result.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { objectOf, textOf } from "../../../config/json.js";
import { scopeOf } from "./context-object.js";
import { readPath } from "./data/json-path.js";
import { evaluate } from "./data/jsonata.js";
import { writePath } from "./data/reference-path.js";
import { fillTemplate } from "./data/template.js";
import type { Exit, Step } from "./run.js";
import type { Scope, Variables } from "./scope.js";

/** What `InputPath` lets through; `null` lets nothing through. JSONata has no such field. */
export function effectiveInput(step: Step): Json {
  const path = step.state["InputPath"];
  if (step.language === "JSONata") return step.input;
  const input = path === undefined ? step.input : path === null ? {} : readPath(textOf(path), scopeOf(step));
  step.run.probe?.data?.("afterInputPath", input);
  return input;
}

/** What the work of a state is given: its input after InputPath and Parameters, or Arguments. */
export async function workInput(step: Step, input: Json = effectiveInput(step)): Promise<Json> {
  const { Arguments: expressions, Parameters: template } = step.state;
  if (step.language === "JSONata") {
    if (expressions === undefined) return input;
    const evaluated = await evaluate(expressions, scopeOf(step), "Arguments");
    step.run.probe?.data?.("afterArguments", evaluated);
    return evaluated;
  }
  const filled = template === undefined ? input : fillTemplate(template, scopeOf(step, input));
  step.run.probe?.data?.("afterParameters", filled);
  return filled;
}

/** A state or a rule of it that says `Next` or `End`. */
export const nextOf = (from: JsonObject): string | undefined =>
  from["End"] === true ? undefined : textOf(from["Next"]);

/** Leaves a state that has worked: Task, Parallel, Map, Pass. */
export async function leaveWithResult(step: Step, result: Json): Promise<Exit> {
  const next = nextOf(step.state);
  step.run.probe?.data?.("result", result);
  if (step.language === "JSONata")
    return leaveByOutput(step.state, scopeOf(step, step.input, { result }), result, next);
  const selector = step.state["ResultSelector"];
  const selected = selector === undefined ? result : fillTemplate(selector, scopeOf(step, result));
  step.run.probe?.data?.("afterResultSelector", selected);
  const assigned = assignedByTemplate(step, step.state, selected);
  const combined = combine(step.state, step.input, selected);
  step.run.probe?.data?.("afterResultPath", combined);
  return { output: throughOutputPath(step, combined), next, assigned };
}

/**
 * Leaves a state that has no result of its own: Wait, Choice, Succeed. `by` has the Assign and Output: the state, or the rule
 * of the Choice that holds; `at` is where it stands.
 */
export async function leaveWithInput(step: Step, next: string | undefined, by: JsonObject, at = ""): Promise<Exit> {
  if (step.language === "JSONata") return leaveByOutput(by, scopeOf(step), step.input, next, at);
  const input = effectiveInput(step);
  const assigned = assignedByTemplate(step, by, input);
  return { output: throughOutputPath(step, input), next, assigned };
}

/** JSONata: Assign and Output both see the variables as they were when the state was entered. */
export async function leaveByOutput(
  by: JsonObject,
  scope: Scope,
  byDefault: Json,
  next: string | undefined,
  at = "",
): Promise<Exit> {
  const { Assign: assign, Output: template } = by;
  const assigned = assign === undefined ? undefined : objectOf(await evaluate(assign, scope, `${at}Assign`));
  const output = template === undefined ? byDefault : await evaluate(template, scope, `${at}Output`);
  return { output, next, assigned };
}

export function assignedByTemplate(step: Step, by: JsonObject, input: Json): Variables | undefined {
  const assign = by["Assign"];
  return assign === undefined ? undefined : objectOf(fillTemplate(assign, scopeOf(step, input)));
}

/** Puts a result, or what an error was, where `ResultPath` says: into the input as it came in. `null` drops it. */
export function combine(by: JsonObject, input: Json, result: Json): Json {
  const path = by["ResultPath"];
  if (path === null) return input;
  return path === undefined ? result : writePath(textOf(path), input, result);
}

function throughOutputPath(step: Step, output: Json): Json {
  const path = step.state["OutputPath"];
  if (path === undefined) return output;
  return path === null ? {} : readPath(textOf(path), scopeOf(step, output));
}
