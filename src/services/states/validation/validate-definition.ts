/**
 * What AWS checks of a definition before it takes it. First its form, member by member; where that is sound, where its states
 * lead. Texts are AWS's own as far as they are known: from recordings of its answers, from its documentation and from what
 * people who deployed have reported.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import { isTooDeep, TOO_DEEP } from "../../kit/json-depth.js";
import { jsonRefusal } from "../../kit/json-refusal.js";
import type { Diagnostic } from "./diagnostic.js";
import { checkMachine, machineLanguage } from "./machines.js";
import { Place } from "./place.js";
import { checkRepeatedNames } from "./repeated-names.js";
import { checkState } from "./states.js";
import { checkTransitions } from "./transitions.js";

export type MachineType = "STANDARD" | "EXPRESS";

/** Errors refuse the definition; warnings do not. */
export function validateDefinition(text: string, type: MachineType): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const place = new Place(found);
  const machine = readObject(text, place);
  if (machine === undefined) {
    return found;
  }
  checkMachine(machine, place, { type, state: checkState });
  if (!found.some(({ severity }) => severity === "ERROR")) {
    checkRepeatedNames(text, place);
    checkTransitions(machine, place);
  }
  return found;
}

/** A state that is tested alone: nothing is known of where it leads. */
export function validateState(text: string): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const place = new Place(found);
  const state = readObject(text, place);
  if (state !== undefined) {
    const language = machineLanguage(state);
    checkState(state, place, { language, machineLanguage: language, type: "STANDARD", state: checkState });
  }
  return found;
}

function readObject(text: string, place: Place): JsonObject | undefined {
  if (isTooDeep(text)) {
    place.refuseAll(TOO_DEEP, "INVALID_JSON_DESCRIPTION");
    return undefined;
  }
  let value: Json | undefined;
  try {
    value = text.trim() === "" ? undefined : (JSON.parse(text) as Json);
  } catch {
    // Its first line: as for inputs, AWS does not tell the place in the text.
    const [why = "The definition is not JSON"] = jsonRefusal(text, true)?.split("\n") ?? [];
    place.refuseAll(why, "INVALID_JSON_DESCRIPTION");
    return undefined;
  }
  if (isJsonObject(value)) {
    return value;
  }
  place.refuseAll("Definition must be a valid JSON object");
  return undefined;
}
