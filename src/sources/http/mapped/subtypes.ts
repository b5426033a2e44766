/** Parameters of the services that HTTP APIs call, and what becomes of them in the services' own APIs. */
import type { ServiceSubtype } from "../../../config/api-integration.js";
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject, jsonText } from "../../../config/json.js";
import { defined } from "../../../services/kit/defined.js";
import { jsonIn } from "./body-value.js";

export type Values = ReadonlyMap<string, string>;

export interface Subtype {
  readonly service: string;
  readonly operation: string;
  readonly required: readonly string[];
  /** Of services that speak JSON. */
  readonly members: (values: Values) => JsonObject;
}

const members = (names: readonly string[], values: Values, spelled: (name: string) => string): JsonObject =>
  defined<JsonObject>(Object.fromEntries(names.map((name) => [spelled(name), values.get(name)])));

/** The API spells its members with a small letter at the beginning. */
const camel =
  (...names: readonly string[]) =>
  (values: Values): JsonObject =>
    members(names, values, (name) => name.charAt(0).toLowerCase() + name.slice(1));

const asIs =
  (...names: readonly string[]) =>
  (values: Values): JsonObject =>
    members(names, values, (name) => name);

const sqs = (operation: string, required: readonly string[]): Subtype => ({
  service: "sqs",
  operation,
  required,
  members: () => ({}),
});
const states = (operation: string, required: readonly string[], ...optional: readonly string[]): Subtype => ({
  service: "states",
  operation,
  required,
  members: camel(...required, ...optional),
});

/** `Region` is not handed on: there is one here. */
export const SUBTYPES: Readonly<Record<ServiceSubtype, Subtype>> = {
  "EventBridge-PutEvents": {
    service: "events",
    operation: "PutEvents",
    required: ["Detail", "DetailType", "Source"],
    members: (values) => ({
      Entries: [
        {
          ...asIs("Detail", "DetailType", "Source", "EventBusName", "TraceHeader")(values),
          ...defined<JsonObject>({ Time: secondsOf(values.get("Time")), Resources: listOf(values.get("Resources")) }),
        },
      ],
    }),
  },
  "Kinesis-PutRecord": {
    service: "kinesis",
    operation: "PutRecord",
    required: ["StreamName", "Data", "PartitionKey"],
    members: asIs("StreamName", "Data", "PartitionKey", "SequenceNumberForOrdering", "ExplicitHashKey"),
  },
  "SQS-DeleteMessage": sqs("DeleteMessage", ["QueueUrl", "ReceiptHandle"]),
  "SQS-PurgeQueue": sqs("PurgeQueue", ["QueueUrl"]),
  "SQS-ReceiveMessage": sqs("ReceiveMessage", ["QueueUrl"]),
  "SQS-SendMessage": sqs("SendMessage", ["QueueUrl", "MessageBody"]),
  "StepFunctions-StartExecution": states("StartExecution", ["StateMachineArn"], "Name", "Input"),
  "StepFunctions-StartSyncExecution": states("StartSyncExecution", ["StateMachineArn"], "Name", "Input", "TraceHeader"),
  "StepFunctions-StopExecution": states("StopExecution", ["ExecutionArn"], "Cause", "Error"),
};

function secondsOf(time: string | undefined): number | undefined {
  if (time === undefined) return undefined;
  return /^\d+(\.\d+)?$/.test(time) ? Number(time) : Date.parse(time) / 1000;
}

/** A JSON list, or one that commas part. */
function listOf(text: string | undefined): readonly Json[] | undefined {
  if (text === undefined) return undefined;
  const parsed = jsonIn(text);
  return Array.isArray(parsed) ? (parsed as readonly Json[]) : text.split(",").map((item) => item.trim());
}

/** Lists and maps of the Query protocol, by the name of the parameter. */
const FLAT_LISTS: Readonly<Record<string, string>> = {
  AttributeNames: "AttributeName",
  MessageAttributeNames: "MessageAttributeName",
  MessageSystemAttributeNames: "MessageSystemAttributeName",
};
const ATTRIBUTE_MAPS: Readonly<Record<string, string>> = {
  MessageAttributes: "MessageAttribute",
  MessageSystemAttributes: "MessageSystemAttribute",
};

/** A form of the Query protocol. */
export function formOf(query: readonly (readonly [string, string])[], values: Values): string {
  const form = new URLSearchParams(Object.fromEntries(query));
  for (const [name, value] of values) {
    const list = FLAT_LISTS[name];
    const map = ATTRIBUTE_MAPS[name];
    if (name === "Region") continue;
    if (list !== undefined)
      for (const [at, item] of (listOf(value) ?? []).entries()) form.set(`${list}.${at + 1}`, jsonText(item));
    else if (map !== undefined) addAttributes(form, map, jsonIn(value));
    else form.set(name, value);
  }
  return form.toString();
}

function addAttributes(form: URLSearchParams, wireName: string, attributes: Json | undefined): void {
  if (!isJsonObject(attributes)) return;
  for (const [at, [name, attribute]] of Object.entries(attributes).entries()) {
    form.set(`${wireName}.${at + 1}.Name`, name);
    for (const [member, value] of Object.entries(isJsonObject(attribute) ? attribute : {}))
      form.set(`${wireName}.${at + 1}.Value.${member}`, jsonText(value));
  }
}
