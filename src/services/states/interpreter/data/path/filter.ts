/** What filters of paths decide, as Jayway JsonPath has it: values of different types are not equal and have no order. */
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../../../../config/json.js";
import { BoundedRegExp } from "../bounded-regexp.js";
import type { Filter, Operand, Step } from "./path.js";

/** Selects what the steps find in a document; `undefined` when they find nothing. */
export type Select = (steps: readonly Step[], document: Json) => Json | undefined;

export function passes(filter: Filter, item: Json, root: Json, select: Select): boolean {
  if (filter.kind === "all") return filter.filters.every((each) => passes(each, item, root, select));
  if (filter.kind === "any") return filter.filters.some((each) => passes(each, item, root, select));
  if (filter.kind === "not") return !passes(filter.filter, item, root, select);
  const valueOf = (one: Operand): Json | undefined => {
    if (one.kind === "path") return select(one.steps, one.fromRoot ? root : item);
    return one.kind === "literal" ? one.value : undefined;
  };
  if (filter.kind === "exists") return valueOf(filter.operand) !== undefined;
  const { left, operator, right } = filter;
  if (operator === "=~") return matches(left, right, valueOf);
  return compare(valueOf(left), operator, valueOf(right));
}

function matches(left: Operand, right: Operand, valueOf: (one: Operand) => Json | undefined): boolean {
  const pattern = right.kind === "pattern" ? right.pattern : undefined;
  const text = valueOf(left);
  return pattern !== undefined && typeof text === "string" && new BoundedRegExp(pattern).exec(text) !== null;
}

function compare(left: Json | undefined, operator: string, right: Json | undefined): boolean {
  if (operator === "==") return left !== undefined && isDeepStrictEqual(left, right);
  if (operator === "!=") return !isDeepStrictEqual(left, right);
  if (left === undefined || right === undefined) return false;
  const has = (list: Json, item: Json): boolean =>
    Array.isArray(list) && list.some((each) => isDeepStrictEqual(each, item));
  const items: readonly Json[] = Array.isArray(left) ? left : [];
  if (operator === "in") return has(right, left);
  if (operator === "nin") return !has(right, left);
  if (operator === "subsetof") return Array.isArray(left) && items.every((item) => has(right, item));
  if (operator === "anyof") return items.some((item) => has(right, item));
  if (operator === "noneof") return Array.isArray(left) && !items.some((item) => has(right, item));
  if (operator === "contains")
    return typeof left === "string" ? typeof right === "string" && left.includes(right) : has(left, right);
  if (operator === "size") return lengthOf(left) === right;
  if (operator === "empty") return (lengthOf(left) === 0) === right;
  return inOrder(left, operator, right);
}

const lengthOf = (value: Json): number | undefined =>
  typeof value === "string" || Array.isArray(value) ? value.length : undefined;

function inOrder(left: Json, operator: string, right: Json): boolean {
  const comparable =
    (typeof left === "number" && typeof right === "number") || (typeof left === "string" && typeof right === "string");
  if (!comparable) return false;
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}
