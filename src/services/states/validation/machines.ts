/** A machine: the definition as a whole, a branch of a Parallel state, or what a Map state does with each item. */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject, listOf } from "../../../config/json.js";
import type { QueryLanguage } from "../interpreter/definition.js";
import { checkProcessorConfig, typeInside } from "./map-members.js";
import type { Place } from "./place.js";
import type { Check, Reading, Shape } from "./values.js";
import { checkShape, each, integer, object, oneOf, text } from "./values.js";

const MAX_NAME_LENGTH = 80;

const states: Check = (value, place, reading) => {
  if (!isJsonObject(value)) {
    place.refuse("Expected value of type Object");
    return;
  }
  for (const [name, state] of Object.entries(value)) {
    if (name === "" || name.length > MAX_NAME_LENGTH) {
      place
        .member(name)
        .refuse(`State name must have between 1 and ${MAX_NAME_LENGTH} characters`, "INVALID_STATE_NAME");
    }
    reading.state(state, place.member(name), reading);
  }
};

const INNER = { States: states, StartAt: text };
const TOP: Shape = {
  required: ["States", "StartAt"],
  members: { ...INNER, QueryLanguage: oneOf(["JSONPath", "JSONata"]), TimeoutSeconds: integer(1), Version: text },
};
const BRANCH: Shape = { required: ["States", "StartAt"], members: INNER };
const PROCESSOR: Shape = { required: ["States", "StartAt"], members: { ...INNER, ProcessorConfig: object } };

export function checkMachine(machine: JsonObject, place: Place, reading: Pick<Reading, "type" | "state">): void {
  const language = machineLanguage(machine);
  checkShape(machine, place, { language, machineLanguage: language, ...reading }, TOP);
}

export function machineLanguage(machine: JsonObject): QueryLanguage {
  const named = machine["QueryLanguage"];
  return named === undefined || named === "JSONPath" ? "JSONPath" : "JSONata";
}

export function branches(value: Json, place: Place, reading: Reading): void {
  each((branch, at) => {
    checkShape(branch, at, inside(reading, reading.type), BRANCH);
  })(value, place, reading);
  if (Array.isArray(value) && listOf(value).length === 0) {
    place.refuse("Array must have at least 1 item");
  }
}

export function processor(value: Json, place: Place, reading: Reading): void {
  if (isJsonObject(value)) {
    checkProcessorConfig(value["ProcessorConfig"], place.member("ProcessorConfig"), reading);
    checkShape(value, place, inside(reading, typeInside(value, reading.type)), PROCESSOR);
  } else {
    place.refuse("Expected value of type Object");
  }
}

/** States inside have the language of the whole machine, whatever the state around them has. */
function inside(reading: Reading, type: Reading["type"]): Reading {
  return { language: reading.machineLanguage, machineLanguage: reading.machineLanguage, type, state: reading.state };
}
