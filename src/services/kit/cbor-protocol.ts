/**
 * Smithy RPC v2 CBOR: `POST /service/NAME/operation/OP` with `smithy-protocol: rpc-v2-cbor`, CBOR in and out.
 * Protocol: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
 *
 * Operations are those of the Query protocol: their output shape tells which numbers travel as timestamps (tag 1).
 */
import type { ServerResponse } from "node:http";
import { Decoder, Encoder } from "cbor-x";
import type { Logger } from "../../shared/logger.js";
import type { ServiceRequest } from "../service.js";
import { AwsError } from "./aws-error.js";
import { readBody } from "./body.js";
import { isJsonObject } from "./json-input.js";
import { refusalOf, type JsonObject } from "./json-protocol.js";
import type { QueryOperation, Shape } from "./query-protocol.js";

export interface CborProtocolOptions {
  /** `com.amazonaws.cloudwatch#` */
  readonly errorNamespace: string;
  readonly operations: Readonly<Record<string, QueryOperation>>;
  readonly maxBodyBytes: number;
  /** Clients of a service that came from the Query protocol still branch on its old codes. */
  readonly queryErrorHeader?: boolean;
  readonly log: Logger;
}

// Times of the SDKs for Java are integers of 64 bits, of which the decoder makes dates only when they are numbers.
const DECODER_OPTIONS = { useRecords: false, mapsAsObjects: true, int64AsNumber: true };
const decoder = new Decoder(DECODER_OPTIONS);
const encoder = new Encoder({ useRecords: false, tagUint8Array: false });
/** Deeper than any AWS input. */
const MAX_DEPTH = 32;

export function isCborRequest(request: ServiceRequest): boolean {
  return request.headers["smithy-protocol"] === "rpc-v2-cbor";
}

/** Answers one CBOR request, errors included. Never throws for a client's mistake. */
export async function handleCbor(
  request: ServiceRequest,
  response: ServerResponse,
  options: CborProtocolOptions,
): Promise<void> {
  try {
    const name = /^\/service\/[^/]+\/operation\/([A-Za-z0-9]+)$/.exec(request.path)?.[1] ?? "";
    const operation = Object.hasOwn(options.operations, name) ? options.operations[name] : undefined;
    if (operation === undefined) {
      throw new AwsError("UnknownOperationException", `The operation ${name} is not emulated by lambda-run.`);
    }
    const input = decodeCbor(await readBody(request, options.maxBodyBytes));
    const output = await operation.run(input, request);
    send(response, 200, request.requestId, operation.output === undefined ? {} : encodeValue(output, operation.output));
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const wire = refusalOf(options.log, error);
    const headers: Record<string, string> = { ...wire.headers };
    if (options.queryErrorHeader) headers["x-amzn-query-error"] = `${wire.queryCode ?? wire.code};${wire.fault}`;
    const body = { __type: `${options.errorNamespace}${wire.code}`, message: wire.message, ...wire.members };
    send(response, wire.statusCode, request.requestId, body, headers);
  }
}

/** `unitsASecond`: in which times are counted; RFC 8949 has seconds. Throws SerializationException. */
export function decodeCbor(body: Buffer, unitsASecond = 1): JsonObject {
  if (body.length === 0) return {};
  let decoded: unknown;
  try {
    decoded = plain(decoder.decode(body) as unknown, 0, unitsASecond);
  } catch (error) {
    throw new AwsError("SerializationException", "The request body is not valid CBOR.", { cause: error });
  }
  if (!isJsonObject(decoded)) throw new AwsError("SerializationException", "The request body is not a CBOR map.");
  return decoded;
}

/** Brings decoded values into the form of the JSON protocol: timestamps in seconds, no big integers, blobs as base64. */
function plain(value: unknown, depth: number, unitsASecond: number): unknown {
  if (depth > MAX_DEPTH) throw new RangeError("too deeply nested");
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.getTime() / 1000 / unitsASecond;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1, unitsASecond));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1, unitsASecond)]));
}

function encodeValue(value: unknown, shape: Shape): unknown {
  if (shape === "timestamp") return new Date(Number(value) * 1000);
  if (shape === "blob") return Buffer.from(String(value), "base64");
  if (typeof shape === "string") return value;
  if (shape.kind === "list") return (value as readonly unknown[]).map((item) => encodeValue(item, shape.of));
  const members = Object.entries(value as JsonObject).filter(([, item]) => item !== undefined);
  if (shape.kind === "map") return Object.fromEntries(members.map(([key, item]) => [key, encodeValue(item, shape.of)]));
  return Object.fromEntries(
    members.map(([key, item]) => {
      const member = shape.members[key];
      return [key, member === undefined ? item : encodeValue(item, member)];
    }),
  );
}

function send(
  response: ServerResponse,
  statusCode: number,
  requestId: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = encoder.encode(body);
  response.writeHead(statusCode, {
    "Content-Type": "application/cbor",
    "Content-Length": bytes.length,
    "smithy-protocol": "rpc-v2-cbor",
    "x-amzn-RequestId": requestId,
    ...headers,
  });
  response.end(bytes);
}
