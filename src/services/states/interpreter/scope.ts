/** What an expression of a state can see. */
import type { Json, JsonObject } from "../../../config/json.js";

export type Variables = Readonly<Record<string, Json>>;

export interface Scope {
  /** `$` of JSONPath; of JSONata it is `$states.input`. */
  readonly input: Json;
  /** `$$` and `$states.context`. */
  readonly context: JsonObject;
  /** Assigned before this state was entered, those of the machines around it included. */
  readonly variables: Variables;
  /** `$states.result`, once there is one. */
  readonly result?: Json;
  /** `$states.errorOutput`, inside a catcher. */
  readonly errorOutput?: Json;
}
