/**
 * The rules of a Choice state in their JSONPath form. A value of another type than the operator's is not matched; a
 * variable that does not exist fails the execution, except under IsPresent.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html#amazon-states-language-choice-state-rules
 */
import { listOf, objectOf, textOf, type Json, type JsonObject } from "../../../../config/json.js";
import type { Scope } from "../scope.js";
import { StatesError } from "../states-error.js";
import { findPath } from "./json-path.js";
import { parseTimestamp } from "./timestamp.js";

type Comparable = string | number | boolean;

/** What an operator compares, as something that has an order; `undefined` for values of other types. */
const KINDS: Readonly<Record<string, (value: Json) => Comparable | undefined>> = {
  String: (value) => (typeof value === "string" ? value : undefined),
  Numeric: (value) => (typeof value === "number" ? value : undefined),
  Boolean: (value) => (typeof value === "boolean" ? value : undefined),
  Timestamp: (value) => (typeof value === "string" ? parseTimestamp(value) : undefined),
};

const RELATIONS: Readonly<Record<string, (left: Comparable, right: Comparable) => boolean>> = {
  Equals: (left, right) => left === right,
  LessThan: (left, right) => left < right,
  LessThanEquals: (left, right) => left <= right,
  GreaterThan: (left, right) => left > right,
  GreaterThanEquals: (left, right) => left >= right,
};

const COMPARISON =
  /^(String|Numeric|Boolean|Timestamp)(Equals|LessThanEquals|LessThan|GreaterThanEquals|GreaterThan)(Path)?$/;

const TYPE_TESTS: Readonly<Record<string, (value: Json) => boolean>> = {
  IsNull: (value) => value === null,
  IsNumeric: (value) => typeof value === "number",
  IsString: (value) => typeof value === "string",
  IsBoolean: (value) => typeof value === "boolean",
  IsTimestamp: (value) => typeof value === "string" && parseTimestamp(value) !== undefined,
};

export function holds(rule: JsonObject, scope: Scope): boolean {
  const inner = (each: Json): boolean => holds(objectOf(each), scope);
  if (rule["And"] !== undefined) return listOf(rule["And"]).every(inner);
  if (rule["Or"] !== undefined) return listOf(rule["Or"]).some(inner);
  if (rule["Not"] !== undefined) return !inner(rule["Not"]);
  const path = textOf(rule["Variable"]);
  if (rule["IsPresent"] !== undefined) return (findPath(path, scope) !== undefined) === rule["IsPresent"];
  const value = valueAt(path, scope);
  for (const [operator, operand] of Object.entries(rule)) {
    const decided = decide(operator, value, operand, scope);
    if (decided !== undefined) return decided;
  }
  throw new StatesError("States.Runtime", `The rule has no operator: ${JSON.stringify(rule)}`);
}

function decide(operator: string, value: Json, operand: Json, scope: Scope): boolean | undefined {
  if (operator === "StringMatches") return typeof value === "string" && fits(value, textOf(operand));
  const test = Object.hasOwn(TYPE_TESTS, operator) ? TYPE_TESTS[operator] : undefined;
  if (test !== undefined) return test(value) === operand;
  const [, kind = "", relation = "", isPath] = COMPARISON.exec(operator) ?? [];
  const kindOf = KINDS[kind];
  const compare = RELATIONS[relation];
  if (kindOf === undefined || compare === undefined) return undefined;
  const left = kindOf(value);
  const right = kindOf(isPath === undefined ? operand : valueAt(textOf(operand), scope));
  return left !== undefined && right !== undefined && compare(left, right);
}

function valueAt(path: string, scope: Scope): Json {
  const value = findPath(path, scope);
  if (value !== undefined) return value;
  throw new StatesError(
    "States.Runtime",
    `Invalid path '${path}': The choice state's condition path references an invalid value.`,
  );
}

/** `*` stands for any characters, `\*` for the sign itself, `\\` for a backslash. Takes no longer for many stars. */
function fits(text: string, pattern: string): boolean {
  const parts = [""];
  for (const [token, escaped] of pattern.matchAll(/\\([*\\])|[^]/g)) {
    if (token === "*") parts.push("");
    else parts[parts.length - 1] += escaped ?? token;
  }
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= text.length;
}
