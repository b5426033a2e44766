/**
 * CompleteMultipartUpload: parts become one object without being read again.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
import { createHash } from "node:crypto";
import {
  CHECKSUM_ALGORITHMS,
  checksumNow,
  CrcCombiner,
  type ChecksumAlgorithm,
  type CrcAlgorithm,
} from "../../kit/checksums.js";
import { childrenNamed, childText } from "../../kit/xml.js";
import { checkWriteCondition, readWriteCondition, type WriteCondition } from "../conditions.js";
import type { Operation, S3Context } from "../context.js";
import { encryptionHeaders } from "../description.js";
import {
  badChecksum,
  conditionalRequestConflict,
  entityTooSmall,
  invalidPart,
  invalidPartOrder,
  invalidRequest,
  malformedXml,
} from "../errors.js";
import { checksumHeader, checksumMember, DEFAULT_ALGORITHM } from "../integrity.js";
import { partKey } from "../keys.js";
import { requestKey, type S3Request } from "../request.js";
import { quoted } from "../respond.js";
import type { BucketRow, ObjectChecksum, ObjectRow, PartRow, UploadRow } from "../rows.js";
import { findUpload, removeUpload } from "../uploads.js";
import { putCurrent, versionIdFor } from "../versions.js";
import { parseDocument, readDocument } from "../xml-body.js";
import { announceCreated, newVersionHeader } from "./put.js";

/** Every part but the last. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
/** Ten thousand parts with an ETag and a checksum each. */
const MAX_COMPLETE_DOCUMENT_BYTES = 8 * 1024 * 1024;

