/** The rules of a Choice state in their JSONPath form. */
import type { JsonObject } from "../../../../config/json.js";
import type { Scope } from "../scope.js";
import { StatesError } from "../states-error.js";

export function holds(_rule: JsonObject, _scope: Scope): boolean {
  throw new StatesError("States.Runtime", "Choice rules are not decided yet");
}
