/** Reads and checks the text of a pattern: the reasons for a refusal are AWS's own (recorded in October 2025). */
import { messageOf } from "../../../shared/errors.js";
import { readOperator, type ValueTest } from "./operators.js";
import { PatternError } from "./pattern-error.js";

export type Condition =
  | {
      readonly kind: "field";
      readonly path: string;
      /** One of them must hold for one value. */
      readonly tests: readonly ValueTest[];
      /** Whether it also holds when there is no value. */
      readonly absent: boolean;
    }
  | { readonly kind: "or"; readonly branches: readonly (readonly Condition[])[] };

/** Keys that make a member of `$or` a match expression, and so `$or` itself a field like any other. */
const OPERATORS = new Set([
  "exactly",
  "prefix",
  "suffix",
  "equals-ignore-case",
  "wildcard",
  "anything-but",
  "numeric",
  "exists",
  "cidr",
]);

export function readPattern(text: string): Condition[] {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch (error) {
    throw new PatternError(messageOf(error), { cause: error });
  }
  if (!isObject(pattern)) throw new PatternError("Filter is not an object");
  if (Object.keys(pattern).length === 0) throw new PatternError("Empty objects are not allowed");
  return readObject(pattern, "");
}

function readObject(object: Readonly<Record<string, unknown>>, path: string): Condition[] {
  return Object.entries(object).flatMap(([key, value]): Condition[] => {
    if (key === "$or" && isAlternatives(value))
      return [{ kind: "or", branches: value.map((branch) => readObject(branch, path)) }];
    const below = path === "" ? key : `${path}.${key}`;
    if (Array.isArray(value)) return [readField(value, below)];
    if (!isObject(value)) throw new PatternError(`"${key}" must be an object or an array`);
    if (Object.keys(value).length === 0) throw new PatternError("Empty objects are not allowed");
    return readObject(value, below);
  });
}

function isAlternatives(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return (
    Array.isArray(value) &&
    value.length >= 2 &&
    value.every(
      (branch) =>
        isObject(branch) && Object.keys(branch).length > 0 && !Object.keys(branch).some((key) => OPERATORS.has(key)),
    )
  );
}

function readField(members: readonly unknown[], path: string): Condition {
  if (members.length === 0) throw new PatternError("Empty arrays are not allowed");
  let absent = false;
  const tests: ValueTest[] = [];
  for (const member of members) {
    if (Array.isArray(member)) throw new PatternError("Match value must be String, number, true, false, or null");
    if (!isObject(member)) {
      tests.push((value) => value === member);
      continue;
    }
    const [operator, ...others] = Object.entries(member);
    if (operator === undefined) throw new PatternError("Empty objects are not allowed");
    if (others.length > 0) throw new PatternError("Only one key allowed in match expression");
    if (operator[0] === "exists") {
      if (typeof operator[1] !== "boolean")
        throw new PatternError("exists match pattern must be either true or false.");
      if (operator[1]) tests.push(() => true);
      else absent = true;
    } else tests.push(readOperator(operator[0], operator[1]));
  }
  return { kind: "field", path, tests, absent };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