interface ListedPart {
  readonly number: number;
  readonly eTag: string;
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

export const completeMultipartUpload: Operation = async (context, request) => {
  const { store } = context;
  const key = requestKey(request);
  const uploadId = request.query.get("uploadId") ?? "";
  findUpload(store, store.bucket(request.bucket).name, key, uploadId);
  const condition = readWriteCondition(request);
  const listed = await readParts(request);
  requireOrder(listed, uploadId);
  const { row, bucket } = await store.write((abandon) => {
    const bucket = store.bucket(request.bucket);
    const upload = findUpload(store, bucket.name, key, uploadId);
    requireCondition(store.current(bucket.name, key), upload, condition, request.key);
    const parts = listed.map((part) => matchPart(store.parts.get(partKey(upload.seq, part.number)), part, upload));
    requireSizes(parts, listed);
    const checksum = checksumOfParts(parts, upload);
    requireClaims(request, upload, parts, checksum);
    const object = assemble(context, bucket, upload, parts, checksum);
    removeUpload(store, bucket.name, key, upload, abandon, new Set(parts.map(({ number }) => number)));
    putCurrent(store, bucket, key, object, abandon);
    return { row: object, bucket };
  });
  announceCreated(context, request, bucket, row, "CompleteMultipartUpload");
  return {
    headers: { ...encryptionHeaders(row), ...newVersionHeader(bucket, row) },
    xml: [
      "CompleteMultipartUploadResult",
      {
        Location: `${request.raw.endpoint}/${bucket.name}/${encodeURIComponent(request.key)}`,
        Bucket: bucket.name,
        Key: request.key,
        ETag: quoted(row.eTag),
        [checksumMember(row.checksum.algorithm)]: row.checksum.value,
        ChecksumType: row.checksum.type,
      },
    ],
  };
};

async function readParts(request: S3Request): Promise<ListedPart[]> {
  // The checksum headers of this call speak of the object, not of the document in its body.
  const headers = Object.fromEntries(
    Object.entries(request.raw.headers).filter(([name]) => !/^x-amz-(?:checksum-|sdk-checksum)/.test(name)),
  );
  const document = await readDocument({ ...request, raw: { ...request.raw, headers } }, MAX_COMPLETE_DOCUMENT_BYTES);
  // No body at all is another mistake than a document without parts.
  if (document.length === 0) throw invalidRequest("You must specify at least one part");
  const root = parseDocument(document, "CompleteMultipartUpload");
  const parts = childrenNamed(root, "Part").map((part): ListedPart => {
    const number = childText(part, "PartNumber")?.trim() ?? "";
    const eTag = childText(part, "ETag");
    if (!/^\d{1,9}$/.test(number) || eTag === undefined) throw malformedXml();
    const checksums = new Map<ChecksumAlgorithm, string>();
    for (const algorithm of CHECKSUM_ALGORITHMS) {
      const value = childText(part, checksumMember(algorithm));
      if (value !== undefined) checksums.set(algorithm, value);
    }
    return { number: Number(number), eTag: eTag.trim().replace(/^"(.*)"$/, "$1"), checksums };
  });
  if (parts.length === 0) throw malformedXml();
  return parts;
}

function requireOrder(parts: readonly ListedPart[], uploadId: string): void {
  for (const [i, part] of parts.entries()) {
    if (i > 0 && part.number <= (parts[i - 1]?.number ?? 0)) throw invalidPartOrder(uploadId);
  }
}

function requireCondition(
  existing: ObjectRow | undefined,
  upload: UploadRow,
  condition: WriteCondition,
  key: string,
): void {
  checkWriteCondition(condition, existing, key);
  // What was there when the upload began is gone, or was written since: somebody else was at work.
  if (condition.kind === "absent" && upload.existed) throw conditionalRequestConflict("If-None-Match", key);
  if (condition.kind === "eTag" && existing !== undefined && existing.modifiedMs > upload.initiatedMs) {
    throw conditionalRequestConflict("If-Match", key);
  }
}

function matchPart(stored: PartRow | undefined, listed: ListedPart, upload: UploadRow): PartRow {
  const algorithm = upload.checksumAlgorithm;
  const claimed = algorithm === undefined ? undefined : listed.checksums.get(algorithm);
  if (algorithm !== undefined && upload.checksumType === "COMPOSITE" && claimed === undefined) {
    const name = algorithm.toLowerCase();
    throw invalidRequest(
      `The upload was created using a ${name} checksum. The complete request must include the checksum for each part. It was missing for part ${listed.number} in the request.`,
    );
  }
  if (
    stored === undefined ||
    stored.eTag !== listed.eTag ||
    (claimed !== undefined && claimed !== stored.checksum.value)
  ) {
    throw invalidPart(upload.uploadId, listed.number, listed.eTag);
  }
  return stored;
}

function requireSizes(parts: readonly PartRow[], listed: readonly ListedPart[]): void {
  const small = parts.slice(0, -1).find((part) => part.size < MIN_PART_BYTES);
  if (small === undefined) return;
  const eTag = listed.find((part) => part.number === small.number)?.eTag ?? small.eTag;
  throw entityTooSmall(small.size, MIN_PART_BYTES, small.number, eTag);
}

function checksumOfParts(parts: readonly PartRow[], upload: UploadRow): ObjectChecksum {
  const algorithm = upload.checksumAlgorithm ?? DEFAULT_ALGORITHM;
  const values = parts.map((part): Buffer => Buffer.from(part.checksum.value, "base64"));
  if (upload.checksumType === "COMPOSITE") {
    // The checksum of the parts' checksums.
    const value = checksumNow(algorithm, Buffer.concat(values)).toString("base64");
    return { algorithm, value: `${value}-${parts.length}`, type: "COMPOSITE" };
  }
  const combiner = new CrcCombiner(algorithm as CrcAlgorithm);
  const whole = values.reduce((sum, value, i) => combiner.combine(sum, value, parts[i]?.size ?? 0));
  return { algorithm, value: whole.toString("base64"), type: "FULL_OBJECT" };
}

/** What the client says of the whole, if it does. */
function requireClaims(
  request: S3Request,
  upload: UploadRow,
  parts: readonly PartRow[],
  checksum: ObjectChecksum,
): void {
  const type = request.raw.headers["x-amz-checksum-type"];
  if (typeof type === "string" && type.toUpperCase() !== checksum.type) {
    throw invalidRequest(
      `The upload was created using the ${upload.checksumType} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const claimed = request.raw.headers[checksumHeader(checksum.algorithm)];
  if (typeof claimed === "string" && claimed.replace(/-\d+$/, "") !== checksum.value.replace(/-\d+$/, "")) {
    throw badChecksum(checksum.algorithm.toLowerCase());
  }
  const size = request.raw.headers["x-amz-mp-object-size"];
  const actual = parts.reduce((sum, part) => sum + part.size, 0);
  if (typeof size === "string" && Number(size) !== actual) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${size} does not match what was computed: ${actual}`,
    );
  }
}

function assemble(
  { store, clock }: S3Context,
  bucket: BucketRow,
  upload: UploadRow,
  parts: readonly PartRow[],
  checksum: ObjectChecksum,
): ObjectRow {
  const { headers, metadata, tags, storageClass, encryption, kmsKeyId, bucketKey, acl } = upload;
  const seq = store.nextSeq();
  const md5s = createHash("md5");
  for (const part of parts) md5s.update(part.eTag, "hex");
  const segments = parts.flatMap((part) => part.segment ?? []);
  return {
    headers,
    metadata,
    tags,
    storageClass,
    encryption,
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    ...(bucketKey === undefined ? {} : { bucketKey }),
    ...(acl === undefined ? {} : { acl }),
    seq,
    versionId: versionIdFor(bucket, seq),
    modifiedMs: clock.now(),
    size: parts.reduce((sum, part) => sum + part.size, 0),
    eTag: `${md5s.digest("hex")}-${parts.length}`,
    body: segments.length === 0 ? { kind: "empty" } : { kind: "files", segments },
    checksum,
    parts: parts.map(({ number, size, checksum: sum }) => ({ number, size, checksum: sum.value })),
  };
}
