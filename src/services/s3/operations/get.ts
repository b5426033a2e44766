/**
 * GetObject, HeadObject and GetObjectAttributes.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
import type { XmlContent } from "../../kit/xml.js";
import { authorize } from "../access.js";
import { openBody, sendBody } from "../body-out.js";
import { checkReadConditions } from "../conditions.js";
import type { Operation, S3Context } from "../context.js";
import { describe, readValue } from "../description.js";
import { invalidArgument, invalidRequest, methodNotAllowed, noSuchKey } from "../errors.js";
import { checksumMember } from "../integrity.js";
import { readRange, type ByteRange } from "../ranges.js";
import { numberParameter, requestKey, type S3Request } from "../request.js";
import { commonHeaders, httpTime, quoted, type Headers } from "../respond.js";
import { isDeleteMarker, type BucketRow, type ObjectRow } from "../rows.js";
import { findVersion, newestOlder } from "../versions.js";
import { checksumHeaders } from "./put.js";

const OVERRIDES: Readonly<Record<string, string>> = {
  "response-content-type": "content-type",
  "response-content-language": "content-language",
  "response-expires": "expires",
  "response-cache-control": "cache-control",
  "response-content-disposition": "content-disposition",
  "response-content-encoding": "content-encoding",
};

export const getObject: Operation = (context, request, response) => {
  const { bucket, row } = findObject(context, request, "s3:GetObject");
  const { headers, range } = prepare(context, request, bucket, row);
  const { start, end } = range ?? { start: 0, end: row.size - 1 };
  Object.assign(headers, commonHeaders(request.raw.requestId));
  const status = range === undefined ? 200 : 206;
  if (row.body.kind !== "files") {
    response.writeHead(status, headers);
    // Head and body as one piece of text, in the encoding that changes no byte: Node then writes them at once.
    response.end(row.body.kind === "row" ? context.store.bodyText(row.body.id, start, end + 1) : "", "latin1");
    return undefined;
  }
  const body = openBody(context.store, row.body);
  response.writeHead(status, headers);
  return sendBody(body, { start, end }, response).finally(() => body.close());
};

export const headObject: Operation = (context, request) => {
  const { bucket, row } = findObject(context, request, "s3:GetObject");
  const { headers, range } = prepare(context, request, bucket, row);
  return { status: range === undefined ? 200 : 206, headers };
};

function prepare(
  context: S3Context,
  request: S3Request,
  bucket: BucketRow,
  row: ObjectRow,
): { headers: Headers; range: ByteRange | undefined } {
  checkReadConditions(request, row, context.clock.now());
  const range = readRange(request, row);
  const length = range === undefined ? row.size : range.end - range.start + 1;
  const headers = describe(row);
  if (request.query.size > 0) Object.assign(headers, overrides(request));
  headers["Content-Length"] = length;
  headers["ETag"] = quoted(row.eTag);
  headers["Last-Modified"] = httpTime(row.modifiedMs);
  if (bucket.versioning !== undefined) headers["x-amz-version-id"] = row.versionId;
  if (range !== undefined) headers["Content-Range"] = `bytes ${range.start}-${range.end}/${row.size}`;
  if (request.query.has("partNumber") && row.parts !== undefined) headers["x-amz-mp-parts-count"] = row.parts.length;
  // A checksum of the whole says nothing about a piece.
  if (length === row.size && request.header("x-amz-checksum-mode")?.toUpperCase() === "ENABLED") {
    Object.assign(headers, checksumHeaders(row.checksum));
  }
  return { headers, range };
}

function overrides(request: S3Request): Headers {
  const headers: Headers = {};
  for (const [parameter, header] of Object.entries(OVERRIDES)) {
    const value = request.query.get(parameter);
    if (value === undefined) continue;
    if (request.raw.caller === undefined) {
      throw invalidRequest("Request specific response headers cannot be used for anonymous GET requests.");
    }
    headers[header] = Buffer.from(readValue(parameter, value), "utf8").toString("latin1");
  }
  return headers;
}

export function versionHeader(bucket: BucketRow, row: Pick<ObjectRow, "versionId">): Headers {
  return bucket.versioning === undefined ? {} : { "x-amz-version-id": row.versionId };
}

/** The object that a request names, by version if it says so. Throws as S3 does for each way of not being there. */
export function findObject(
  context: S3Context,
  request: S3Request,
  action: string,
): { readonly bucket: BucketRow; readonly row: ObjectRow; readonly key: Buffer } {
  const { store } = context;
  const bucket = store.bucket(request.bucket);
  const key = requestKey(request);
  const versionId = request.query.get("versionId");
  const row = lookUp(context, request, bucket, key, versionId);
  authorize(request, action, bucket, row instanceof Error ? undefined : row);
  if (row instanceof Error) {
    // Who may not list is not told what is missing.
    authorize({ ...request, key: "" }, "s3:ListBucket", bucket);
    throw row;
  }
  return { bucket, row, key };
}

