/** Paths of the Amazon States Language: what `$...`, `$$...` and `$variable...` select. */
import type { Json } from "../../../../config/json.js";
import type { Scope } from "../scope.js";
import { StatesError } from "../states-error.js";

export function readPath(path: string, _scope: Scope): Json {
  throw new StatesError("States.Runtime", `Paths are not read yet: ${path}`);
}
