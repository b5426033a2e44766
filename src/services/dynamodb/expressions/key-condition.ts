/** Turns a KeyConditionExpression into one condition per key, refusing what an index cannot answer. Texts are AWS's. */
import { invalidValues, validationError } from "../errors.js";
import type { AttributeValue } from "../values/attribute-value.js";
import type { Condition, Operand } from "./condition.js";
import type { OldCondition } from "./legacy.js";

const OPERATORS: Readonly<Record<string, string>> = { "=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE" };
/** What an operator becomes when the value stands on the left. */
const MIRRORED: Readonly<Record<string, string>> = { "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

export function keyConditions(condition: Condition): Map<string, OldCondition> {
  const found = new Map<string, OldCondition>();
  collect(condition, found);
  return found;
}

function collect(condition: Condition, found: Map<string, OldCondition>): void {
  switch (condition.kind) {
    case "and":
      collect(condition.left, found);
      collect(condition.right, found);
      return;
    case "or":
    case "not":
    case "in":
      throw refusedOperator(condition.kind.toUpperCase());
    case "compare": {
      const { operator, left, right } = condition;
      if (operator === "<>") throw refusedOperator(operator);
      const swapped = left.kind !== "path";
      add(found, [left, right], OPERATORS[swapped ? (MIRRORED[operator] as string) : operator] as string);
      return;
    }
    case "between": {
      if (condition.operand.kind !== "path") throw notFirst("BETWEEN");
      add(found, [condition.operand, condition.low, condition.high], "BETWEEN");
      return;
    }
    case "function":
      if (condition.name !== "begins_with") throw refusedOperator(condition.name);
      if (condition.args[0]?.kind !== "path") throw notFirst(condition.name);
      add(found, condition.args, "BEGINS_WITH");
      return;
  }
}

function add(found: Map<string, OldCondition>, operands: readonly Operand[], operator: string): void {
  let name: string | undefined;
  const values: AttributeValue[] = [];
  for (const operand of operands) {
    if (operand.kind === "function") throw validationError("KeyConditionExpressions cannot contain nested operations");
    if (operand.kind === "value") {
      values.push(operand.value);
      continue;
    }
    if (name !== undefined) throw refused("Multiple attribute names used in one condition");
    if (operand.path.length > 1)
      throw validationError("KeyConditionExpressions cannot have conditions on nested attributes");
    name = operand.path[0] as string;
  }
  if (name === undefined) throw refused("No key attribute specified");
  if (found.has(name)) throw validationError("KeyConditionExpressions must only contain one condition per key");
  found.set(name, { ComparisonOperator: operator, AttributeValueList: values });
}

function refusedOperator(operator: string): Error {
  return validationError(`Invalid operator used in KeyConditionExpression: ${operator}`);
}

function refused(why: string): Error {
  return validationError(`Invalid condition in KeyConditionExpression: ${why}`);
}

function notFirst(operator: string): Error {
  return refused(`${operator} operator must have the key attribute as its first operand`);
}

/** The one or two conditions a query may have, matched with the keys of the table or index. */
export interface KeyRange {
  readonly hash: AttributeValue;
  readonly range: OldCondition | undefined;
}

interface KeySchema {
  readonly hash: string;
  readonly range?: string | undefined;
}

const NOT_INDEXABLE = new Set(["NULL", "NOT_NULL", "NE", "CONTAINS", "NOT_CONTAINS", "IN"]);

export function matchKeys(
  conditions: ReadonlyMap<string, OldCondition>,
  keys: KeySchema,
  typeOfKey: (name: string) => string,
): KeyRange {
  if (keys.range === undefined && conditions.size > 1) throw validationError("Query key condition not supported");
  const check = (name: string): OldCondition | undefined => {
    const condition = conditions.get(name);
    if (condition === undefined) return undefined;
    if (NOT_INDEXABLE.has(condition.ComparisonOperator)) {
      throw validationError("Attempted conditional constraint is not an indexable operation");
    }
    if (condition.AttributeValueList?.some((value) => !(typeOfKey(name) in value))) {
      throw invalidValues("Condition parameter type does not match schema type");
    }
    return condition;
  };
  const hash = check(keys.hash);
  if (hash === undefined) throw missed(keys.hash);
  if (hash.ComparisonOperator !== "EQ") throw validationError("Query key condition not supported");
  const range = keys.range === undefined ? undefined : check(keys.range);
  if (range === undefined && keys.range !== undefined && conditions.size > 1) throw missed(keys.range);
  return { hash: hash.AttributeValueList?.[0] as AttributeValue, range };
}

function missed(name: string): Error {
  return validationError(`Query condition missed key schema element: ${name}`);
}