function lookUp(
  { store }: S3Context,
  request: S3Request,
  bucket: BucketRow,
  key: Buffer,
  versionId: string | undefined,
): ObjectRow | Error {
  if (versionId === undefined) {
    const current = store.current(bucket.name, key);
    if (current !== undefined) return current;
    const marker = bucket.versioning === undefined ? undefined : newestOlder(store, bucket.name, key);
    if (marker === undefined) return noSuchKey(request.key);
    return noSuchKey(request.key, { "x-amz-delete-marker": "true", "x-amz-version-id": marker.versionId });
  }
  if (versionId === "") return invalidArgument("Version id cannot be the empty string", "versionId", versionId);
  if (!isVersionIdForm(versionId)) return invalidArgument("Invalid version id specified", "versionId", versionId);
  const found = tryFind(() => findVersion(store, bucket, request.key, key, versionId));
  if (found instanceof Error || !isDeleteMarker(found)) return found;
  return methodNotAllowed(request.method, "DeleteMarker", "DELETE", {
    "x-amz-delete-marker": "true",
    "x-amz-version-id": versionId,
    "Last-Modified": httpTime(found.modifiedMs),
  });
}

/** Ours have 32 characters, as those of AWS; anything else cannot be one. */
export function isVersionIdForm(versionId: string): boolean {
  return versionId === "null" || /^[\w.-]{32}$/.test(versionId);
}

function tryFind<T>(find: () => T): T | Error {
  try {
    return find();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

const ATTRIBUTES = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
const DEFAULT_MAX_PARTS = 1000;

export const getObjectAttributes: Operation = (context, request) => {
  const { bucket, row } = findObject(context, request, "s3:GetObjectAttributes");
  checkReadConditions(request, row, context.clock.now());
  const asked = (request.header("x-amz-object-attributes") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (asked.length === 0)
    throw invalidRequest(
      "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty",
    );
  const unknown = asked.find((name) => !ATTRIBUTES.includes(name));
  if (unknown !== undefined)
    throw invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", unknown);
  const wants = (name: string): boolean => asked.includes(name);
  return {
    headers: { "Last-Modified": httpTime(row.modifiedMs), ...versionHeader(bucket, row) },
    xml: [
      "GetObjectAttributesResponse",
      {
        ETag: wants("ETag") ? row.eTag : undefined,
        Checksum: wants("Checksum")
          ? {
              [checksumMember(row.checksum.algorithm)]: row.checksum.value.replace(/-\d+$/, ""),
              ChecksumType: row.checksum.type,
            }
          : undefined,
        ObjectParts: wants("ObjectParts") && row.parts !== undefined ? objectParts(request, row) : undefined,
        StorageClass: wants("StorageClass") ? row.storageClass : undefined,
        ObjectSize: wants("ObjectSize") ? row.size : undefined,
      },
    ],
  };
};

function objectParts(request: S3Request, row: ObjectRow): XmlContent {
  const parts = row.parts ?? [];
  // Single parts are listed only where each has a checksum of its own.
  if (row.checksum.type !== "COMPOSITE") return { PartsCount: parts.length };
  const max = Math.min(headerNumber(request, "x-amz-max-parts", DEFAULT_MAX_PARTS), DEFAULT_MAX_PARTS);
  const marker = headerNumber(request, "x-amz-part-number-marker", 0);
  const rest = parts.filter((part) => part.number > marker);
  const page = rest.slice(0, max);
  return {
    PartsCount: parts.length,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: max,
    IsTruncated: rest.length > page.length,
    Part: page.map((part) => ({
      PartNumber: part.number,
      Size: part.size,
      [checksumMember(row.checksum.algorithm)]: part.checksum,
    })),
  };
}

function headerNumber(request: S3Request, name: string, fallback: number): number {
  const value = request.header(name);
  if (value === undefined) return fallback;
  return numberParameter({ ...request, query: new Map([[name, value]]) }, name, name, fallback);
}
