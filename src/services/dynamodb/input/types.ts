/**
 * First pass over a request: JSON types against the shapes. Gives a copy that holds known members only, has no
 * inherited properties, and may be changed. Texts of the refusals as the service sends them.
 */
import { serializationError, validationError } from "../errors.js";
import type { AttributeValue, Item } from "../values/attribute-value.js";
import type { Members, Shape, StructPlace } from "./shapes.js";

const MODEL = "com.amazonaws.dynamodb.v20120810.";
const TABLE_ARN = /^arn:[a-z-]+:dynamodb:[^:]*:\d*:table\/([^/]+)$/;
const NOT_EXPECTED_STRUCTURE = "Start of structure or map found where not expected";
const PARAMETERIZED =
  "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')";

/** Deeper values are refused by the nesting rule; this bound only keeps the walk from exhausting the stack. */
const MAX_WALK_DEPTH = 100;

/** The members of `input` that the shapes know, with the types that the shapes want. */
export function readMembers(members: Members, input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(members)) {
    const value = input[name];
    if (value !== undefined && value !== null) read[name] = readShape(shape, value);
  }
  return read;
}

function readShape(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case "string":
      return readString(value);
    case "tableName": {
      const name = readString(value);
      return TABLE_ARN.exec(name)?.[1] ?? name;
    }
    case "integer":
    case "long":
    case "double":
      return readNumber(value, shape.kind);
    case "boolean":
      return readBoolean(value);
    case "list":
      return readList(value, shape.parameterized ?? false, (member) => readShape(shape.of, member));
    case "map":
      return readMap(value, shape.javaType, shape.parameterized ?? false, (member) => readShape(shape.of, member));
    case "struct":
      return readMembers(shape.members, structure(value, shape.place, shape.javaType));
    case "attributeValue":
      return readAttributeValue(value, shape.place, 1);
  }
}

function readString(value: unknown): string {
  if (typeof value === "string") return value;
  throw serializationError(
    typeof value === "object"
      ? misplaced(value, "class java.lang.String")
      : `${tokenName(value)} cannot be converted to String`,
  );
}

function readNumber(value: unknown, kind: "integer" | "long" | "double"): number {
  const name = { integer: "Integer", long: "Long", double: "Double" }[kind];
  if (typeof value === "number") return kind === "double" ? value : Math.floor(value);
  if (typeof value === "string") throw serializationError(`STRING_VALUE cannot be converted to ${name}`);
  throw serializationError(
    typeof value === "object"
      ? misplaced(value, `class java.lang.${name}`)
      : `${tokenName(value)} cannot be converted to ${name}`,
  );
}

const TRUE_WORDS = new Set(["TRUE", "1", "YES"]);
const FALSE_WORDS = new Set(["FALSE", "0", "NO"]);

function readBoolean(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") throw serializationError(`${tokenName(value)} cannot be converted to Boolean`);
  if (typeof value !== "string") throw serializationError(misplaced(value, "class java.lang.Boolean"));
  const word = value.toUpperCase();
  if (TRUE_WORDS.has(word)) return true;
  if (FALSE_WORDS.has(word)) return false;
  throw serializationError("Unexpected token received from parser");
}

function readBlob(value: unknown): string {
  if (typeof value === "object") throw serializationError(misplaced(value, "class java.nio.ByteBuffer"));
  if (typeof value !== "string") throw serializationError("only base-64-encoded strings are convertible to bytes");
  if (value.length % 4 !== 0) {
    throw serializationError(`Base64 encoded length is expected a multiple of 4 bytes but found: ${value.length}`);
  }
  if (Buffer.from(value, "base64").toString("base64") !== value) {
    throw serializationError("Invalid last non-pad Base64 character dectected");
  }
  return value;
}

function readList<T>(value: unknown, parameterized: boolean, read: (member: unknown) => T): T[] {
  if (typeof value !== "object") throw serializationError(parameterized ? PARAMETERIZED : "Unexpected field type");
  if (!Array.isArray(value)) throw serializationError(NOT_EXPECTED_STRUCTURE);
  // A null member counts as absent, like a null member of a structure.
  return value.filter((member) => member !== null).map(read);
}

function readMap<T>(
  value: unknown,
  javaType: string,
  parameterized: boolean,
  read: (member: unknown) => T,
): Record<string, T> {
  if (typeof value !== "object" || value === null)
    throw serializationError(parameterized ? PARAMETERIZED : "Unexpected field type");
  if (Array.isArray(value)) {
    const member = javaType.startsWith("java.") ? javaType : MODEL + javaType;
    throw serializationError(`Unrecognized collection type java.util.Map<java.lang.String, ${member}>`);
  }
  const map = Object.create(null) as Record<string, T>;
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== null) map[key] = read(member);
  }
  return map;
}

function structure(value: unknown, place: StructPlace, javaType: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) {
    throw serializationError(place === "value" ? "Unexpected value type in payload" : "Unexpected field type");
  }
  if (Array.isArray(value)) throw serializationError(`Unrecognized collection type class ${MODEL}${javaType}`);
  return value as Readonly<Record<string, unknown>>;
}

const ATTRIBUTE_TYPES = ["S", "B", "N", "BOOL", "NULL", "BS", "NS", "SS", "L", "M"] as const;

function readAttributeValue(raw: unknown, place: StructPlace, depth: number): AttributeValue {
  if (depth > MAX_WALK_DEPTH) throw validationError("Nesting Levels have exceeded supported limits");
  const source = structure(raw, place, "AttributeValue");
  const value: AttributeValue = {};
  for (const type of ATTRIBUTE_TYPES) {
    const member = source[type];
    if (member === undefined || member === null) continue;
    if (type === "S" || type === "N") value[type] = readString(member);
    else if (type === "B") value.B = readBlob(member);
    else if (type === "BOOL" || type === "NULL") value[type] = readBoolean(member);
    else if (type === "SS" || type === "NS") value[type] = readList(member, false, readString);
    else if (type === "BS") value.BS = readList(member, false, readBlob);
    else if (type === "L")
      value.L = readList(member, false, (element) => readAttributeValue(element, "value", depth + 1));
    else value.M = readItem(member, depth + 1);
  }
  return value;
}

function readItem(raw: unknown, depth: number): Item {
  return readMap(raw, "AttributeValue", false, (member) => readAttributeValue(member, "value", depth));
}

function misplaced(value: unknown, javaType: string): string {
  return Array.isArray(value) ? `Unrecognized collection type ${javaType}` : NOT_EXPECTED_STRUCTURE;
}

function tokenName(value: unknown): string {
  if (typeof value === "boolean") return value ? "TRUE_VALUE" : "FALSE_VALUE";
  return Number.isInteger(value) ? "NUMBER_VALUE" : "DECIMAL_VALUE";
}
