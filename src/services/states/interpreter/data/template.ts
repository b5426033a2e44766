/** Payload templates: the members whose names end in `.$` are filled in by paths and intrinsic functions. */
import type { Json } from "../../../../config/json.js";
import type { Scope } from "../scope.js";

export function fillTemplate(template: Json, _scope: Scope): Json {
  return template;
}
