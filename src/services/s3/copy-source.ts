/** `x-amz-copy-source`: which object, which version, and whether it may be taken. */
import type { AwsError } from "../kit/aws-error.js";
import { authorize } from "./access.js";
import { checkCopyConditions } from "./conditions.js";
import type { S3Context } from "./context.js";
import { invalidArgument, invalidRequest, noSuchKey } from "./errors.js";
import { isDeleteMarker, type BucketRow, type ObjectRow } from "./rows.js";
import { keyBytes } from "./keys.js";
import type { S3Request } from "./request.js";
import { findVersion } from "./versions.js";

export interface CopySource {
  readonly bucket: BucketRow;
  readonly key: string;
  readonly row: ObjectRow;
}

export function readCopySource(context: S3Context, request: S3Request): CopySource {
  const { bucketName, key, versionId } = parse(request.header("x-amz-copy-source") ?? "");
  const bucket = context.store.bucket(bucketName);
  const bytes = keyBytes(key);
  const row =
    versionId === undefined
      ? context.store.current(bucketName, bytes)
      : findVersion(context.store, bucket, key, bytes, versionId);
  if (row === undefined) throw noSuchKey(key);
  if (isDeleteMarker(row)) {
    throw invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.");
  }
  authorize({ ...request, bucket: bucketName, key }, "s3:GetObject", bucket, row);
  checkCopyConditions(request, row, context.clock.now());
  return { bucket, key, row };
}

/** Where the version of the source is told: only for a bucket that has versions. */
export function sourceVersionHeader({ bucket, row }: CopySource): Record<string, string> {
  return bucket.versioning === undefined ? {} : { "x-amz-copy-source-version-id": row.versionId };
}

function parse(header: string): { bucketName: string; key: string; versionId: string | undefined } {
  const [path = "", ...query] = header.replace(/^\//, "").split("?versionId=");
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    throw invalidSource(header);
  }
  const slash = decoded.indexOf("/");
  if (slash < 1 || slash === decoded.length - 1 || decoded.startsWith("arn:")) throw invalidSource(header);
  return { bucketName: decoded.slice(0, slash), key: decoded.slice(slash + 1), versionId: query[0] };
}

function invalidSource(header: string): AwsError {
  return invalidArgument(
    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    "x-amz-copy-source",
    header,
  );
}
