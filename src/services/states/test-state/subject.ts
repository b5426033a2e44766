/** The state under test: it stands alone, or somewhere in the definition of a machine. */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject, listOf, objectOf } from "../../../config/json.js";
import { AwsError } from "../../kit/aws-error.js";
import type { QueryLanguage, State } from "../interpreter/definition.js";
import { refusalOf } from "../validation/answers.js";
import { validateDefinition, validateState } from "../validation/validate-definition.js";
import { refused } from "./request.js";

/** What the context object calls a state that has no name. */
const NAMELESS = "StateName";

export interface Subject {
  readonly name: string;
  readonly state: State;
  /** Of states that say none. */
  readonly machineLanguage: QueryLanguage;
}

export function subjectOf(definition: string, stateName: string | undefined): Subject {
  const diagnostics = stateName === undefined ? validateState(definition) : validateDefinition(definition, "STANDARD");
  const refusal = refusalOf(diagnostics);
  if (refusal !== undefined) {
    throw new AwsError("InvalidDefinition", refusal);
  }
  const document = objectOf(JSON.parse(definition) as Json);
  const machineLanguage = document["QueryLanguage"] === "JSONata" ? "JSONata" : "JSONPath";
  const state = stateName === undefined ? document : findState(document, stateName);
  if (state === undefined) {
    throw refused("State not found in definition");
  }
  return { name: stateName ?? NAMELESS, state: state as State, machineLanguage };
}

/** Names stand for one state in the whole definition, so that states inside others are found by theirs, too. */
export function findState(machine: JsonObject, name: string): JsonObject | undefined {
  const states = objectOf(machine["States"]);
  const own = Object.hasOwn(states, name) ? states[name] : undefined;
  if (isJsonObject(own)) {
    return own;
  }
  for (const state of Object.values(states)) {
    const found = findInside(objectOf(state), name);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

export function findInside(state: JsonObject, name: string): JsonObject | undefined {
  for (const machine of [...listOf(state["Branches"]), state["ItemProcessor"], state["Iterator"]]) {
    const found = isJsonObject(machine) ? findState(machine, name) : undefined;
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
