/** Dresses results and failures for the caller: plain for direct calls, `{statusCode, headers, body}` for HTTP. */
import { InvalidEventError, StorageError } from "./errors.js";

/** What every caller gets: a pointer to the manifest, never the list (answers of Lambda end at 6 MB). */
export interface ManifestAnswer {
  readonly count: number;
  readonly manifest_key: string;
  readonly manifest_url: string;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Presigned URLs are keys to the objects: no cache on the way may keep them. */
const HEADERS = { "Content-Type": "application/json", "Cache-Control": "no-store" };

export const httpAnswer = (statusCode: number, body: object): HttpAnswer => ({
  statusCode,
  headers: HEADERS,
  body: JSON.stringify(body),
});

/** The answer for a fault of the caller. Undefined for everything else: that is thrown, and API Gateway answers 502. */
export function httpFault(error: unknown): HttpAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  const statusCode = faultStatus(error);
  return statusCode === undefined ? undefined : httpAnswer(statusCode, { error: error.name, message: error.message });
}

function faultStatus(error: Error): number | undefined {
  if (error instanceof InvalidEventError) return 400;
  if (!(error instanceof StorageError)) return undefined;
  if (error.name === "NoSuchBucket") return 404;
  if (error.name === "InvalidBucketName") return 400;
  return error.httpStatus === 403 ? 403 : undefined;
}
