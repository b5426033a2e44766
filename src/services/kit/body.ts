/** Reads a request body with a bound, and its checks: length as announced, SHA-256 as signed. */
import { hash } from "node:crypto";
import type { Readable } from "node:stream";
import type { ServiceRequest } from "../service.js";
import { AwsError } from "./aws-error.js";

/**
 * The whole body, at most `maxBytes`.
 * Throws `RequestEntityTooLarge` 413, `IncompleteBody` 400 when the client stopped early, and
 * `XAmzContentSHA256Mismatch` 400 when the body is not the one that was signed.
 */
export async function readBody(request: ServiceRequest, maxBytes: number): Promise<Buffer> {
  if (request.buffered !== undefined) {
    if (request.buffered.length > maxBytes) throw tooLarge(maxBytes);
    return request.buffered;
  }
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const body = await collect(request.body, maxBytes);
  if (request.payload.kind === "sha256") verifySha256(body, request.payload.hex);
  return body;
}

/** Everything a stream has. Listens to events: an iterator costs 5 us more, a tenth of a small request. */
export function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      // What is left flows on unkept; the gateway ends the connection when it is too much.
      if (size > maxBytes) reject(tooLarge(maxBytes));
      else chunks.push(chunk);
    });
    stream.on("end", () => resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks, size)));
    // An unpacking stream in between fails in words of its own.
    stream.on("error", (cause) => reject(cause instanceof AwsError ? cause : incompleteBody(cause)));
    if (stream.destroyed) reject(incompleteBody(stream.errored));
  });
}

export function incompleteBody(cause: unknown): AwsError {
  const message = "You did not provide the number of bytes specified by the Content-Length HTTP header.";
  return new AwsError("IncompleteBody", message, { cause });
}

function verifySha256(body: Buffer, hex: string): void {
  const actual = hash("sha256", body, "hex");
  if (actual !== hex) throw sha256Mismatch(hex, actual);
}

export function sha256Mismatch(signed: string, actual: string): AwsError {
  return new AwsError(
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    {
      members: { ClientComputedContentSHA256: signed, S3ComputedContentSHA256: actual },
    },
  );
}

/** S3's words are known; the other services have a common exception for it. */
export function tooSlow(isS3: boolean): AwsError {
  const message =
    "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.";
  return isS3
    ? new AwsError("RequestTimeout", message, { statusCode: 400 })
    : new AwsError("RequestTimeoutException", message, { statusCode: 408 });
}

export function tooLarge(maxBytes: number): AwsError {
  return new AwsError("RequestEntityTooLarge", `Request must be smaller than ${maxBytes} bytes.`, { statusCode: 413 });
}
