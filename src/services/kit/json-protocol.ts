/**
 * AWS JSON 1.0 and 1.1: `X-Amz-Target: Prefix.Operation`, a JSON object in, a JSON object out.
 * Protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 */
import type { ServerResponse } from "node:http";
import type { Logger } from "../../shared/logger.js";
import type { ServiceRequest } from "../service.js";
import { AwsError } from "./aws-error.js";
import { tellUnknownOperation } from "./unknown-operation.js";
import { readBody } from "./body.js";

export type JsonObject = Record<string, unknown>;
/** One operation: input members in, output members out. Throws `AwsError`. */
export type JsonOperation = (input: JsonObject, request: ServiceRequest) => JsonObject | Promise<JsonObject>;

export interface JsonProtocolOptions {
  readonly version: "1.0" | "1.1";
  /**
   * Full shape prefix of error types (`com.amazonaws.sqs#`), empty for services that send the bare name; a function of
   * the bare name where a service's errors come from more than one namespace (DynamoDB).
   */
  readonly errorNamespace: string | ((code: string) => string);
  readonly operations: Readonly<Record<string, JsonOperation>>;
  readonly maxBodyBytes: number;
  /** Member that carries the error text: `message`, or `Message` where a service was recorded so. */
  readonly messageKey?: "message" | "Message";
  /** SQS sends the old query code along for clients that still branch on it. */
  readonly queryErrorHeader?: boolean;
  /** Further headers of every answer, made from its body (DynamoDB's checksum). */
  readonly bodyHeaders?: (body: string) => Record<string, string>;
  /** Operations that answer with a stream of events, which they write themselves; what they throw before is told as JSON. */
  readonly streams?: Readonly<Record<string, StreamOperation>>;
  readonly log: Logger;
}

/** Members of an event in the protocol of the request that it answers. */
export type EncodeEvent = (members: JsonObject) => { readonly contentType: string; readonly bytes: Buffer };

export type StreamOperation = (
  input: JsonObject,
  request: ServiceRequest,
  response: ServerResponse,
  encode: EncodeEvent,
) => void;

/** What tells protocols of this family from one another, but for the answer. */
interface Codec {
  readonly decode: (body: Buffer) => JsonObject;
  readonly encode: EncodeEvent;
}

const JSON_CODEC: Codec = {
  decode: parseJsonObject,
  encode: (members) => ({ contentType: "application/json", bytes: Buffer.from(JSON.stringify(members)) }),
};

/** Answers one JSON-protocol request, errors included. Never throws for a client's mistake. */
export async function handleJson(
  request: ServiceRequest,
  response: ServerResponse,
  options: JsonProtocolOptions,
): Promise<void> {
  const contentType = `application/x-amz-json-${options.version}`;
  try {
    const output = await runOperation(request, response, options, JSON_CODEC);
    if (output !== undefined) sendJson(response, 200, contentType, request.requestId, output, options.bodyHeaders);
  } catch (error) {
    sendJsonError(request, response, contentType, options, error);
  }
}

/** Runs the operation that a request names; undefined when it writes its answer itself, as a stream of events. */
export async function runOperation(
  request: ServiceRequest,
  response: ServerResponse,
  { operations, streams, maxBodyBytes }: Pick<JsonProtocolOptions, "operations" | "streams" | "maxBodyBytes">,
  { decode, encode }: Codec,
): Promise<JsonObject | undefined> {
  const name = operationName(request);
  const run = Object.hasOwn(operations, name) ? operations[name] : undefined;
  const stream = streams !== undefined && Object.hasOwn(streams, name) ? streams[name] : undefined;
  if (run === undefined && stream === undefined)
    throw new AwsError("UnknownOperationException", `The operation ${name} is not emulated by lambda-run.`);
  const input = decode(await readBody(request, maxBodyBytes));
  stream?.(input, request, response, encode);
  return run?.(input, request);
}

function operationName(request: ServiceRequest): string {
  const target = request.headers["x-amz-target"];
  return typeof target === "string" ? target.slice(target.lastIndexOf(".") + 1) : "";
}

export function parseJsonObject(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new AwsError("SerializationException", "The request body is not valid JSON.", { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AwsError("SerializationException", "Start of structure or map found where not expected.");
  }
  return value as JsonObject;
}

function sendJson(
  response: ServerResponse,
  statusCode: number,
  contentType: string,
  requestId: string,
  body: JsonObject,
  bodyHeaders?: (body: string) => Record<string, string>,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  const fixed = {
    "Content-Type": contentType,
    "Content-Length": length,
    "x-amzn-RequestId": requestId,
  };
  response.writeHead(statusCode, { ...fixed, ...bodyHeaders?.(text), ...headers });
  // As text: Node then writes head and body in one piece. Pure ASCII is the same in both encodings, and as Latin-1 it
  // is copied instead of encoded.
  response.end(text, length === text.length ? "latin1" : "utf8");
}

function sendJsonError(
  request: ServiceRequest,
  response: ServerResponse,
  contentType: string,
  options: JsonProtocolOptions,
  error: unknown,
): void {
  const wire = refusalOf(options.log, error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers: Record<string, string> = { ...wire.headers };
  if (options.queryErrorHeader) headers["x-amzn-query-error"] = `${wire.queryCode ?? wire.code};${wire.fault}`;
  const namespace =
    typeof options.errorNamespace === "string" ? options.errorNamespace : options.errorNamespace(wire.code);
  const body = { __type: `${namespace}${wire.code}`, [options.messageKey ?? "message"]: wire.message, ...wire.members };
  sendJson(response, wire.statusCode, contentType, request.requestId, body, options.bodyHeaders, headers);
}

/** What a client is told of an error, whatever it is; what is to be known here is told to the log. */
export function refusalOf(log: Logger, error: unknown): AwsError {
  const wire = error instanceof AwsError ? error : internalError(log, error);
  tellUnknownOperation(log, wire);
  return wire;
}

/** A fault of ours, told to the log in full and to the client as AWS would. */
export function internalError(log: Logger, error: unknown): AwsError {
  log.error({ err: error }, "internal error in an embedded service");
  return new AwsError("InternalFailure", "We encountered an internal error. Please try again.", {
    statusCode: 500,
    cause: error,
  });
}
