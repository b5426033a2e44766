/** JSONata: the strings `{% ... %}` anywhere inside a template. */
import type { Json } from "../../../../config/json.js";
import type { Scope } from "../scope.js";

/**
 * `field` is where the template stands in its state, as AWS names it in causes and in EvaluationFailed: `Arguments`, `Assign`,
 * `Output`, `Choices[1]/Condition`, `Catch[0]/Output`. Throws a QueryEvaluationError.
 */
export async function evaluate(template: Json, _scope: Scope, _field: string): Promise<Json> {
  return await Promise.resolve(template);
}
