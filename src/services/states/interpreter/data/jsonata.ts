/** JSONata: the strings `{% ... %}` anywhere inside a template. */
import type { Json } from "../../../../config/json.js";
import type { Scope } from "../scope.js";

export async function evaluate(template: Json, _scope: Scope): Promise<Json> {
  return await Promise.resolve(template);
}
