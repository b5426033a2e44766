/**
 * Between the JSON of a state machine and the values of the AWS SDK, along the schemas that the SDK's own commands carry.
 * https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
 */
import { NormalizedSchema } from "@smithy/core/schema";
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import { asText, isoText } from "../service-call.js";
import { membersOf, shownName, type Names } from "./members.js";

export type Schema = Parameters<typeof NormalizedSchema.of>[0];

/** The input of a command; null is no value. */
export function toSdk(schema: Schema, value: Json, names: Names): unknown {
  return sdkValue(NormalizedSchema.of(schema), value, names);
}

function sdkValue(schema: NormalizedSchema, value: Json, names: Names): unknown {
  if (value === null) return undefined;
  if (schema.isStructSchema() && isJsonObject(value)) {
    const members = membersOf(schema, names);
    return record(
      Object.entries(value).map(([name, item]) => {
        const member = members.get(name);
        return member === undefined ? [name, item] : [member.apiName, sdkValue(member.schema, item, names)];
      }),
    );
  }
  if (schema.isMapSchema() && isJsonObject(value))
    return record(Object.entries(value).map(([key, item]) => [key, sdkValue(schema.getValueSchema(), item, names)]));
  if (schema.isListSchema() && Array.isArray(value))
    return (value as readonly Json[]).map((item) => sdkValue(schema.getValueSchema(), item, names));
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

const record = (entries: readonly [string, unknown][]): Record<string, unknown> =>
  Object.fromEntries(entries.filter(([, value]) => value !== undefined));

interface TextBody {
  transformToString(): string | Promise<string>;
}

/** The output of a command: streams and bodies as text, other bytes in base64, dates in ISO form. */
export async function fromSdk(schema: Schema, output: object, names: Names): Promise<JsonObject> {
  return ((await jsonValue(NormalizedSchema.of(schema), output, names)) ?? {}) as JsonObject;
}

async function jsonValue(schema: NormalizedSchema, value: unknown, names: Names): Promise<Json | undefined> {
  if (value === undefined || value === null) return undefined;
  if (schema.isListSchema())
    return Promise.all(
      (value as unknown[]).map(async (item) => (await jsonValue(schema.getValueSchema(), item, names)) ?? null),
    );
  if (schema.isMapSchema())
    return members(Object.entries(value).map(([key, item]) => [key, jsonValue(schema.getValueSchema(), item, names)]));
  // A body that is a stream is no structure, though its schema may be one of events.
  if (typeof value === "object" && isTextBody(value)) return value.transformToString();
  if (schema.isStructSchema())
    return members(
      [...schema.structIterator()]
        .filter(([apiName]) => apiName !== DATE_AS_TEXT)
        .map(([apiName, member]) => [
          shownName(apiName, names),
          jsonValue(member, (value as Record<string, unknown>)[apiName], names),
        ]),
    );
  if (value instanceof Date) return isoText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "bigint" ? Number(value) : (value as Json);
}

/** The SDK's own second form of a date of S3, which the API does not have. */
const DATE_AS_TEXT = "ExpiresString";

async function members(entries: readonly [string, Promise<Json | undefined>][]): Promise<JsonObject> {
  const settled = await Promise.all(entries.map(async ([name, value]) => [name, await value] as const));
  return Object.fromEntries(settled.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

const isTextBody = (value: object): value is TextBody => "transformToString" in value;
