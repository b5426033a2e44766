/**
 * DeleteObject and DeleteObjects.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
import { AwsError } from "../../kit/aws-error.js";
import { childrenNamed, childText, type XmlContent } from "../../kit/xml.js";
import { authorize } from "../access.js";
import { eTagMatches } from "../conditions.js";
import { tell, type Operation, type S3Context } from "../context.js";
import { invalidArgument, invalidRequest, malformedXml, noSuchVersion, preconditionFailed } from "../errors.js";
import { keyBytes } from "../keys.js";
import { requestKey, type S3Request } from "../request.js";
import { isDeleteMarker, type AnyVersionRow, type BucketRow } from "../rows.js";
import { deleteCurrent, deleteVersion, NULL_VERSION, type DeleteOutcome } from "../versions.js";
import { readXml } from "../xml-body.js";
import { isVersionIdForm } from "./get.js";

const MAX_DELETE_OBJECTS = 1000;
/** A thousand keys of 1,024 bytes, each byte escaped, and what is around them. */
const MAX_DELETE_DOCUMENT_BYTES = 8 * 1024 * 1024;

export const deleteObject: Operation = async (context, request) => {
  const { store } = context;
  const key = requestKey(request);
  const versionId = request.query.get("versionId");
  if (versionId !== undefined) return deleteOneVersion(context, request, key, versionId);
  const condition = request.header("if-match");
  const { bucket, outcome } = await store.write((abandon) => {
    const found = store.bucket(request.bucket);
    const current = condition === undefined ? undefined : store.current(found.name, key);
    if (condition !== undefined && (current === undefined || !eTagMatches(condition, current.eTag))) {
      throw preconditionFailed("If-Match");
    }
    return { bucket: found, outcome: deleteCurrent(store, found, key, context.clock.now(), abandon) };
  });
  context.pending.deleted(bucket.name, request.key);
  announceDelete(context, request, bucket, request.key, outcome);
  if (outcome.marker === undefined) return { status: 204 };
  return { status: 204, headers: { "x-amz-delete-marker": "true", "x-amz-version-id": outcome.marker.versionId } };
};

const deleteOneVersion = async (
  context: S3Context,
  request: S3Request,
  key: Buffer,
  versionId: string,
): Promise<{ status: number; headers: Record<string, string> }> => {
  const { store } = context;
  const { bucket, removed, seq } = await store.write((abandon) => {
    const found = store.bucket(request.bucket);
    if (!isVersionIdForm(versionId) || (found.versioning === undefined && versionId !== NULL_VERSION)) {
      throw invalidArgument("Invalid version id specified", "versionId", versionId);
    }
    return { bucket: found, removed: deleteVersion(store, found, key, versionId, abandon), seq: store.nextSeq() };
  });
  if (removed !== undefined) announceRemoved(context, request, bucket, request.key, removed, seq);
  const headers: Record<string, string> = bucket.versioning === undefined ? {} : { "x-amz-version-id": versionId };
  if (removed !== undefined && isDeleteMarker(removed)) headers["x-amz-delete-marker"] = "true";
  return { status: 204, headers };
};

interface Target {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly eTag: string | undefined;
}

export const deleteObjects: Operation = async (context, request) => {
  const { store } = context;
  store.bucket(request.bucket);
  requireBodyCheck(request);
  const root = await readXml(request, "Delete", MAX_DELETE_DOCUMENT_BYTES);
  const targets = childrenNamed(root, "Object").map((object): Target => {
    const key = childText(object, "Key");
    if (key === undefined || key === "") throw malformedXml();
    return { key, versionId: childText(object, "VersionId"), eTag: childText(object, "ETag") };
  });
  if (targets.length === 0 || targets.length > MAX_DELETE_OBJECTS) throw malformedXml();
  const quiet = childText(root, "Quiet")?.trim() === "true";
  const happened: (() => void)[] = [];
  const results = await store.write((abandon) =>
    targets.map((target): { deleted?: XmlContent; error?: XmlContent } => {
      try {
        const bucket = store.bucket(request.bucket);
        const { deleted, announce } = deleteTarget(context, request, bucket, target, abandon);
        happened.push(announce);
        return { deleted };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return { error: { Key: target.key, VersionId: target.versionId, Code: error.code, Message: error.message } };
      }
    }),
  );
  for (const announce of happened) announce();
  return {
    xml: [
      "DeleteResult",
      {
        Deleted: quiet ? [] : results.map(({ deleted }) => deleted),
        Error: results.map(({ error }) => error),
      },
    ],
  };
};

