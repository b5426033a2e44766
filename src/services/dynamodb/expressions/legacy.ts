/**
 * The parameters from before expressions: Expected, QueryFilter, ScanFilter, KeyConditions, AttributeUpdates,
 * AttributesToGet. Checked with their own texts, then turned into the conditions and actions that expressions give.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
 */
import { invalidValues, validationError } from "../errors.js";
import { typeOf, type AttributeType, type AttributeValue } from "../values/attribute-value.js";
import { compareValues } from "../values/compare.js";
import { validateValue } from "../values/validate.js";
import type { Comparator, Condition, Operand } from "./condition.js";
import type { UpdateAction } from "./update.js";

export interface OldCondition {
  readonly ComparisonOperator: string;
  readonly AttributeValueList?: readonly AttributeValue[];
}

export interface ExpectedAttribute {
  readonly ComparisonOperator?: string;
  readonly AttributeValueList?: readonly AttributeValue[];
  readonly Exists?: boolean;
  readonly Value?: AttributeValue;
}

export interface AttributeUpdate {
  readonly Action?: string;
  readonly Value?: AttributeValue;
}

export type OldConditions = Readonly<Record<string, OldCondition>>;
export type ConditionalOperator = "AND" | "OR";

const SCALARS: readonly AttributeType[] = ["S", "N", "B"];
const COMPARABLE: readonly AttributeType[] = [...SCALARS, "SS", "NS", "BS"];

/** Per operator: least and most arguments, types allowed. */
const OPERATORS: Readonly<
  Record<string, { readonly min: number; readonly max: number; readonly types?: readonly AttributeType[] }>
> = {
  NULL: { min: 0, max: 0 },
  NOT_NULL: { min: 0, max: 0 },
  EQ: { min: 1, max: 1, types: COMPARABLE },
  NE: { min: 1, max: 1, types: COMPARABLE },
  LE: { min: 1, max: 1, types: SCALARS },
  LT: { min: 1, max: 1, types: SCALARS },
  GE: { min: 1, max: 1, types: SCALARS },
  GT: { min: 1, max: 1, types: SCALARS },
  CONTAINS: { min: 1, max: 1, types: SCALARS },
  NOT_CONTAINS: { min: 1, max: 1, types: SCALARS },
  BEGINS_WITH: { min: 1, max: 1, types: ["S", "B"] },
  IN: { min: 1, max: Infinity, types: SCALARS },
  BETWEEN: { min: 2, max: 2, types: SCALARS },
};

/** QueryFilter, ScanFilter and KeyConditions. */
export function checkConditions(conditions: OldConditions | undefined): void {
  for (const { ComparisonOperator, AttributeValueList = [] } of Object.values(conditions ?? {})) {
    for (const value of AttributeValueList) validateValue(value);
    checkArguments(ComparisonOperator, AttributeValueList);
    const types = OPERATORS[ComparisonOperator]?.types;
    const wrong = AttributeValueList.map(typeOf).find((type) => types !== undefined && !types.includes(type));
    if (wrong !== undefined) {
      throw invalidValues(`ComparisonOperator ${ComparisonOperator} is not valid for ${wrong} AttributeValue type`);
    }
    checkBounds(ComparisonOperator, AttributeValueList);
  }
}

