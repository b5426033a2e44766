/**
 * A model of a REST API, made a check of bodies. Models are JSON schemas of draft 4, and faults are told in the words of
 * the validator that API Gateway has them from, as far as these are known: gateway responses can show them
 * (`$context.error.validationErrorString`).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
 */
import type { ErrorObject } from "ajv";

/** What a model has against a value; empty where it may pass. */
export type BodyModel = (value: unknown) => readonly string[];

/** Throws where the model is no schema of draft 4, or points at what is not there. */
export async function bodyModel(model: object): Promise<BodyModel> {
  const {
    default: { default: Ajv },
  } = await import("ajv-draft-04");
  const check = new Ajv({
    strict: false,
    // Formats are not looked at, and patterns are those of ECMA 262 without its later `u`: `\-` is no mistake.
    validateFormats: false,
    unicodeRegExp: false,
    allErrors: true,
    verbose: true,
    logger: false,
  }).compile(plainModel(model));
  return (value) => (check(value) ? [] : faultsOf(check.errors ?? []));
}

/**
 * Without names, which nothing points at: examples in OpenAPI documents have an `id`, too, and often the same one. And
 * without OpenAPI's `nullable`, which draft 4 does not know: API Gateway lets null through by `type` alone.
 */
function plainModel(model: object): object {
  const text = JSON.stringify(model, (key, value: unknown) => {
    const isName = (key === "id" || key === "$id" || key === "$schema") && typeof value === "string";
    return isName || (key === "nullable" && typeof value === "boolean") ? undefined : value;
  });
  return JSON.parse(text) as object;
}

function faultsOf(errors: readonly ErrorObject[]): readonly string[] {
  // What one object lacks, or has too much of, is one fault.
  const missing = namesByObject(errors, "required", "missingProperty");
  const excess = namesByObject(errors, "additionalProperties", "additionalProperty");
  return [
    ...missing.map((names) => `object has missing required properties (${names})`),
    ...excess.map((names) => `object instance has properties which are not allowed by the schema: ${names}`),
    ...errors
      .filter(({ keyword }) => keyword !== "required" && keyword !== "additionalProperties")
      .map((error) => faultOf(error)),
  ];
}

function namesByObject(errors: readonly ErrorObject[], wanted: string, parameter: string): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { keyword, params, instancePath, schemaPath } of errors) {
    if (keyword !== wanted) continue;
    const place = `${instancePath} ${schemaPath}`;
    names.set(place, [...(names.get(place) ?? []), String((params as Readonly<Record<string, unknown>>)[parameter])]);
  }
  return [...names.values()].map((some) => JSON.stringify(some.toSorted()));
}

function faultOf({ keyword, params, data, schema, message = "" }: ErrorObject): string {
  const limit = Number((params as { readonly limit?: unknown }).limit);
  switch (keyword) {
    case "type":
      return `instance type (${typeOf(data)}) does not match any allowed primitive type (allowed: ${JSON.stringify(allowedTypes(schema))})`;
    case "enum":
      return `instance value (${JSON.stringify(data)}) not found in enum (possible values: ${JSON.stringify(schema)})`;
    case "pattern":
      return `ECMA 262 regex "${String(schema)}" does not match input string "${String(data)}"`;
    case "minLength":
      return `string "${String(data)}" is too short (length: ${sizeOf(data)}, required minimum: ${limit})`;
    case "maxLength":
      return `string "${String(data)}" is too long (length: ${sizeOf(data)}, maximum allowed: ${limit})`;
    case "minItems":
      return `array is too short: must have at least ${limit} elements but instance has ${sizeOf(data)} elements`;
    case "maxItems":
      return `array is too long: must have at most ${limit} elements but instance has ${sizeOf(data)} elements`;
    case "uniqueItems":
      return "array must not contain duplicate elements";
    case "minimum":
      return data === limit
        ? `numeric instance is not strictly greater than the required minimum ${limit}`
        : `numeric instance is lower than the required minimum (minimum: ${limit}, found: ${String(data)})`;
    case "maximum":
      return data === limit
        ? `numeric instance is not strictly lower than the required maximum ${limit}`
        : `numeric instance is greater than the required maximum (maximum: ${limit}, found: ${String(data)})`;
    default:
      return message;
  }
}

/** A number may be an integer. */
function allowedTypes(schema: unknown): readonly string[] {
  const types = (Array.isArray(schema) ? schema : [schema]).map(String);
  return [...new Set(types.includes("number") ? [...types, "integer"] : types)].toSorted();
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

const sizeOf = (value: unknown): number => (Array.isArray(value) ? value.length : Array.from(String(value)).length);
