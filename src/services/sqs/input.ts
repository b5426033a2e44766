/**
 * Reads members of a request. AWS converts scalars (a number sent as a string, a boolean where a string belongs)
 * and refuses structures and lists where none is expected.
 */
import type { JsonObject } from "../kit/json-protocol.js";
import { sqsError } from "./errors.js";

export function optionalString(input: JsonObject, name: string): string | undefined {
  const value = input[name];
  if (typeof value === "string") return value;
  return value === undefined || value === null ? undefined : scalarText(value);
}

export function requiredString(input: JsonObject, name: string): string {
  const value = optionalString(input, name);
  if (value === undefined || value === "") throw sqsError.missingParameter(name);
  return value;
}

export function optionalInteger(input: JsonObject, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return Math.trunc(value);
  const text = scalarText(value);
  if (!/^[+-]?\d{1,15}$/.test(text)) throw sqsError.wrongType("STRING_VALUE can not be converted to an Integer");
  return Number(text);
}

export function stringList(input: JsonObject, name: string): readonly string[] {
  const value = input[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw sqsError.wrongType(`Expected a list for ${name}.`);
  return value.map(scalarText);
}

export function objectList(input: JsonObject, name: string): readonly JsonObject[] {
  const value = input[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw sqsError.wrongType(`Expected a list for ${name}.`);
  return value.map((entry) => asObject(entry));
}

export function objectMap(input: JsonObject, name: string): JsonObject {
  const value = input[name];
  return value === undefined || value === null ? {} : asObject(value);
}

/** A map of strings; members that are null count as absent. */
export function stringMap(input: JsonObject, name: string): Map<string, string> {
  const result = new Map<string, string>();
  for (const [key, value] of Object.entries(objectMap(input, name))) {
    if (value !== null && value !== undefined) result.set(key, scalarText(value));
  }
  return result;
}

export function asObject(value: unknown): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw sqsError.wrongType("Unexpected value where a structure was expected.");
  return value as JsonObject;
}

function scalarText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || Number.isFinite(value)) return String(value);
  if (typeof value === "number") throw sqsError.wrongType("NUMBER_VALUE can not be converted to a String");
  if (Array.isArray(value)) throw sqsError.wrongType("Unrecognized collection type class java.lang.String");
  throw sqsError.wrongType("Start of structure or map found where not expected.");
}
