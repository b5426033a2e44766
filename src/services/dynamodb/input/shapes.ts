/**
 * A small language for request shapes, read in two passes as the service does: first JSON types (anything wrong is a
 * SerializationException), then the constraints of the API model (up to ten in one ValidationException).
 * The texts are the service's own, as dynalite recorded them.
 */
import { validationError } from "../errors.js";

/** Constraints, checked in this order. */
interface Constraints {
  readonly notNull?: boolean;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  /** Of a map: what its keys and the lengths of its values must satisfy. */
  readonly keys?: Constraints;
  readonly values?: Constraints;
}

/** How the service names a structure in its type errors: as a member, as a value in a list or map. */
export type StructPlace = "value" | "field";

export type Shape = Constraints &
  (
    | { readonly kind: "string" | "integer" | "long" | "double" | "boolean" }
    /** A table's name, or its ARN, of which the name is taken. */
    | { readonly kind: "tableName"; readonly required?: boolean }
    | { readonly kind: "list"; readonly of: Shape; readonly parameterized?: boolean }
    | { readonly kind: "map"; readonly of: Shape; readonly javaType: string; readonly parameterized?: boolean }
    | { readonly kind: "struct"; readonly members: Members; readonly javaType: string; readonly place: StructPlace }
    | { readonly kind: "attributeValue"; readonly place: StructPlace }
  );

export type Members = Readonly<Record<string, Shape>>;

const MAX_REPORTED_ERRORS = 10;
const MIN_TABLE_NAME = 3;
const MAX_TABLE_NAME = 255;

/** Throws what is wrong with the members, if anything. */
export function checkConstraints(members: Members, input: Readonly<Record<string, unknown>>): void {
  checkTableName(members, input);
  const errors: string[] = [];
  checkMembers(members, input, "", errors);
  if (errors.length === 0) return;
  throw validationError(
    `${errors.length} validation error${errors.length > 1 ? "s" : ""} detected: ${errors.join("; ")}`,
  );
}

/** CreateTable, UpdateTable and their kin check the name before all else, with texts of their own. */
function checkTableName(members: Members, input: Readonly<Record<string, unknown>>): void {
  for (const [name, shape] of Object.entries(members)) {
    if (shape.kind !== "tableName" || shape.required !== true) continue;
    const value = input[name];
    if (typeof value !== "string")
      throw validationError(`The parameter '${name}' is required but was not present in the request`);
    if (value.length < MIN_TABLE_NAME || value.length > MAX_TABLE_NAME) {
      throw validationError(
        `${name} must be at least ${MIN_TABLE_NAME} characters long and at most ${MAX_TABLE_NAME} characters long`,
      );
    }
  }
}

function checkMembers(
  members: Members,
  input: Readonly<Record<string, unknown>>,
  parent: string,
  errors: string[],
): void {
  for (const [name, shape] of Object.entries(members)) {
    const place = `${parent === "" ? "" : `${parent}.`}${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    checkShape(shape, input[name], place, errors);
  }
}

function checkShape(shape: Shape, value: unknown, place: string, errors: string[]): void {
  for (const failure of failures(shape, value)) report(errors, value, place, failure);
  if (value === undefined) return;
  if (shape.kind === "list") {
    for (const [i, member] of (value as unknown[]).entries())
      checkShape(shape.of, member, `${place}.${i + 1}.member`, errors);
  } else if (shape.kind === "map") {
    for (const [key, member] of Object.entries(value as object))
      checkShape(shape.of, member, `${place}.${key}.member`, errors);
  } else if (shape.kind === "struct") {
    checkMembers(shape.members, value as Readonly<Record<string, unknown>>, place, errors);
  }
}

function report(errors: string[], value: unknown, place: string, failure: string): void {
  if (errors.length >= MAX_REPORTED_ERRORS) return;
  const shown = value === undefined ? "null" : `'${valueText(value)}'`;
  errors.push(`Value ${shown} at '${place}' failed to satisfy constraint: ${failure}`);
}

function* failures(shape: Constraints, value: unknown): Generator<string> {
  if (value === undefined) {
    if (shape.notNull) yield "Member must not be null";
    return;
  }
  if (shape.enum && !shape.enum.includes(value as string))
    yield `Member must satisfy enum value set: [${shape.enum.join(", ")}]`;
  if (shape.pattern !== undefined && !matches(shape.pattern, value as string)) {
    yield `Member must satisfy regular expression pattern: ${shape.pattern}`;
  }
  const { minLength, maxLength, min, max } = shape;
  if (minLength !== undefined && lengthOf(value) < minLength)
    yield `Member must have length greater than or equal to ${minLength}`;
  if (maxLength !== undefined && lengthOf(value) > maxLength)
    yield `Member must have length less than or equal to ${maxLength}`;
  if (min !== undefined && (value as number) < min) yield `Member must have value greater than or equal to ${min}`;
  if (max !== undefined && (value as number) > max) yield `Member must have value less than or equal to ${max}`;
  const { keys } = shape;
  if (keys) {
    const wrong = Object.keys(value as object).some((key) => !failures(keys, key).next().done);
    if (wrong) yield `Map keys must satisfy constraint: [${describe(keys)}]`;
  }
  const { values } = shape;
  if (values) {
    const wrong = Object.values(value as object).some((member) => !failures(values, member).next().done);
    if (wrong) yield `Map value must satisfy constraint: [${describe(values)}]`;
  }
}

/** The constraints of keys and values are listed whole, longest length first. */
function describe(constraints: Constraints): string {
  const parts: string[] = [];
  if (constraints.maxLength !== undefined)
    parts.push(`Member must have length less than or equal to ${constraints.maxLength}`);
  if (constraints.minLength !== undefined)
    parts.push(`Member must have length greater than or equal to ${constraints.minLength}`);
  if (constraints.pattern !== undefined)
    parts.push(`Member must satisfy regular expression pattern: ${constraints.pattern}`);
  return parts.join(", ");
}

const patterns = new Map<string, RegExp>();

function matches(pattern: string, text: string): boolean {
  const compiled = patterns.get(pattern) ?? new RegExp(`^${pattern}$`);
  patterns.set(pattern, compiled);
  return compiled.test(text);
}

function lengthOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return Object.keys(value as object).length;
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
