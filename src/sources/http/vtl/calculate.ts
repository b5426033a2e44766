/** Operators of expressions, over whole numbers as Java has them. */
import { bounded } from "./bounds.js";
import type { Expression } from "./parse.js";
import { isEqual, isTrue, textOf, type Value } from "./values.js";

type Operator = (left: Value, right: Value) => Value;

/** Of anything but numbers there is no result. */
const arithmetic =
  (compute: (left: number, right: number) => number | undefined): Operator =>
  (left, right) =>
    typeof left === "number" && typeof right === "number" ? compute(left, right) : undefined;

const comparison =
  (holds: (order: number) => boolean): Operator =>
  (left, right) => {
    if (typeof left === "number" && typeof right === "number") return holds(left - right);
    if (typeof left !== "string" || typeof right !== "string") return false;
    return holds(left < right ? -1 : left > right ? 1 : 0);
  };

const sum = arithmetic((left, right) => left + right);

const OPERATORS: Readonly<Record<string, Operator>> = {
  "+": (left, right) =>
    typeof left === "string" || typeof right === "string" ? bounded(textOf(left) + textOf(right)) : sum(left, right),
  "-": arithmetic((left, right) => left - right),
  "*": arithmetic((left, right) => left * right),
  "/": arithmetic((left, right) => {
    if (right === 0) return undefined;
    return Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(left / right) : left / right;
  }),
  "%": arithmetic((left, right) => (right === 0 ? undefined : left % right)),
  "==": (left, right) => isEqual(left, right),
  "!=": (left, right) => !isEqual(left, right),
  ">": comparison((order) => order > 0),
  ">=": comparison((order) => order >= 0),
  "<": comparison((order) => order < 0),
  "<=": comparison((order) => order <= 0),
};

export function calculated(
  operator: string,
  [left, right]: readonly Expression[],
  value: (expression: Expression) => Value,
): Value {
  const first = left === undefined ? undefined : value(left);
  switch (operator) {
    case "parenthesis":
      return first;
    case "not":
      return !isTrue(first);
    case "minus":
      return typeof first === "number" ? -first : undefined;
    case "&&":
      return isTrue(first) && right !== undefined && isTrue(value(right));
    case "||":
      return isTrue(first) || (right !== undefined && isTrue(value(right)));
    default:
      return OPERATORS[operator]?.(first, right === undefined ? undefined : value(right));
  }
}
