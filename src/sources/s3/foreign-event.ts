/**
 * Bucket notifications of other servers as events of ours, so that what a function or queue gets has AWS's form.
 * LocalStack's and moto's have it nearly whole; MinIO's has other names of source and region, no difference between an
 * object that is written and one that is tagged, and more members. https://docs.min.io/enterprise/aistor-object-store/administration/bucket-notifications/
 */
import { isJsonObject, type Json } from "../../config/json.js";
import type { ObjectEvent } from "../../shared/bus.js";
import type { ObjectEventKind } from "./event.js";

export interface ForeignObjectEvent {
  readonly kind: ObjectEventKind;
  readonly event: ObjectEvent;
}

/** What is told and S3 has a name for; the rest (reads, replication, retention) is of MinIO's own. */
const NAMES: Readonly<Record<string, readonly [ObjectEventKind, action: string]>> = {
  "s3:ObjectCreated:Put": ["ObjectCreated", "Put"],
  "s3:ObjectCreated:Post": ["ObjectCreated", "Post"],
  "s3:ObjectCreated:Copy": ["ObjectCreated", "Copy"],
  "s3:ObjectCreated:CompleteMultipartUpload": ["ObjectCreated", "CompleteMultipartUpload"],
  "s3:ObjectCreated:PutTagging": ["ObjectTagged", "Put"],
  "s3:ObjectCreated:DeleteTagging": ["ObjectTagged", "Delete"],
  "s3:ObjectTagging:Put": ["ObjectTagged", "Put"],
  "s3:ObjectTagging:Delete": ["ObjectTagged", "Delete"],
  "s3:ObjectRemoved:Delete": ["ObjectRemoved", "Delete"],
  "s3:ObjectRemoved:DeleteMarkerCreated": ["ObjectRemoved", "DeleteMarkerCreated"],
};

/** The events of a notification's text; undefined when it is none at all. */
export function bucketEvents(text: string, namespace: string): ForeignObjectEvent[] | undefined {
  const body = parsed(text);
  if (!isJsonObject(body) || !Array.isArray(body["Records"])) return undefined;
  return body["Records"].flatMap((record: Json) => {
    // AWS leaves out the prefix, MinIO does not.
    const named = NAMES[`s3:${textAt(record, "eventName")?.replace(/^s3:/, "") ?? ""}`];
    const bucket = textAt(record, "s3", "bucket", "name");
    const key = textAt(record, "s3", "object", "key");
    if (named === undefined || bucket === undefined || key === undefined) return [];
    const [kind, action] = named;
    const size = at(record, "s3", "object", "size");
    const eTag = textAt(record, "s3", "object", "eTag");
    const versionId = textAt(record, "s3", "object", "versionId");
    const event: ObjectEvent = {
      namespace,
      bucket,
      key: decoded(key),
      action,
      // MinIO leaves out a size of zero.
      ...(kind === "ObjectCreated" ? { sizeBytes: typeof size === "number" ? size : 0 } : {}),
      ...(eTag === undefined ? {} : { eTag }),
      ...(versionId === undefined || versionId === "" ? {} : { versionId }),
      sequencer: textAt(record, "s3", "object", "sequencer") ?? "",
      requestId: textAt(record, "responseElements", "x-amz-request-id") ?? "",
      sourceIpAddress: textAt(record, "requestParameters", "sourceIPAddress") ?? "",
      timeMs: Date.parse(textAt(record, "eventTime") ?? "") || 0,
    };
    return [{ kind, event }];
  });
}

/** The names under which MinIO takes what a bucket's rules ask for: a pattern that S3 has and MinIO has not would be refused. */
export function minioEventNames(patterns: readonly string[]): readonly string[] {
  const names = patterns.flatMap((pattern) => {
    if (pattern === "s3:ObjectTagging:*") return ["s3:ObjectCreated:PutTagging", "s3:ObjectCreated:DeleteTagging"];
    if (pattern === "s3:ObjectTagging:Put") return ["s3:ObjectCreated:PutTagging"];
    if (pattern === "s3:ObjectTagging:Delete") return ["s3:ObjectCreated:DeleteTagging"];
    return /^s3:Object(Created|Removed):(\*|Put|Post|Copy|CompleteMultipartUpload|Delete|DeleteMarkerCreated)$/.test(
      pattern,
    )
      ? [pattern]
      : [];
  });
  // MinIO gives them back in an order of its own.
  return [...new Set(names)].sort();
}

/** One that is not encoded as S3 does it is taken as it is. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((here, step) => (isJsonObject(here) ? here[step] : undefined), value);
}

function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}
