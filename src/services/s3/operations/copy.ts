/**
 * CopyObject.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
import { isChecksumAlgorithm, isUnemulatedAlgorithm, type ChecksumAlgorithm } from "../../kit/checksums.js";
import { takeIn, type IncomingBody } from "../body-in.js";
import { openBody } from "../body-out.js";
import type { Operation, S3Context } from "../context.js";
import { readCopySource, sourceVersionHeader, type CopySource } from "../copy-source.js";
import {
  encryptionHeaders,
  readEncryption,
  readMetadata,
  readObjectAcl,
  readStorageClass,
  refuseUnemulated,
} from "../description.js";
import { entityTooLarge, invalidArgument, invalidRequest, checksumNotImplemented } from "../errors.js";
import { checksumMember } from "../integrity.js";
import { requestKey, type S3Request } from "../request.js";
import { isoTime, quoted } from "../respond.js";
import type { BucketRow, ObjectDescription, ObjectRow } from "../rows.js";
import { parseTaggingHeader } from "../tags.js";
import { readWriteCondition } from "../conditions.js";
import { announceCreated, checksumOf, newVersionHeader, storeObject } from "./put.js";

const MAX_COPY_BYTES = 5 * 1024 ** 3;

export const copyObject: Operation = async (context, request) => {
  const { store, pending } = context;
  const bucket = store.bucket(request.bucket);
  const key = requestKey(request);
  const source = readCopySource(context, request);
  if (source.row.size > MAX_COPY_BYTES) throw entityTooLarge(source.row.size, MAX_COPY_BYTES);
  const description = describeCopy(request, bucket, source);
  const algorithm = readAlgorithm(request) ?? source.row.checksum.algorithm;
  const waiting = pending.begin(bucket.name, request.key, readWriteCondition(request));
  try {
    const body = await copyBody(context, source.row, algorithm);
    try {
      const checksum = checksumOf(body.digests, algorithm);
      const { row, bucket: written } = await storeObject(context, request, key, body, description, checksum, waiting);
      announceCreated(context, request, written, row, "Copy");
      return {
        headers: { ...sourceVersionHeader(source), ...encryptionHeaders(row), ...newVersionHeader(written, row) },
        xml: [
          "CopyObjectResult",
          {
            ETag: quoted(row.eTag),
            LastModified: isoTime(row.modifiedMs),
            [checksumMember(checksum.algorithm)]: checksum.value,
            ChecksumType: checksum.type,
          },
        ],
      };
    } finally {
      await body.discard();
    }
  } finally {
    waiting.end();
  }
};

function describeCopy(request: S3Request, bucket: BucketRow, source: CopySource): ObjectDescription {
  refuseUnemulated(request);
  const replacesMetadata = readDirective(request, "x-amz-metadata-directive") === "REPLACE";
  const replacesTags = readDirective(request, "x-amz-tagging-directive") === "REPLACE";
  const redirect = request.header("x-amz-website-redirect-location");
  if (
    source.bucket.name === bucket.name &&
    source.key === request.key &&
    !replacesMetadata &&
    !changesSomething(request, bucket)
  ) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const { headers, metadata } = replacesMetadata ? readMetadata(request) : source.row;
  const { "x-amz-website-redirect-location": _dropped, ...kept } = headers;
  return {
    headers: redirect === undefined ? kept : { ...kept, "x-amz-website-redirect-location": redirect },
    metadata,
    tags: replacesTags ? parseTaggingHeader(request.header("x-amz-tagging")) : source.row.tags,
    storageClass: readStorageClass(request),
    ...readEncryption(request, bucket),
    ...readObjectAcl(request, bucket),
  };
}

function changesSomething(request: S3Request, bucket: BucketRow): boolean {
  return (
    ["x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-website-redirect-location"].some(
      (name) => request.header(name) !== undefined,
    ) || bucket.documents?.["encryption"] !== undefined
  );
}

function readDirective(request: S3Request, name: string): "COPY" | "REPLACE" {
  const directive = request.header(name) ?? "COPY";
  if (directive !== "COPY" && directive !== "REPLACE") {
    throw invalidArgument(
      name === "x-amz-metadata-directive" ? "Unknown metadata directive." : "Unknown tagging directive.",
      name,
      directive,
    );
  }
  return directive;
}

function readAlgorithm(request: S3Request): ChecksumAlgorithm | undefined {
  const algorithm = request.header("x-amz-checksum-algorithm")?.toUpperCase();
  if (algorithm === undefined) return undefined;
  if (isUnemulatedAlgorithm(algorithm)) throw checksumNotImplemented(algorithm);
  if (!isChecksumAlgorithm(algorithm)) throw unsupportedAlgorithm();
  return algorithm;
}

export const unsupportedAlgorithm = (): Error =>
  invalidRequest(
    "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5]",
  );

/**
 * The body under a new name. Where nothing has to be computed (an object written at once, same algorithm) a file is
 * linked; otherwise it is read once, which makes the plain MD5 that a copy of a multipart object has as its ETag.
 */
async function copyBody(context: S3Context, row: ObjectRow, algorithm: ChecksumAlgorithm): Promise<IncomingBody> {
  const { store } = context;
  const segment = row.body.kind === "files" && row.body.segments.length === 1 ? row.body.segments[0] : undefined;
  if (segment !== undefined && row.parts === undefined && row.checksum.algorithm === algorithm) {
    const copy = await store.blobs.duplicate(segment);
    let committed = false;
    return {
      size: row.size,
      digests: {
        md5: Buffer.from(row.eTag, "hex"),
        checksums: new Map([[algorithm, Buffer.from(row.checksum.value, "base64")]]),
      },
      trailers: {},
      commit: () => {
        committed = true;
        store.blobs.claim([copy]);
        return { kind: "files", segments: [copy] };
      },
      discard: async () => {
        if (!committed) await store.blobs.discard([copy.id]);
      },
    };
  }
  const opened = openBody(store, row.body);
  try {
    const range = { start: 0, end: row.size - 1 };
    const source = { length: row.size, [Symbol.asyncIterator]: () => copies(opened.read(range)) };
    return await takeIn(store, source, [algorithm]);
  } finally {
    opened.close();
  }
}

/** Reading uses two buffers in turn; writing wants bytes that stay. */
export async function* copies(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of pieces) yield Buffer.from(piece);
}