/** AWS wants to know that the list of what to delete arrived unharmed. */
function requireBodyCheck(request: S3Request): void {
  const headers = request.raw.headers;
  const named = [...Object.keys(headers), String(headers["x-amz-trailer"] ?? "")];
  if (headers["content-md5"] !== undefined || named.some((name) => /^x-amz-checksum-(?:crc|sha)/.test(name))) return;
  throw invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
}

function deleteTarget(
  context: S3Context,
  request: S3Request,
  bucket: BucketRow,
  target: Target,
  abandon: Parameters<typeof deleteCurrent>[4],
): { deleted: XmlContent; announce: () => void } {
  const { store, clock } = context;
  const { key: name, versionId } = target;
  const key = keyBytes(name);
  authorize({ ...request, key: name }, versionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion", bucket);
  if (target.eTag !== undefined) {
    const current = store.current(bucket.name, key);
    if (current === undefined || !eTagMatches(target.eTag, current.eTag)) throw preconditionFailed("If-Match");
  }
  if (versionId === undefined || (bucket.versioning === undefined && versionId === NULL_VERSION)) {
    const outcome = deleteCurrent(store, bucket, key, clock.now(), abandon);
    return {
      deleted: {
        Key: name,
        VersionId: versionId,
        DeleteMarker: outcome.marker === undefined ? undefined : true,
        DeleteMarkerVersionId: outcome.marker?.versionId,
      },
      announce: () => {
        context.pending.deleted(bucket.name, name);
        // Told for a key that was not there as well: seen on AWS for this call, not for DeleteObject.
        announceDelete(context, request, bucket, name, outcome, true);
      },
    };
  }
  const removed = isVersionIdForm(versionId) ? deleteVersion(store, bucket, key, versionId, abandon) : undefined;
  if (removed === undefined) throw noSuchVersion(name, versionId);
  const wasMarker = isDeleteMarker(removed);
  const seq = store.nextSeq();
  return {
    deleted: {
      Key: name,
      VersionId: versionId,
      DeleteMarker: wasMarker ? true : undefined,
      DeleteMarkerVersionId: wasMarker ? versionId : undefined,
    },
    announce: () => announceRemoved(context, request, bucket, name, removed, seq),
  };
}

function announceDelete(
  context: S3Context,
  request: S3Request,
  bucket: BucketRow,
  key: string,
  outcome: DeleteOutcome,
  evenIfAbsent = false,
): void {
  const { marker, removed, seq } = outcome;
  const timeMs = context.clock.now();
  if (marker !== undefined) {
    tell(context, request, "ObjectRemoved", bucket, {
      key,
      action: "DeleteMarkerCreated",
      seq,
      timeMs,
      versionId: marker.versionId,
    });
  } else if (removed !== undefined || evenIfAbsent) {
    tell(context, request, "ObjectRemoved", bucket, { key, action: "Delete", seq, timeMs });
  }
}

function announceRemoved(
  context: S3Context,
  request: S3Request,
  bucket: BucketRow,
  key: string,
  removed: AnyVersionRow,
  seq: number,
): void {
  const timeMs = context.clock.now();
  tell(context, request, "ObjectRemoved", bucket, { key, action: "Delete", seq, timeMs, versionId: removed.versionId });
}
