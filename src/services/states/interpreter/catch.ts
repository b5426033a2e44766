/**
 * The catchers of a state.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-fallback-states
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { scopeOf } from "./context-object.js";
import { assignedByTemplate, combine, leaveByOutput } from "./data-flow.js";
import type { Catcher } from "./definition.js";
import { takes } from "./error-names.js";
import type { Exit, Step } from "./run.js";
import type { StatesError } from "./states-error.js";
import { TaskTimeout } from "./states-error.js";

/** What a callback left out is null (recorded); the cause of a time that is up is empty. */
function errorOutputOf(thrown: StatesError): Json {
  const { error, cause } = thrown.failure;
  return { Error: error ?? null, Cause: cause ?? (thrown instanceof TaskTimeout ? "" : null) };
}

/** Leaves the state by the first catcher that takes the failure; undefined when none does. */
export async function leaveByCatcher(step: Step, thrown: StatesError): Promise<Exit | undefined> {
  const catchers = (step.state["Catch"] ?? []) as unknown as readonly Catcher[];
  const index = catchers.findIndex((catcher) => takes(catcher.ErrorEquals, thrown));
  const catcher = catchers[index];
  if (catcher === undefined) return undefined;
  step.run.probe?.caught?.(index, thrown.failure);
  const errorOutput = errorOutputOf(thrown);
  const by = catcher as unknown as JsonObject;
  if (step.language === "JSONata") {
    return leaveByOutput(by, scopeOf(step, step.input, { errorOutput }), errorOutput, catcher.Next, `Catch[${index}]/`);
  }
  return {
    output: combine(by, step.input, errorOutput),
    next: catcher.Next,
    assigned: assignedByTemplate(step, by, errorOutput),
  };
}
