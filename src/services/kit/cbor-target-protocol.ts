/**
 * CBOR 1.1, which the SDKs for Java speak with services of JSON 1.1: `X-Amz-Target` and the same members, bytes as bytes.
 * It is older than RPC v2 CBOR and has its own way with time: milliseconds under tag 1.
 * https://github.com/aws/aws-sdk-java-v2/issues/4661
 */
import type { ServerResponse } from "node:http";
import { Encoder, Tag } from "cbor-x";
import type { ServiceRequest } from "../service.js";
import { decodeCbor } from "./cbor-protocol.js";
import { isJsonObject } from "./json-input.js";
import { refusalOf, runOperation, type JsonProtocolOptions } from "./json-protocol.js";

const CONTENT_TYPE = "application/x-amz-cbor-1.1";

export interface CborTargetOptions extends Pick<
  JsonProtocolOptions,
  "operations" | "streams" | "maxBodyBytes" | "log"
> {
  /** Members that are bytes; in JSON they are base64. */
  readonly blobs: ReadonlySet<string>;
  /** Members that are times; in JSON they are seconds. */
  readonly timestamps: ReadonlySet<string>;
}

const TIME_TAG = 1;
const MILLISECONDS_A_SECOND = 1000;
const encoder = new Encoder({ useRecords: false, tagUint8Array: false });

export const isCborTarget = ({ headers }: ServiceRequest): boolean =>
  headers["content-type"]?.startsWith(CONTENT_TYPE) === true;

/** Answers one request, errors included. Never throws for a client's mistake. */
export async function handleCborTarget(
  request: ServiceRequest,
  response: ServerResponse,
  options: CborTargetOptions,
): Promise<void> {
  try {
    const output = await runOperation(request, response, options, {
      decode: (body) => decodeCbor(body, MILLISECONDS_A_SECOND),
      encode: (members) => ({ contentType: CONTENT_TYPE, bytes: encoder.encode(encodable(members, options)) }),
    });
    if (output !== undefined) send(response, 200, request.requestId, encodable(output, options));
  } catch (error) {
    const wire = refusalOf(options.log, error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    send(response, wire.statusCode, request.requestId, { __type: wire.code, message: wire.message, ...wire.members });
  }
}

/** What JSON has as text or seconds in the form of CBOR. */
function encodable(value: unknown, options: CborTargetOptions): unknown {
  if (Array.isArray(value)) return value.map((item) => encodable(item, options));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => {
        if (options.blobs.has(name)) return [name, Buffer.from(String(member), "base64")];
        // An integer: the SDKs for Java read no other number there.
        if (options.timestamps.has(name))
          return [name, new Tag(BigInt(Math.round(Number(member) * MILLISECONDS_A_SECOND)), TIME_TAG)];
        return [name, encodable(member, options)];
      }),
  );
}

function send(response: ServerResponse, statusCode: number, requestId: string, body: unknown): void {
  const bytes = encoder.encode(body);
  response.writeHead(statusCode, {
    "Content-Type": CONTENT_TYPE,
    "Content-Length": bytes.length,
    "x-amzn-RequestId": requestId,
  });
  response.end(bytes);
}
