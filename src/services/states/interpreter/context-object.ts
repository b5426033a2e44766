/**
 * The context object, and with it the scope that the expressions of a state are evaluated in.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import type { StateType } from "./definition.js";
import type { Step } from "./run.js";
import type { Scope } from "./scope.js";

/** AWS shows no RetryCount to states that cannot be retried (recorded of Pass). */
const RETRIED: ReadonlySet<StateType> = new Set(["Task", "Parallel", "Map"]);

function contextOf(step: Step): JsonObject {
  const enteredTime = new Date(step.enteredMs).toISOString();
  return {
    State: RETRIED.has(step.state.Type)
      ? { EnteredTime: enteredTime, Name: step.name, RetryCount: step.retryCount }
      : { EnteredTime: enteredTime, Name: step.name },
    ...(step.taskToken === undefined ? {} : { Task: { Token: step.taskToken } }),
    ...(step.frame.map === undefined ? {} : { Map: step.frame.map }),
    ...step.run.context,
  };
}

/** `input` is what `$` means: the state's own input where nothing is said. */
export function scopeOf(step: Step, input: Json = step.input, more?: Pick<Scope, "result" | "errorOutput">): Scope {
  return { input, context: step.run.probe?.context ?? contextOf(step), variables: step.frame.variables, ...more };
}
