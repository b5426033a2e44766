/** What a parsed condition is, and how it is decided for an item. An absent item is an item without attributes. */
import { typeOf, type AttributeType, type AttributeValue, type Item } from "../values/attribute-value.js";
import { beginsWith, compareValues, contains, valuesEqual } from "../values/compare.js";
import type { Path } from "./context.js";
import { valueAt } from "./paths.js";

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Operand =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "function"; readonly name: string; readonly args: readonly Operand[] };

export type Condition =
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "compare"; readonly operator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "between"; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: "in"; readonly operand: Operand; readonly list: readonly Operand[] }
  | Extract<Operand, { kind: "function" }>;

export function holds(condition: Condition, item: Item): boolean {
  switch (condition.kind) {
    case "and":
      return holds(condition.left, item) && holds(condition.right, item);
    case "or":
      return holds(condition.left, item) || holds(condition.right, item);
    case "not":
      return !holds(condition.operand, item);
    case "compare":
      return compare(condition.operator, resolve(condition.left, item), resolve(condition.right, item));
    case "between": {
      const value = resolve(condition.operand, item);
      return compare(">=", value, resolve(condition.low, item)) && compare("<=", value, resolve(condition.high, item));
    }
    case "in": {
      const value = resolve(condition.operand, item);
      return condition.list.some((member) => compare("=", value, resolve(member, item)));
    }
    case "function":
      return callPredicate(condition.name, condition.args, item);
  }
}

function compare(operator: Comparator, left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  // Only `<>` can be true of something that is not there.
  if (left === undefined || right === undefined) return operator === "<>" && left !== right;
  if (operator === "=") return valuesEqual(left, right);
  if (operator === "<>") return !valuesEqual(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function callPredicate(name: string, args: readonly Operand[], item: Item): boolean {
  const [first, second] = args.map((arg) => resolve(arg, item));
  switch (name) {
    case "attribute_exists":
      return first !== undefined;
    case "attribute_not_exists":
      return first === undefined;
    case "attribute_type":
      return first !== undefined && typeOf(first) === second?.S;
    case "begins_with":
      return first !== undefined && second !== undefined && beginsWith(first, second);
    case "contains":
      return first !== undefined && second !== undefined && contains(first, second);
    default:
      throw new Error(`function ${name} got past the parser`);
  }
}

function resolve(operand: Operand, item: Item): AttributeValue | undefined {
  switch (operand.kind) {
    case "path":
      return valueAt(item, operand.path);
    case "value":
      return operand.value;
    case "function": {
      // `size` is the only function that stands for a value; the parser refuses the others here.
      const [arg] = operand.args;
      const value = arg === undefined ? undefined : resolve(arg, item);
      const size = value === undefined ? undefined : sizeOf(value);
      return size === undefined ? undefined : { N: String(size) };
    }
  }
}

function sizeOf(value: AttributeValue): number | undefined {
  if (value.S !== undefined) return value.S.length;
  if (value.B !== undefined) return Buffer.byteLength(value.B, "base64");
  if (value.M !== undefined) return Object.keys(value.M).length;
  return (value.SS ?? value.NS ?? value.BS ?? value.L)?.length;
}

/** The type an operand is known to have before any item is seen. */
export function knownType(operand: Operand | undefined): AttributeType | undefined {
  if (operand === undefined || operand.kind === "path") return undefined;
  if (operand.kind === "value") return typeOf(operand.value);
  return operand.name === "size" ? "N" : "BOOL";
}

/** Visits every path of a condition. */
export function forEachPath(condition: Condition, visit: (path: Path) => void): void {
  const visitOperand = (operand: Operand): void => {
    if (operand.kind === "path") visit(operand.path);
    else if (operand.kind === "function") operand.args.forEach(visitOperand);
  };
  switch (condition.kind) {
    case "and":
    case "or":
      forEachPath(condition.left, visit);
      forEachPath(condition.right, visit);
      return;
    case "not":
      forEachPath(condition.operand, visit);
      return;
    case "compare":
      visitOperand(condition.left);
      visitOperand(condition.right);
      return;
    case "between":
      [condition.operand, condition.low, condition.high].forEach(visitOperand);
      return;
    case "in":
      [condition.operand, ...condition.list].forEach(visitOperand);
      return;
    case "function":
      visitOperand(condition);
      return;
  }
}
