/**
 * Choice: goes on where the first rule that holds says, else by Default. The rule's Assign and Output stand in for those of the
 * state, which belong to Default.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
 */
import type { JsonObject } from "../../../config/json.js";
import { listOf, objectOf, textOf } from "../../../config/json.js";
import { scopeOf } from "./context-object.js";
import { effectiveInput, leaveWithInput } from "./data-flow.js";
import { holds } from "./data/choice-rule.js";
import { evaluateAs } from "./data/jsonata.js";
import type { Exit, Step } from "./run.js";
import { StatesError } from "./states-error.js";

export async function choose(step: Step): Promise<Exit> {
  const rules = listOf(step.state["Choices"]).map(objectOf);
  for (const [index, rule] of rules.entries()) {
    const at = `Choices[${index}]/`;
    const taken =
      step.language === "JSONata" ? await isTrue(step, rule, at) : holds(rule, scopeOf(step, effectiveInput(step)));
    if (taken) return leaveWithInput(step, textOf(rule["Next"]), rule, at);
  }
  const byDefault = step.state["Default"];
  if (typeof byDefault === "string") return leaveWithInput(step, byDefault, step.state);
  throw new StatesError(
    // Not States.NoChoiceMatched, which the documentation has for it (measured, https://github.com/floci-io/floci/pull/3167).
    "States.Runtime",
    "Failed to transition out of the state. The state does not point to a next state.",
  );
}

async function isTrue(step: Step, rule: JsonObject, at: string): Promise<boolean> {
  return (await evaluateAs("boolean", rule["Condition"] ?? false, scopeOf(step), `${at}Condition`)) === true;
}
