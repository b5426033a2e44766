/**
 * Holds a mocked result against the model of the API that it stands for. Members that the model has not are let through; times
 * and binary data are texts in Step Functions. The sentences are AWS's own, recorded, but for the one about what is missing.
 * https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
 */
import type { Json } from "../../../config/json.js";
import { isJsonObject, listOf } from "../../../config/json.js";
import type { ApiModel, Schema } from "./api-models.js";
import type { ValidationMode } from "./request.js";
import { refused } from "./request.js";

// Kinds of the schemas in AWS's SDK for JavaScript (@smithy/core, submodule schema).
const LIST = 1;
const MAP = 2;
const STRUCTURES: ReadonlySet<unknown> = new Set([3, 4]);
const SIMPLE = 0;
const ANY = 15;
const NUMBERS: ReadonlySet<number> = new Set([1, 17, 19]);
const BOOLEAN = 2;
const LIST_OF = 64;
const MAP_OF = 128;
interface Check {
  readonly model: ApiModel;
  readonly mode: ValidationMode;
}

/** Throws a ValidationException for the first member that does not fit. */
export function checkAgainstModel(result: Json, model: ApiModel, mode: ValidationMode): void {
  if (mode === "NONE") {
    return;
  }
  if (!isJsonObject(result)) {
    throw refused("Mocked result must be a JSON object.");
  }
  checkValue("", result, model.output, { model, mode });
}

const misfit = (field: string, why: string): Error =>
  refused(`Mock result schema validation error: Field '${field}' ${why}`);

function checkValue(field: string, value: Json, schema: Schema, check: Check): void {
  const known = resolved(schema);
  if (typeof known === "number") {
    checkSimple(field, value, known, check);
  } else if (Array.isArray(known)) {
    checkShape(field, value, known as readonly unknown[], check);
  }
}

/** Behind names, traits and simple types with a name. */
function resolved(schema: Schema): Schema {
  if (typeof schema === "function") {
    return resolved((schema as () => Schema)());
  }
  if (Array.isArray(schema)) {
    const [first, second] = schema as unknown[];
    if (typeof second !== "string") {
      return resolved(first);
    }
    if (first === SIMPLE) {
      return resolved((schema as unknown[])[4]);
    }
  }
  return schema;
}

function checkShape(field: string, value: Json, shape: readonly unknown[], check: Check): void {
  const [kind] = shape;
  if (kind === LIST) {
    checkItems(field, value, shape[4], check);
  } else if (kind === MAP) {
    checkValues(field, value, shape[5], check);
  } else if (STRUCTURES.has(kind)) {
    checkStructure(field, value, shape, check);
  }
}

function checkSimple(field: string, value: Json, type: number, check: Check): void {
  if (type >= MAP_OF) {
    checkValues(field, value, type - MAP_OF, check);
  } else if (type >= LIST_OF) {
    checkItems(field, value, type - LIST_OF, check);
  } else if (NUMBERS.has(type)) {
    mustBe("number", field, value);
  } else if (type === BOOLEAN) {
    mustBe("boolean", field, value);
  } else if (type !== ANY) {
    mustBe("string", field, value);
  }
}

function mustBe(type: "string" | "number" | "boolean", field: string, value: Json): void {
  if (typeof value !== type) {
    throw misfit(field, `must be a ${type}`);
  }
}

function checkItems(field: string, value: Json, item: Schema, check: Check): void {
  if (!Array.isArray(value)) {
    throw misfit(field, "must be an array");
  }
  for (const each of listOf(value)) {
    checkValue(field, each, item, check);
  }
}

function checkValues(field: string, value: Json, each: Schema, check: Check): void {
  if (!isJsonObject(value)) {
    throw misfit(field, "must be an object");
  }
  for (const [name, member] of Object.entries(value)) {
    checkValue(name, member, each, check);
  }
}

function checkStructure(field: string, value: Json, shape: readonly unknown[], check: Check): void {
  if (!isJsonObject(value)) {
    throw misfit(field, "must be an object");
  }
  const names = shape[4] as readonly string[];
  const schemas = shape[5] as readonly Schema[];
  const required = typeof shape[6] === "number" ? shape[6] : 0;
  const given = Object.entries(value).map(([name, member]) => ({ name, member, at: placeOf(name, names) }));
  const missing = names.slice(0, required).find((_, place) => !given.some(({ at }) => at === place));
  if (check.mode === "STRICT" && missing !== undefined) {
    throw misfit(missing, "is required");
  }
  for (const { name, member, at } of given.filter((each) => each.at >= 0)) {
    checkValue(name, member, schemas[at], check);
    checkConstraints(name, names[at] ?? name, member, check.model);
  }
}

/** SDK integrations have the letters of the SDK for Java: `KmsKeyArn` of `KMSKeyArn`. */
function placeOf(name: string, names: readonly string[]): number {
  return names.findIndex((each) => each.toLowerCase() === name.toLowerCase());
}

/** What the name of a member tells: its bounds, and in most APIs the enumeration that it is of (StorageClass, Runtime, State). */
function checkConstraints(field: string, name: string, value: Json, { bounds, exports }: ApiModel): void {
  const [least, most] = (Object.hasOwn(bounds, name) ? bounds[name] : undefined) ?? [-Infinity, Infinity];
  if (typeof value === "number" && value < least) {
    throw misfit(field, "is less than the minimum value");
  }
  if (typeof value === "number" && value > most) {
    throw misfit(field, "exceeds the maximum value");
  }
  const words = Object.hasOwn(exports, name) ? exports[name] : undefined;
  if (typeof value === "string" && isEnumeration(words) && !Object.values(words).includes(value)) {
    throw misfit(field, "is not an expected value");
  }
}

function isEnumeration(words: unknown): words is Readonly<Record<string, string>> {
  return isJsonObject(words as Json) && Object.values(words as object).every((word) => typeof word === "string");
}
