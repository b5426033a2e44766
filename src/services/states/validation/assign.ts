/**
 * Variables: what they are called, and what they are set to in either query language.
 * https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
 */
import type { Json } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import { checkExpressions } from "./jsonata-expressions.js";
import { template } from "./paths.js";
import type { Place } from "./place.js";
import type { Check, Reading } from "./values.js";

const MAX_NAME_LENGTH = 80;
/** Unicode's ID_Start and ID_Continue. */
const NAME = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

export const assign: Check = (value, place, reading) => {
  checkAssign(value, place, reading, "state");
};

export const assignInCatcher: Check = (value, place, reading) => {
  checkAssign(value, place, reading, "catcher");
};

function checkAssign(value: Json, place: Place, reading: Reading, holder: "state" | "catcher"): void {
  if (!isJsonObject(value)) {
    place.refuse("Expected value of type Object");
    return;
  }
  for (const member of Object.keys(value)) {
    const name = reading.language === "JSONPath" && member.endsWith(".$") ? member.slice(0, -2) : member;
    if (name === "states") {
      place.member(member).refuse("The variable name 'states' is reserved");
    } else if (!NAME.test(name) || name.length > MAX_NAME_LENGTH) {
      place.member(member).refuse(`'${name}' is not a valid variable name`);
    }
  }
  if (reading.language === "JSONata") {
    checkExpressions(value, place, holder);
  } else {
    template(value, place, reading);
  }
}
