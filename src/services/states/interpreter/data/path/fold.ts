/** The functions that may end a path: `$.items.length()`. */
import { isJsonObject, type Json } from "../../../../../config/json.js";
import { PathSyntaxError } from "./path.js";

const FOLDS: Readonly<Record<string, (value: Json) => Json>> = {
  length: sizeOf,
  size: sizeOf,
  keys: (value) => (isJsonObject(value) ? Object.keys(value) : null),
  first: (value) => (Array.isArray(value) ? ((value as Json[])[0] ?? null) : null),
  last: (value) => (Array.isArray(value) ? ((value as Json[]).at(-1) ?? null) : null),
  min: (value) => Math.min(...numbersOf(value)),
  max: (value) => Math.max(...numbersOf(value)),
  sum: (value) => sum(numbersOf(value)),
  avg: (value) => sum(numbersOf(value)) / numbersOf(value).length,
};

export function fold(name: string, value: Json): Json {
  const apply = Object.hasOwn(FOLDS, name) ? FOLDS[name] : undefined;
  if (apply === undefined) throw new PathSyntaxError(`Function with name: ${name} does not exist.`);
  return apply(value);
}

function sizeOf(value: Json): Json {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return isJsonObject(value) ? Object.keys(value).length : null;
}

function numbersOf(value: Json): number[] {
  const numbers = Array.isArray(value) ? (value as Json[]).filter((item) => typeof item === "number") : [];
  if (numbers.length === 0)
    throw new PathSyntaxError("Aggregation function attempted to calculate value using empty array");
  return numbers;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
