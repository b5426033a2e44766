/**
 * Says in a few words what an event is, from the event alone: who sent it and what it is about. For readers of the
 * history: an event may have 6 MB, and whoever writes it down has other things to do than to parse it.
 */
import { gunzipSync } from "node:zlib";
import { type Json, type JsonObject, isJsonObject, textOf } from "../../config/json.js";
import { printable } from "../../shared/printable.js";
import type { InvocationRecord, KeptInvocation } from "./records.js";

export interface EventDescription {
  readonly source: string;
  readonly subject: string;
}

/** With what its event and answer say. */
export function described(kept: KeptInvocation): InvocationRecord {
  const description = describeEvent(kept.event);
  const httpStatus = description.source === "http" && kept.status === "success" ? statusIn(kept.result) : undefined;
  return { ...kept, ...description, ...(httpStatus === undefined ? {} : { httpStatus }) };
}

function statusIn(answer: string): number | undefined {
  try {
    const { statusCode } = JSON.parse(answer) as { readonly statusCode?: unknown };
    return typeof statusCode === "number" ? statusCode : undefined;
  } catch {
    // Streamed, or cut off because it is long; then most handlers have named the status before the body.
    const [, status] = /^\{"statusCode":(\d+)/.exec(answer) ?? [];
    return status === undefined ? undefined : Number(status);
  }
}

export function describeEvent(payload: string): EventDescription {
  let event: Json;
  try {
    event = JSON.parse(payload) as Json;
  } catch {
    return { source: "direct", subject: "" };
  }
  // Pipes hand functions the bare list.
  const piped = Array.isArray(event) ? records({ Records: event }) : undefined;
  if (piped !== undefined) return { source: "pipe", subject: printable(`${piped.source} ${piped.subject}`) };
  if (!isJsonObject(event)) return { source: "direct", subject: "" };
  const { source, subject } = records(event) ??
    authorizer(event) ??
    http(event) ??
    eventBridge(event) ??
    logEvents(event) ?? { source: "direct", subject: "" };
  return { source: printable(source), subject: printable(subject) };
}

function records(event: JsonObject): EventDescription | undefined {
  const list = event["Records"];
  if (!Array.isArray(list)) return undefined;
  // The last call of a tumbling window has no records.
  const windowed = event["eventSourceARN"];
  if (list.length === 0 && typeof windowed === "string") {
    const source = windowed.split(":")[2] ?? "";
    return { source, subject: subjectOf({ eventSourceARN: windowed }, source) };
  }
  if (!isJsonObject(list[0])) return undefined;
  const [first] = list;
  const more = list.length > 1 ? ` and ${list.length - 1} more` : "";
  const source = textOf(first["eventSource"] ?? first["EventSource"]).replace(/^aws:/, "");
  if (source === "") return undefined;
  return { source, subject: `${subjectOf(first, source)}${more}` };
}

function subjectOf(record: JsonObject, source: string): string {
  switch (source) {
    case "s3":
      return `${textOf(at(record, "s3", "bucket", "name"))}/${decodeKey(textOf(at(record, "s3", "object", "key")))}`;
    case "sns":
      return lastPart(textOf(at(record, "Sns", "TopicArn")));
    case "dynamodb":
    case "kinesis":
      return textOf(record["eventSourceARN"]).split("/")[1] ?? "";
    default:
      return lastPart(textOf(record["eventSourceARN"]));
  }
}

/** Of both kinds of API: their authorizers' events look like requests otherwise. */
function authorizer(event: JsonObject): EventDescription | undefined {
  const arn = event["methodArn"] ?? event["routeArn"];
  if (typeof arn !== "string" || (event["type"] !== "TOKEN" && event["type"] !== "REQUEST")) return undefined;
  // arn:aws:execute-api:region:account:api/stage/METHOD/path
  const [, , method = "", ...path] = arn.split("/");
  // Of a WebSocket API it ends with the route.
  const subject = method.startsWith("$") ? method : `${method} /${path.join("/")}`;
  return { source: "authorizer", subject };
}

function http(event: JsonObject): EventDescription | undefined {
  const context = event["requestContext"];
  if (!isJsonObject(context)) return undefined;
  const method = textOf(at(context, "http", "method") ?? event["httpMethod"]);
  const path = textOf(event["rawPath"] ?? event["path"] ?? context["routeKey"]);
  return { source: method === "" ? "websocket" : "http", subject: `${method} ${path}`.trim() };
}

function eventBridge(event: JsonObject): EventDescription | undefined {
  const kind = event["detail-type"];
  return typeof kind === "string" ? { source: "events", subject: `${textOf(event["source"])} ${kind}` } : undefined;
}

/** More than a batch of log events is; a payload of 6 MB could unpack to a thousand times its size. */
const MAX_UNPACKED_BYTES = 16 * 1024 * 1024;

/** What a subscription filter delivers is packed: the name of the log group is inside. */
function logEvents(event: JsonObject): EventDescription | undefined {
  const data = at(event, "awslogs", "data");
  if (typeof data !== "string") return undefined;
  try {
    const message = JSON.parse(
      gunzipSync(Buffer.from(data, "base64"), { maxOutputLength: MAX_UNPACKED_BYTES }).toString(),
    ) as Json;
    return { source: "logs", subject: textOf(at(message, "logGroup")) };
  } catch {
    // Made by hand, cut off because it is long, or no delivery at all.
    return { source: "logs", subject: "" };
  }
}

function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, step) => (isJsonObject(inner) ? inner[step] : undefined), value);
}

const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf(":") + 1);

/** Keys in notifications are form-encoded. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}
