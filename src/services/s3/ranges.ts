/**
 * Byte ranges of GET, HEAD and UploadPartCopy.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
import { AwsError } from "../kit/aws-error.js";
import { eTagMatches, parseTime } from "./conditions.js";
import { invalidArgument, invalidRange, invalidRequest } from "./errors.js";
import type { S3Request } from "./request.js";
import type { ObjectRow } from "./rows.js";

export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** The range to send; undefined means the whole, also for a header S3 cannot read, as with it. Throws InvalidRange. */
export function readRange(request: S3Request, row: ObjectRow): ByteRange | undefined {
  const header = request.header("range");
  const partNumber = request.query.get("partNumber");
  if (header !== undefined && partNumber !== undefined) {
    throw invalidRequest("Cannot specify both Range header and partNumber query parameter");
  }
  if (partNumber !== undefined) return partRange(partNumber, row);
  if (header === undefined || !ifRangeHolds(request, row)) return undefined;
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.replaceAll(" ", ""));
  if (!match || header.includes(",")) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), row.size);
    if (length === 0) throw invalidRange(header, row.size);
    return { start: row.size - length, end: row.size - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= row.size) throw invalidRange(header, row.size);
  return { start, end: last === "" ? row.size - 1 : Math.min(Number(last), row.size - 1) };
}

function partRange(text: string, row: ObjectRow): ByteRange | undefined {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > MAX_PART_NUMBER) {
    throw invalidArgument(
      `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
      "partNumber",
      text,
    );
  }
  const parts = row.parts ?? [{ number: 1, size: row.size }];
  let start = 0;
  for (const [i, part] of parts.entries()) {
    // Parts are counted as they lie in the object, whatever numbers they were uploaded with.
    if (i + 1 === number) return part.size === 0 ? undefined : { start, end: start + part.size - 1 };
    start += part.size;
  }
  throw new AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", {
    statusCode: 416,
    members: { PartNumberRequested: number, ActualPartCount: parts.length },
  });
}

export const MAX_PART_NUMBER = 10_000;

function ifRangeHolds(request: S3Request, row: ObjectRow): boolean {
  const condition = request.header("if-range");
  if (condition === undefined) return true;
  if (/^(?:W\/)?"/.test(condition)) return !condition.startsWith("W/") && eTagMatches(condition, row.eTag);
  const since = parseTime(condition);
  return since !== undefined && Math.floor(row.modifiedMs / 1000) * 1000 === since;
}

/** `x-amz-copy-source-range`, which is read strictly. */
export function readCopyRange(header: string, size: number): ByteRange {
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const start = Number(match?.[1]);
  const end = Number(match?.[2]);
  if (!match || start > end) {
    throw invalidArgument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
      "x-amz-copy-source-range",
      header,
    );
  }
  if (start >= size) throw invalidRequest("The specified copy range is invalid for the source object size");
  if (end >= size) {
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${size}`,
      "x-amz-copy-source-range",
      header,
    );
  }
  return { start, end };
}
