/**
 * Typed reading of a request's members, and AWS's own texts for what does not fit: a wrong JSON type is a
 * SerializationException, a broken constraint of the API model is "1 validation error detected: Value ...".
 * Constraint texts: https://smithy.io/2.0/spec/constraint-traits.html as the services render them.
 */
import { AwsError } from "./aws-error.js";
import type { JsonObject } from "./json-protocol.js";

export function stringMember(input: JsonObject, name: string): string | undefined {
  return member(input, name, "String", (value): value is string => typeof value === "string");
}

export function numberMember(input: JsonObject, name: string): number | undefined {
  return member(input, name, "Integer", (value): value is number => typeof value === "number");
}

export function booleanMember(input: JsonObject, name: string): boolean | undefined {
  return member(input, name, "Boolean", (value): value is boolean => typeof value === "boolean");
}

export function objectMember(input: JsonObject, name: string): JsonObject | undefined {
  return member(input, name, "Structure", isJsonObject);
}

export function listMember(input: JsonObject, name: string): readonly unknown[] | undefined {
  return member(input, name, "List", (value): value is readonly unknown[] => Array.isArray(value));
}

export function stringListMember(input: JsonObject, name: string): readonly string[] | undefined {
  const list = listMember(input, name);
  return list?.map((value) => {
    if (typeof value !== "string") throw wrongType(value, "String");
    return value;
  });
}

export function objectListMember(input: JsonObject, name: string): readonly JsonObject[] | undefined {
  const list = listMember(input, name);
  return list?.map((value) => {
    if (!isJsonObject(value)) throw wrongType(value, "Structure");
    return value;
  });
}

/** The object that a text is in JSON; undefined when it is none. */
export function jsonObjectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member<T>(input: JsonObject, name: string, type: string, fits: (value: unknown) => value is T): T | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!fits(value)) throw wrongType(value, type);
  return value;
}

function wrongType(value: unknown, wanted: string): AwsError {
  const article = /^[AEIOU]/.test(wanted) ? "an" : "a";
  return new AwsError("SerializationException", `${jsonTypeName(value)} can not be converted to ${article} ${wanted}`);
}

function jsonTypeName(value: unknown): string {
  if (Array.isArray(value)) return "START_ARRAY";
  switch (typeof value) {
    case "string":
      return "STRING_VALUE";
    case "number":
      return "NUMBER_VALUE";
    case "boolean":
      return value ? "TRUE_VALUE" : "FALSE_VALUE";
    default:
      return "START_OBJECT";
  }
}

/** Collects broken constraints, so that one answer names them all as AWS does. */
export class Violations {
  readonly #texts: string[] = [];

  add(value: unknown, at: string, constraint: string): void {
    this.#texts.push(`Value ${shown(value)} at '${at}' failed to satisfy constraint: ${constraint}`);
  }

  /** For members whose value AWS never repeats. */
  addHidden(at: string, constraint: string): void {
    this.#texts.push(`Value at '${at}' failed to satisfy constraint: ${constraint}`);
  }

  required(value: unknown, at: string): void {
    if (value === undefined) this.add(undefined, at, "Member must not be null");
  }

  length(value: string | readonly unknown[] | undefined, at: string, min: number, max: number): void {
    if (value === undefined) return;
    if (value.length > max) this.add(value, at, `Member must have length less than or equal to ${max}`);
    else if (value.length < min) this.add(value, at, `Member must have length greater than or equal to ${min}`);
  }

  range(value: number | undefined, at: string, min: number, max: number): void {
    if (value === undefined) return;
    if (value > max) this.add(value, at, `Member must have value less than or equal to ${max}`);
    else if (value < min) this.add(value, at, `Member must have value greater than or equal to ${min}`);
  }

  /** `shownPattern` is the pattern as the API model writes it. */
  pattern(value: string | undefined, at: string, pattern: RegExp, shownPattern: string): void {
    if (value !== undefined && !pattern.test(value)) {
      this.add(value, at, `Member must satisfy regular expression pattern: ${shownPattern}`);
    }
  }

  oneOf(value: string | undefined, at: string, allowed: readonly string[]): void {
    if (value !== undefined && !allowed.includes(value)) {
      this.add(value, at, `Member must satisfy enum value set: [${allowed.join(", ")}]`);
    }
  }

  get isEmpty(): boolean {
    return this.#texts.length === 0;
  }

  /** Throws when anything was added. */
  check(code = "ValidationException"): void {
    const count = this.#texts.length;
    if (count === 0) return;
    throw new AwsError(code, `${count} validation error${count === 1 ? "" : "s"} detected: ${this.#texts.join("; ")}`);
  }
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (Array.isArray(value))
    return `'[${value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join(", ")}]'`;
  return `'${typeof value === "string" ? value : JSON.stringify(value)}'`;
}
