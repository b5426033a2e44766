/** Reference paths, which name one place in a document: where `ResultPath` puts a result. */
import type { Json } from "../../../../config/json.js";
import { StatesError } from "../states-error.js";

export function writePath(path: string, _into: Json, _value: Json): Json {
  throw new StatesError("States.Runtime", `Paths are not written yet: ${path}`);
}
