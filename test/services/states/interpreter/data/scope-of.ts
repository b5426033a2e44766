/** The scope of an expression in a test, and the failure of what throws. */
import type { Json, JsonObject } from "../../../../../src/config/json.js";
import type { Scope } from "../../../../../src/services/states/interpreter/scope.js";
import { StatesError, type Failure } from "../../../../../src/services/states/interpreter/states-error.js";

export const scopeOf = (input: Json, variables: JsonObject = {}, context: JsonObject = {}): Scope => ({
  input,
  context,
  variables,
});

export function failureOf(run: () => unknown): Failure | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof StatesError) return error.failure;
    throw error;
  }
  return undefined;
}
