/**
 * The body of a request as a stream, for services whose bodies are too large to hold. Whatever way the client signed
 * it, the caller sees plain data and an error when the body is not the one that was signed or announced.
 */
import { createHash } from "node:crypto";
import type { ServiceRequest } from "../service.js";
import { AwsChunkedBody, type Trailers } from "./aws-chunked.js";
import { incompleteBody, readBody, sha256Mismatch } from "./body.js";

export interface PayloadStream extends AsyncIterable<Buffer> {
  /** Bytes of data to come; undefined when the client announced none (`Transfer-Encoding: chunked`). */
  readonly length: number | undefined;
  /** Reads it in one piece; there for short bodies that are not framed. An iteration costs 5 us more. */
  readonly whole?: () => Promise<Buffer>;
  /** Trailing headers (`x-amz-checksum-...`), known once the stream has ended. */
  readonly trailers: () => Trailers;
}

/** Bodies up to here are given in one piece. */
const MAX_COLLECTED_BYTES = 64 * 1024;

/** Do not keep what it gives before it has ended: only then is the signature of the body known to hold. */
export function openPayload(request: ServiceRequest): PayloadStream {
  if (request.payload.kind === "chunked") {
    const body = new AwsChunkedBody(request);
    return {
      length: body.decodedLength,
      trailers: () => body.trailers,
      [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
    };
  }
  const announced = request.headers["content-length"];
  const length = announced === undefined ? undefined : Number(announced);
  const short = request.buffered !== undefined || (length !== undefined && length <= MAX_COLLECTED_BYTES);
  return {
    length,
    ...(short ? { whole: () => readBody(request, request.buffered?.length ?? MAX_COLLECTED_BYTES) } : undefined),
    trailers: () => ({}),
    [Symbol.asyncIterator]: () => plainBody(request),
  };
}

async function* plainBody(request: ServiceRequest): AsyncGenerator<Buffer, void, undefined> {
  if (request.buffered !== undefined) {
    yield request.buffered;
    return;
  }
  const signed = request.payload.kind === "sha256" ? request.payload.hex : undefined;
  const hash = signed === undefined ? undefined : createHash("sha256");
  try {
    // The connection outlives a refused body: the client still has to read why.
    for await (const bytes of request.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      hash?.update(bytes);
      yield bytes;
    }
  } catch (error) {
    throw incompleteBody(error);
  }
  const actual = hash?.digest("hex");
  if (signed !== undefined && actual !== undefined && actual !== signed) throw sha256Mismatch(signed, actual);
}
