/**
 * SdkHttpMetadata and SdkResponseMetadata, which optimised integrations add to what the API answers. Names, their letters
 * and their order are those of recorded results (2023 to 2025): each service has its own.
 */
import type { JsonObject } from "../../config/json.js";
import type { HttpAnswer } from "./service-call.js";

const LAMBDA_HEADERS = [
  "X-Amz-Executed-Version",
  "X-Amz-Log-Result",
  "x-amzn-Remapped-Content-Length",
  "Connection",
  "x-amzn-RequestId",
  "Content-Length",
  "Date",
  "X-Amzn-Trace-Id",
  "Content-Type",
] as const;

const DYNAMODB_HEADERS = [
  "Server",
  "Connection",
  "x-amzn-RequestId",
  "x-amz-crc32",
  "Content-Length",
  "Date",
  "Content-Type",
] as const;

const OTHER_HEADERS = ["x-amzn-RequestId", "connection", "Content-Length", "Date", "Content-Type"] as const;

const HEADERS = { lambda: LAMBDA_HEADERS, dynamodb: DYNAMODB_HEADERS, other: OTHER_HEADERS };

export function resultMetadata(
  style: keyof typeof HEADERS,
  { statusCode, headers, requestId }: HttpAnswer,
): JsonObject {
  const shown: [name: string, value: string][] = [];
  for (const name of HEADERS[style]) {
    const value = fixedHeader(name, requestId) ?? headers[name.toLowerCase()];
    if (value !== undefined) shown.push([name, value]);
  }
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: Object.fromEntries(shown.map(([name, value]) => [name, [value]])),
      HttpHeaders: Object.fromEntries(shown.toSorted(([a], [b]) => a.localeCompare(b))),
      HttpStatusCode: statusCode,
    },
    SdkResponseMetadata: { RequestId: requestId },
  };
}

/** What AWS's own servers always say, whatever stands behind us. */
function fixedHeader(name: string, requestId: string): string | undefined {
  if (name === "Server") return "Server";
  if (name === "x-amzn-RequestId") return requestId;
  return name.toLowerCase() === "connection" ? "keep-alive" : undefined;
}
