/**
 * Between the JSON of a state machine and the values of the AWS SDK, along the schemas that the SDK's own commands carry.
 * Member names are those of the API model, which Step Functions shows as they are.
 * https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
 */
import { NormalizedSchema } from "@smithy/core/schema";
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import { fault } from "../integration.js";
import { asText, isoText } from "../service-call.js";

/** Place of the number of required members in the schema of a structure; they come first in the list of its members. */
const REQUIRED_COUNT = 6;

export type Schema = Parameters<typeof NormalizedSchema.of>[0];

/** What AWS says of parameters that do not fit, in its words as users quote them. */
export function schemaFaults(schema: Schema, parameters: JsonObject): string[] {
  const faults: string[] = [];
  collectFaults(NormalizedSchema.of(schema), parameters, faults);
  return faults;
}

function collectFaults(schema: NormalizedSchema, value: Json, faults: string[]): void {
  if (schema.isStructSchema()) {
    if (!isJsonObject(value)) return;
    const members = membersOf(schema);
    for (const [name, member] of Object.entries(value)) {
      const of = members.get(name);
      if (of === undefined) faults.push(fault.unsupported(name));
      else if (member !== null && isMisshapen(of, member)) faults.push(fault.invalid(name));
      else collectFaults(of, member, faults);
    }
    for (const name of requiredOf(schema)) if (!(name in value)) faults.push(fault.missing(name));
  } else if (schema.isListSchema() && Array.isArray(value)) {
    for (const item of value as readonly Json[]) collectFaults(schema.getValueSchema(), item, faults);
  } else if (schema.isMapSchema() && isJsonObject(value)) {
    for (const item of Object.values(value)) collectFaults(schema.getValueSchema(), item, faults);
  }
}

const isMisshapen = (schema: NormalizedSchema, value: Json): boolean =>
  ((schema.isStructSchema() || schema.isMapSchema()) && !isJsonObject(value)) ||
  (schema.isListSchema() && !Array.isArray(value));

const membersOf = (schema: NormalizedSchema): Map<string, NormalizedSchema> => new Map(schema.structIterator());

function requiredOf(schema: NormalizedSchema): readonly string[] {
  const { [REQUIRED_COUNT]: count } = schema.getSchema() as { readonly [place: number]: unknown };
  return typeof count === "number" ? [...membersOf(schema).keys()].slice(0, count) : [];
}

/** The input of a command; null is no value. */
export function toSdk(schema: Schema, value: Json): unknown {
  return sdkValue(NormalizedSchema.of(schema), value);
}

function sdkValue(schema: NormalizedSchema, value: Json): unknown {
  if (value === null) return undefined;
  if (schema.isStructSchema() && isJsonObject(value)) {
    const members = membersOf(schema);
    return mapped(value, (item, name) => {
      const member = members.get(name);
      return member === undefined ? item : sdkValue(member, item);
    });
  }
  if (schema.isMapSchema() && isJsonObject(value))
    return mapped(value, (item) => sdkValue(schema.getValueSchema(), item));
  if (schema.isListSchema() && Array.isArray(value))
    return (value as readonly Json[]).map((item) => sdkValue(schema.getValueSchema(), item));
  if (schema.isBlobSchema()) return blob(schema, asText(value));
  if (schema.isTimestampSchema()) return typeof value === "number" ? new Date(value * 1000) : new Date(asText(value));
  // JSON stands where the API has text: message bodies, secrets, details.
  if (schema.isStringSchema()) return asText(value);
  return value;
}

/** A body is text; bytes inside other values are base64. */
function blob(schema: NormalizedSchema, text: string): Buffer {
  const { httpPayload } = schema.getMergedTraits();
  return Buffer.from(text, httpPayload === undefined ? "base64" : "utf8");
}

function mapped(value: JsonObject, change: (item: Json, name: string) => unknown): Record<string, unknown> {
  const changed: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const next = change(item, name);
    if (next !== undefined) changed[name] = next;
  }
  return changed;
}

interface TextBody {
  transformToString(): string | Promise<string>;
}

/** The output of a command without `$metadata`: streams and bodies as text, other bytes in base64, dates in ISO form. */
export async function fromSdk(value: unknown): Promise<Json | undefined> {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return isoText(value);
  if (isTextBody(value)) return value.transformToString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return Promise.all(value.map(async (item) => (await fromSdk(item)) ?? null));
  const members: [string, Json][] = [];
  for (const [name, item] of Object.entries(value as Record<string, unknown>)) {
    const member = await fromSdk(item);
    if (member !== undefined) members.push([name, member]);
  }
  return Object.fromEntries(members);
}

const isTextBody = (value: object): value is TextBody => "transformToString" in value;
