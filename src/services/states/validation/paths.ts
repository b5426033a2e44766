/** Members that hold a path, and templates whose `name.$` members do. */
import type { Json } from "../../../config/json.js";
import { isJsonObject, listOf } from "../../../config/json.js";
import { checkExpressions } from "./jsonata-expressions.js";
import { isFunctionCall, isPath, whyNoReferencePath } from "./path-syntax.js";
import type { Place } from "./place.js";
import type { Check } from "./values.js";
import { text } from "./values.js";

export const path: Check = (value, place) => {
  if (value !== null && (typeof value !== "string" || !isPath(value))) {
    place.refuse("Value must be a valid JSONPath.");
  }
};

/** `null` discards: ResultPath alone may be it. */
export const resultPath: Check = (value, place, reading) => {
  if (value !== null) {
    referencePath(value, place, reading);
  }
};

export const referencePath: Check = (value, place) => {
  if (typeof value !== "string") {
    place.refuse("Expected value of type String");
    return;
  }
  const why = whyNoReferencePath(value);
  if (why !== undefined) {
    place.refuse(`Value is not a Reference Path: ${why}`);
  }
};

/** A text that may be a path by mistake: the member for paths has another name. */
export const textNotPath: Check = (value, place, reading) => {
  text(value, place, reading);
  if (reading.language === "JSONPath" && typeof value === "string" && isPath(value)) {
    place.warn("NO_PATH", "The value looks like a path, but the name of its field does not end in Path");
  }
};

/** ErrorPath and CausePath take functions that give a text, too. */
export const pathOrFunction: Check = (value, place) => {
  if (typeof value !== "string" || !(isPath(value) || isFunctionCall(value))) {
    place.refuse("Value must be a valid JSONPath or a valid intrinsic function call");
  }
};

/** Parameters, ResultSelector, ItemSelector, Assign of JSONPath states. */
export const template: Check = (value, place) => {
  checkTemplate(value, place);
};

/** Arguments and Output: any value with expressions in it. */
export const expressions: Check = (value, place) => {
  checkExpressions(value, place, "state");
};

function checkTemplate(value: Json, place: Place): void {
  if (Array.isArray(value)) {
    for (const [index, item] of listOf(value).entries()) {
      checkTemplate(item, place.item(index));
    }
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      checkTemplateMember(name, member, place);
    }
  }
}

function checkTemplateMember(name: string, value: Json, place: Place): void {
  if (name.endsWith(".$")) {
    if (typeof value !== "string" || !(isPath(value) || isFunctionCall(value))) {
      place.refuse(`The value for the field '${name}' must be a valid JSONPath or a valid intrinsic function call`);
    }
  } else if (typeof value === "string") {
    if (isPath(value) || isFunctionCall(value)) {
      place
        .member(name)
        .warn("NO_DOLLAR", `The field '${name}' looks like a path or a function, but its name does not end in .$`);
    }
  } else {
    checkTemplate(value, place.member(name));
  }
}
