/**
 * What a pipe carries: records as the pollers give them, later whatever an enrichment answers. Fields that may hold JSON
 * are opened for templates and paths, so that what is inside can be named.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html#input-transform-implicit
 */
import { isJsonObject } from "../../services/kit/json-input.js";
import { parsePath, readPath } from "../../services/events/input-path.js";

/** A JSON value. */
export type PipeEvent = unknown;
export type Members = Readonly<Record<string, unknown>>;

/** The record of a source with its body or data as JSON, where it is one. */
export function opened(event: PipeEvent): PipeEvent {
  if (!isJsonObject(event)) return event;
  const { eventSource, body, data } = event;
  if (eventSource === "aws:sqs" && typeof body === "string") return openedAs(event, "body", body);
  if (eventSource === "aws:kinesis" && typeof data === "string")
    return openedAs(event, "data", Buffer.from(data, "base64").toString("utf8"));
  return event;
}

/** A number or text in JSON is no JSON to be opened. */
function openedAs(event: Members, field: string, text: string): Members {
  const parsed = jsonIn(text);
  return typeof parsed === "object" && parsed !== null ? Object.assign({}, event, { [field]: parsed }) : event;
}

/** Undefined where the text is no JSON; JSON has no such value. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What a path of a template or parameter finds; undefined when nothing. */
export function valueAt(path: string, event: PipeEvent): unknown {
  const parsed = parsePath(path);
  return parsed === undefined ? undefined : readPath(parsed, event);
}

/**
 * What an event is called in a list of failures: `messageId` of a message, `eventID` of a record. Undefined where an
 * enrichment has left it out. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
 */
export function idOf(event: PipeEvent): string | undefined {
  if (!isJsonObject(event)) return undefined;
  const id = event["messageId"] ?? event["eventID"];
  return typeof id === "string" ? id : undefined;
}
