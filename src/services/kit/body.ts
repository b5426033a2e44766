/** Reads a request body with a bound, and its checks: length as announced, SHA-256 as signed. */
import { createHash } from "node:crypto";
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
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The connection outlives a refused body: the client still has to read why.
    for await (const chunk of request.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw new AwsError(
      "IncompleteBody",
      "You did not provide the number of bytes specified by the Content-Length HTTP header.",
      { cause: error },
    );
  }
  const body = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks, size);
  if (request.payload.kind === "sha256") verifySha256(body, request.payload.hex);
  return body;
}

function verifySha256(body: Buffer, hex: string): void {
  const actual = createHash("sha256").update(body).digest("hex");
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

function tooLarge(maxBytes: number): AwsError {
  return new AwsError("RequestEntityTooLarge", `Request must be smaller than ${maxBytes} bytes.`, { statusCode: 413 });
}
