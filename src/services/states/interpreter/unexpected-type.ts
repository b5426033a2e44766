/** What AWS says when an expression gave a value of another type than its field takes. */
import type { Json } from "../../../config/json.js";
import { textOf } from "../../../config/json.js";
import { QueryEvaluationError } from "./states-error.js";

const EXPRESSION = /^\{%\s*([\s\S]*?)\s*%\}$/;

export type JsonType = "array" | "boolean" | "null" | "number" | "object" | "string";

export function typeOf(value: Json): JsonType {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : (typeof value as JsonType);
}

export function unexpectedType(expression: Json, field: string, expected: string, value: Json): QueryEvaluationError {
  const text = EXPRESSION.exec(textOf(expression))?.[1] ?? JSON.stringify(expression);
  const found = `Expected '${expected}', but was '${typeOf(value)}' for value: ${JSON.stringify(value)}`;
  return new QueryEvaluationError(
    `The JSONata expression '${text}' specified for the field '${field}' returned an unexpected result type. ${found}`,
    field,
  );
}
