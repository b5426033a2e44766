/** The tasks of a definition that AWS runs and that fail here. */
import type { Json, JsonObject } from "../../config/json.js";
import { listOf, objectOf } from "../../config/json.js";
import { resourceIn } from "../../services/states/validation/resources.js";
import { isEmulated } from "../tasks/emulated.js";

export interface UnemulatedTask {
  readonly stateName: string;
  readonly resource: string;
}

/** `definition` is one that AWS takes. */
export const unemulatedTasks = (definition: string): UnemulatedTask[] =>
  tasksIn(objectOf(JSON.parse(definition) as Json)).filter(({ resource }) => {
    const named = resourceIn(resource);
    return named !== undefined && !isEmulated(named);
  });

function tasksIn(machine: JsonObject): UnemulatedTask[] {
  return Object.entries(objectOf(machine["States"])).flatMap(([stateName, value]) => {
    const state = objectOf(value);
    const { Resource: resource } = state;
    const own = typeof resource === "string" ? [{ stateName, resource }] : [];
    const inner = [...listOf(state["Branches"]), state["ItemProcessor"], state["Iterator"]];
    return [...own, ...inner.flatMap((child) => tasksIn(objectOf(child)))];
  });
}
