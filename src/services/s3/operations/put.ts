/**
 * PutObject, and what it shares with the other ways to make an object.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
import { requestBody, takeIn, type IncomingBody } from "../body-in.js";
import { readWriteCondition, type PendingCondition } from "../conditions.js";
import { tell, type Operation, type S3Context } from "../context.js";
import { encryptionHeaders, readDescription } from "../description.js";
import { algorithmsFor, checksumHeader, DEFAULT_ALGORITHM, readIntegrity, verifyIntegrity } from "../integrity.js";
import { requestKey, type S3Request } from "../request.js";
import { quoted, type Headers } from "../respond.js";
import type { BucketRow, ObjectChecksum, ObjectDescription, ObjectRow } from "../rows.js";
import { putCurrent, versionIdFor } from "../versions.js";
import type { ChecksumAlgorithm } from "../../kit/checksums.js";
import type { Digests } from "../digest.js";

export const putObject: Operation = async (context, request) => {
  const { store, pending } = context;
  const bucket = store.bucket(request.bucket);
  const key = requestKey(request);
  const description = readDescription(request, bucket);
  const integrity = readIntegrity(request);
  const condition = readWriteCondition(request);
  const waiting = pending.begin(bucket.name, request.key, condition);
  try {
    // Told before the body is read, when it is already sure.
    waiting.check(() => store.current(bucket.name, key));
    const body = await takeIn(store, requestBody(request), algorithmsFor(integrity));
    try {
      verifyIntegrity(integrity, body.digests, body.trailers);
      const checksum = checksumOf(body.digests, integrity.algorithm ?? DEFAULT_ALGORITHM);
      const { row, bucket: written } = await storeObject(context, request, key, body, description, checksum, waiting);
      announceCreated(context, request, written, row, "Put");
      return { headers: writtenHeaders(written, row) };
    } finally {
      await body.discard();
    }
  } finally {
    waiting.end();
  }
};

export function checksumOf(digests: Digests, algorithm: ChecksumAlgorithm): ObjectChecksum {
  const value = digests.checksums.get(algorithm);
  if (value === undefined) throw new Error(`no ${algorithm} was computed`);
  return { algorithm, value: value.toString("base64"), type: "FULL_OBJECT" };
}

/** Commits a body as the current object of the key. The bucket is read anew: it may have gone while the body came. */
export function storeObject(
  context: S3Context,
  request: S3Request,
  key: Buffer,
  body: IncomingBody,
  description: ObjectDescription,
  checksum: ObjectChecksum,
  waiting: PendingCondition,
): Promise<{ readonly row: ObjectRow; readonly bucket: BucketRow }> {
  const { store, clock } = context;
  return store.write((abandon) => {
    const bucket = store.bucket(request.bucket);
    waiting.check(() => store.current(bucket.name, key));
    const seq = store.nextSeq();
    const row: ObjectRow = {
      ...description,
      seq,
      versionId: versionIdFor(bucket, seq),
      modifiedMs: clock.now(),
      size: body.size,
      eTag: body.digests.md5.toString("hex"),
      body: body.commit(),
      checksum,
    };
    putCurrent(store, bucket, key, row, abandon);
    return { row, bucket };
  });
}

export function announceCreated(
  context: S3Context,
  request: S3Request,
  bucket: BucketRow,
  row: ObjectRow,
  action: string,
  key: string = request.key,
): void {
  tell(context, request, "ObjectCreated", bucket, {
    key,
    action,
    seq: row.seq,
    timeMs: row.modifiedMs,
    sizeBytes: row.size,
    eTag: row.eTag,
    versionId: row.versionId,
  });
}

export function writtenHeaders(bucket: BucketRow, row: ObjectRow): Headers {
  return {
    ETag: quoted(row.eTag),
    ...checksumHeaders(row.checksum),
    ...encryptionHeaders(row),
    ...newVersionHeader(bucket, row),
  };
}

export function checksumHeaders(checksum: ObjectChecksum): Headers {
  return { [checksumHeader(checksum.algorithm)]: checksum.value, "x-amz-checksum-type": checksum.type };
}

/** Only a bucket with versioning on tells the id of what was written. */
export function newVersionHeader(bucket: BucketRow, row: Pick<ObjectRow, "versionId">): Headers {
  return bucket.versioning === "Enabled" ? { "x-amz-version-id": row.versionId } : {};
}
