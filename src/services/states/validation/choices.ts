/**
 * The rules of a Choice state: a comparison or a combination of rules in JSONPath, one condition in JSONata.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject, listOf } from "../../../config/json.js";
import { expressionIn } from "../interpreter/data/jsonata.js";
import { parseTimestamp } from "../interpreter/data/timestamp.js";
import { assign } from "./assign.js";
import { expressions, referencePath } from "./paths.js";
import type { Place } from "./place.js";
import type { Check, Reading, Shape } from "./values.js";
import { checkShape, number, orExpression, text, truth } from "./values.js";

const numeric = number(-Number.MAX_VALUE, Number.MAX_VALUE);

export const timestamp: Check = (value, place) => {
  if (typeof value !== "string") {
    place.refuse("Expected value of type String");
  } else if (parseTimestamp(value) === undefined) {
    place.refuse("String does not match RFC3339 timestamp");
  }
};

const COMPARISONS = ["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"];

const OPERATORS: Readonly<Record<string, Check>> = {
  StringMatches: text,
  BooleanEquals: truth,
  BooleanEqualsPath: referencePath,
  IsNull: truth,
  IsPresent: truth,
  IsNumeric: truth,
  IsString: truth,
  IsBoolean: truth,
  IsTimestamp: truth,
  ...comparisons("String", text),
  ...comparisons("Numeric", numeric),
  ...comparisons("Timestamp", timestamp),
};

function comparisons(kind: string, check: Check): Record<string, Check> {
  return Object.fromEntries(
    COMPARISONS.flatMap((comparison) => [
      [`${kind}${comparison}`, check],
      [`${kind}${comparison}Path`, referencePath],
    ]),
  );
}

const COMBINATIONS: Readonly<Record<string, Check>> = {
  And: (value, place, reading) => {
    checkRules(value, place, reading);
  },
  Or: (value, place, reading) => {
    checkRules(value, place, reading);
  },
  Not: (value, place, reading) => {
    checkInnerRule(value, place, reading);
  },
};

const INNER_RULE: Shape = { members: { Variable: referencePath, ...OPERATORS, ...COMBINATIONS } };
const JSONPATH_RULE: Shape = { required: ["Next"], members: { ...INNER_RULE.members, Next: text, Assign: assign } };
const JSONATA_RULE: Shape = {
  required: ["Condition", "Next"],
  members: {
    Condition: (value, place, reading) => {
      if (typeof value === "string" && expressionIn(value) === undefined) {
        place.refuse("Value must be a boolean or a JSONata expression");
      } else {
        orExpression(truth)(value, place, reading);
      }
    },
    Next: text,
    Output: expressions,
    Assign: assign,
  },
};

export const choices: Check = (value, place, reading) => {
  if (!Array.isArray(value)) {
    place.refuse("Expected value of type Array");
    return;
  }
  if (value.length === 0) {
    place.refuse("Array must have at least 1 item");
  }
  for (const [index, rule] of listOf(value).entries()) {
    checkRule(rule, place.item(index), reading);
  }
};

function checkRule(rule: Json, place: Place, reading: Reading): void {
  if (reading.language === "JSONata") {
    checkShape(rule, place, reading, withoutOthers(rule, JSONATA_RULE, JSONPATH_RULE, "JSONPath"));
  } else if (checkShape(rule, place, reading, withoutOthers(rule, JSONPATH_RULE, JSONATA_RULE, "JSONata"))) {
    checkComparison(rule, place);
  }
}

/** Members of the other language's rules are named as such. */
function withoutOthers(rule: Json, own: Shape, other: Shape, language: "JSONPath" | "JSONata"): Shape {
  const foreign = Object.keys(isJsonObject(rule) ? rule : {}).filter(
    (name) => !Object.hasOwn(own.members, name) && Object.hasOwn(other.members, name),
  );
  return {
    ...own,
    members: { ...own.members, ...Object.fromEntries(foreign.map((name) => [name, text])) },
    languages: Object.fromEntries(foreign.map((name) => [name, language])),
  };
}

function checkRules(value: Json, place: Place, reading: Reading): void {
  if (!Array.isArray(value) || value.length === 0) {
    place.refuse(Array.isArray(value) ? "Array must have at least 1 item" : "Expected value of type Array");
    return;
  }
  for (const [index, rule] of listOf(value).entries()) {
    checkInnerRule(rule, place.item(index), reading);
  }
}

function checkInnerRule(rule: Json, place: Place, reading: Reading): void {
  if (checkShape(rule, place, reading, INNER_RULE)) {
    checkComparison(rule, place);
  }
}

/** One operator, with the variable that it compares; a combination has none. */
function checkComparison(rule: JsonObject, place: Place): void {
  const operators = Object.keys(rule).filter(
    (name) => Object.hasOwn(OPERATORS, name) || Object.hasOwn(COMBINATIONS, name),
  );
  const [operator] = operators;
  if (operators.length !== 1 || operator === undefined) {
    place.refuse("Choice rule must have exactly one comparison operator");
  } else if (Object.hasOwn(OPERATORS, operator) && rule["Variable"] === undefined) {
    place.refuse("These fields are required: [Variable]");
  } else if (Object.hasOwn(COMBINATIONS, operator) && rule["Variable"] !== undefined) {
    place.refuse("Field 'Variable' is not supported");
  }
}
