/**
 * Kinds of values that members have. `Expected value of type Integer`, `Maximum value is 99999999` and `These fields are
 * required: [...]` are AWS's own words as deployments have reported them; what stands here for lower bounds and closed
 * lists of words is worded after them.
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject, listOf } from "../../../config/json.js";
import type { QueryLanguage } from "../interpreter/definition.js";
import { expressionIn } from "../interpreter/data/jsonata.js";
import { checkExpressions } from "./jsonata-expressions.js";
import type { Place } from "./place.js";

/** What a check knows beside the value. */
export interface Reading {
  readonly language: QueryLanguage;
  readonly machineLanguage: QueryLanguage;
  readonly type: "STANDARD" | "EXPRESS";
  /** How a state is checked: states hold machines, which hold states. */
  readonly state: Check;
}

export type Check = (value: Json, place: Place, reading: Reading) => void;

export const MAX_SECONDS = 99_999_999;

export function anything(): void {}

export const text: Check = (value, place) => {
  if (typeof value !== "string") {
    place.refuse("Expected value of type String");
  }
};

export const truth: Check = (value, place) => {
  if (typeof value !== "boolean") {
    place.refuse("Expected value of type Boolean");
  }
};

export const object: Check = (value, place) => {
  if (!isJsonObject(value)) {
    place.refuse("Expected value of type Object");
  }
};

export function integer(least: number, most = MAX_SECONDS): Check {
  return (value, place) => {
    if (typeof value !== "number" || !Number.isInteger(value)) {
      place.refuse("Expected value of type Integer");
      return;
    }
    checkRange(value, least, most, place);
  };
}

export function number(least: number, most: number): Check {
  return (value, place) => {
    if (typeof value !== "number") {
      place.refuse("Expected value of type Number");
      return;
    }
    checkRange(value, least, most, place);
  };
}

function checkRange(value: number, least: number, most: number, place: Place): void {
  if (value < least) {
    place.refuse(`Minimum value is ${least}`);
  }
  if (value > most) {
    place.refuse(`Maximum value is ${most}`);
  }
}

export function oneOf(words: readonly string[]): Check {
  return (value, place) => {
    if (typeof value !== "string" || !words.includes(value)) {
      place.refuse(`Value must be one of: [${words.join(", ")}]`);
    }
  };
}

/** In states of JSONata the value may be worked out by an expression. */
export function orExpression(check: Check): Check {
  return (value, place, reading) => {
    if (reading.language === "JSONata" && typeof value === "string" && expressionIn(value) !== undefined) {
      checkExpressions(value, place, "state");
    } else {
      check(value, place, reading);
    }
  };
}

/** Each item of a list. */
export function each(check: Check): Check {
  return (value, place, reading) => {
    if (!Array.isArray(value)) {
      place.refuse("Expected value of type Array");
      return;
    }
    for (const [index, item] of listOf(value).entries()) {
      check(item, place.item(index), reading);
    }
  };
}

export interface Shape {
  readonly required?: readonly string[];
  readonly members: Readonly<Record<string, Check>>;
  /** The members that only one of the query languages has. */
  readonly languages?: Readonly<Record<string, QueryLanguage>>;
}

/** An object of known members; `Comment` may stand in each. */
export function checkShape(value: Json, place: Place, reading: Reading, shape: Shape): value is JsonObject {
  if (!isJsonObject(value)) {
    place.refuse("Expected value of type Object");
    return false;
  }
  const missing = (shape.required ?? []).filter((name) => value[name] === undefined);
  if (missing.length > 0) {
    place.refuse(`These fields are required: [${missing.join(", ")}]`);
  }
  for (const [name, member] of Object.entries(value)) {
    checkMember(name, member, place, reading, shape);
  }
  return true;
}

function checkMember(name: string, value: Json, place: Place, reading: Reading, shape: Shape): void {
  if (name === "Comment") {
    text(value, place.member(name), reading);
    return;
  }
  const check = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined;
  if (check === undefined) {
    place.refuse(`Field '${name}' is not supported`);
    return;
  }
  const language = shape.languages?.[name];
  if (language !== undefined && language !== reading.language) {
    place.refuse(
      `The QueryLanguage is set to '${reading.language}', but field '${name}' is only supported for the '${language}' QueryLanguage`,
    );
    return;
  }
  check(value, place.member(name), reading);
}