function checkArguments(operator: string, values: readonly AttributeValue[]): void {
  const rule = OPERATORS[operator];
  if (rule !== undefined && (values.length < rule.min || values.length > rule.max)) {
    throw invalidValues(`Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  }
  if (new Set(values.map(typeOf)).size > 1) {
    throw invalidValues("AttributeValues inside AttributeValueList must be of same type");
  }
}

function checkBounds(operator: string, values: readonly AttributeValue[]): void {
  const [low, high] = values;
  if (operator !== "BETWEEN" || low === undefined || high === undefined) return;
  if ((compareValues(low, high) ?? 0) > 0) {
    throw validationError(
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    );
  }
}

export function checkExpected(expected: Readonly<Record<string, ExpectedAttribute>> | undefined): void {
  for (const [name, given] of Object.entries(expected ?? {})) checkExpectedAttribute(name, given);
}

function checkExpectedAttribute(
  name: string,
  { AttributeValueList: list, ComparisonOperator: operator, Exists, Value }: ExpectedAttribute,
): void {
  if (list !== undefined && Value !== undefined) {
    throw invalidValues(`Value and AttributeValueList cannot be used together for Attribute: ${name}`);
  }
  if (operator === undefined) {
    if (list !== undefined)
      throw invalidValues(`AttributeValueList can only be used with a ComparisonOperator for Attribute: ${name}`);
    if ((Exists ?? true) && Value === undefined) {
      throw invalidValues(`Value must be provided when Exists is ${Exists ?? "null"} for Attribute: ${name}`);
    }
    if (Exists === false && Value !== undefined)
      throw invalidValues(`Value cannot be used when Exists is false for Attribute: ${name}`);
    if (Value !== undefined) validateValue(Value);
    return;
  }
  if (Exists !== undefined)
    throw invalidValues(`Exists and ComparisonOperator cannot be used together for Attribute: ${name}`);
  if (operator !== "NULL" && operator !== "NOT_NULL" && list === undefined && Value === undefined) {
    throw invalidValues(
      `Value or AttributeValueList must be used with ComparisonOperator: ${operator} for Attribute: ${name}`,
    );
  }
  const values = list ?? (Value === undefined ? [] : [Value]);
  for (const value of values) validateValue(value);
  checkArguments(operator, values);
  checkBounds(operator, values);
}

export function expectedToCondition(
  expected: Readonly<Record<string, ExpectedAttribute>> | undefined,
  operator: ConditionalOperator | undefined,
): Condition | undefined {
  const parts = Object.entries(expected ?? {}).map(
    ([name, { ComparisonOperator, AttributeValueList, Exists, Value }]) => {
      const values = AttributeValueList ?? (Value === undefined ? [] : [Value]);
      return comparison(name, ComparisonOperator ?? (Exists === false ? "NULL" : "EQ"), values);
    },
  );
  return join(parts, operator);
}

export function conditionsToCondition(
  conditions: OldConditions | undefined,
  operator: ConditionalOperator | undefined,
): Condition | undefined {
  const parts = Object.entries(conditions ?? {}).map(([name, { ComparisonOperator, AttributeValueList = [] }]) =>
    comparison(name, ComparisonOperator, AttributeValueList),
  );
  return join(parts, operator);
}

function join(parts: readonly Condition[], operator: ConditionalOperator | undefined): Condition | undefined {
  const kind = operator === "OR" ? "or" : "and";
  return parts.reduce<Condition | undefined>(
    (left, right) => (left === undefined ? right : { kind, left, right }),
    undefined,
  );
}

const COMPARATORS: Readonly<Record<string, Comparator>> = { EQ: "=", NE: "<>", LE: "<=", LT: "<", GE: ">=", GT: ">" };

function comparison(name: string, operator: string, values: readonly AttributeValue[]): Condition {
  const path: Operand = { kind: "path", path: [name] };
  const operands = values.map((value): Operand => ({ kind: "value", value }));
  const call = (fn: string): Condition => ({ kind: "function", name: fn, args: [path, ...operands] });
  const comparator = COMPARATORS[operator];
  if (comparator !== undefined)
    return { kind: "compare", operator: comparator, left: path, right: operands[0] as Operand };
  switch (operator) {
    case "NULL":
      return call("attribute_not_exists");
    case "NOT_NULL":
      return call("attribute_exists");
    case "CONTAINS":
      return call("contains");
    case "NOT_CONTAINS":
      return { kind: "not", operand: call("contains") };
    case "BEGINS_WITH":
      return call("begins_with");
    case "IN":
      return { kind: "in", operand: path, list: operands };
    default:
      return { kind: "between", operand: path, low: operands[0] as Operand, high: operands[1] as Operand };
  }
}

const ADDABLE: readonly AttributeType[] = ["L", "SS", "NS", "BS", "N"];
const SETS: readonly AttributeType[] = ["SS", "NS", "BS"];

export function checkAttributeUpdates(updates: Readonly<Record<string, AttributeUpdate>> | undefined): void {
  for (const { Action, Value } of Object.values(updates ?? {})) {
    if (Value === undefined) {
      if (Action !== "DELETE")
        throw invalidValues("Only DELETE action is allowed when no attribute value is specified");
      continue;
    }
    validateValue(Value);
    const type = typeOf(Value);
    if (Action === "DELETE" && !SETS.includes(type))
      throw invalidValues(`DELETE action with value is not supported for the type ${type}`);
    if (Action === "ADD" && !ADDABLE.includes(type))
      throw invalidValues(`ADD action is not supported for the type ${type}`);
  }
}

export function attributeUpdatesToActions(updates: Readonly<Record<string, AttributeUpdate>>): UpdateAction[] {
  return Object.entries(updates).map(([name, { Action, Value }]) => {
    const path = [name];
    if (Value === undefined) return { kind: "remove", path };
    if (Action === "ADD") return { kind: "add", path, value: Value };
    if (Action === "DELETE") return { kind: "delete", path, value: Value };
    return { kind: "set", path, value: { kind: "value", value: Value } };
  });
}

export const OLD_TYPE_MISMATCH = "Type mismatch for attribute to update";

export function checkAttributesToGet(names: readonly string[] | undefined): void {
  const seen = new Set<string>();
  for (const name of names ?? []) {
    if (seen.has(name)) throw invalidValues(`Duplicate value in attribute name: ${name}`);
    seen.add(name);
  }
}
