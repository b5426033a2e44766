/**
 * What a client says about an object in headers, and how it hears it back.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
import { checkObjectAcl } from "./access.js";
import { invalidArgument, invalidRequest, metadataTooLarge } from "./errors.js";
import { AwsError } from "../kit/aws-error.js";
import type { S3Request } from "./request.js";
import type { Headers } from "./respond.js";
import type { BucketRow, ObjectDescription, ObjectRow, UploadRow } from "./rows.js";
import { parseTaggingHeader } from "./tags.js";

export const SYSTEM_HEADERS = [
  "content-type",
  "content-encoding",
  "content-language",
  "content-disposition",
  "cache-control",
  "expires",
] as const;
const BUCKET_KEY_HEADER = "x-amz-server-side-encryption-bucket-key-enabled";
const REDIRECT_HEADER = "x-amz-website-redirect-location";
const DEFAULT_CONTENT_TYPE = "binary/octet-stream";
const METADATA_PREFIX = "x-amz-meta-";
/** Sum of the bytes of all names and values. */
const MAX_USER_METADATA_BYTES = 2048;
const STORAGE_CLASSES = new Set([
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "DEEP_ARCHIVE",
  "GLACIER_IR",
]);
const ENCRYPTIONS = new Set(["AES256", "aws:kms", "aws:kms:dsse"]);
/** Headers that ask for what is not emulated: refused, because to pass over them would be a lie. */
const REFUSED_HEADERS: Readonly<Record<string, string>> = {
  "x-amz-object-lock-mode": "Object Lock is not emulated by lambda-run.",
  "x-amz-object-lock-retain-until-date": "Object Lock is not emulated by lambda-run.",
  "x-amz-object-lock-legal-hold": "Object Lock is not emulated by lambda-run.",
  "x-amz-server-side-encryption-customer-algorithm": "Encryption with customer keys is not emulated by lambda-run.",
  "x-amz-server-side-encryption-customer-key": "Encryption with customer keys is not emulated by lambda-run.",
  // Appending is for directory buckets; to pass over it would replace the object.
  "x-amz-write-offset-bytes": "A header you provided implies functionality that is not implemented",
};

export function readDescription(request: S3Request, bucket: BucketRow): ObjectDescription {
  refuseUnemulated(request);
  return {
    ...readMetadata(request),
    tags: parseTaggingHeader(request.header("x-amz-tagging")),
    storageClass: readStorageClass(request),
    ...readEncryption(request, bucket),
    ...readObjectAcl(request, bucket),
  };
}

export function readMetadata(request: S3Request): Pick<ObjectDescription, "headers" | "metadata"> {
  const headers: Record<string, string> = { "content-type": DEFAULT_CONTENT_TYPE };
  for (const name of SYSTEM_HEADERS) {
    const sent = request.header(name);
    const value = sent === undefined ? undefined : readValue(name, sent);
    const kept = name === "content-encoding" ? withoutAwsChunked(value) : value;
    if (kept !== undefined && kept !== "") headers[name] = kept;
  }
  const redirect = request.header(REDIRECT_HEADER);
  if (redirect !== undefined) {
    if (!/^(?:\/|https?:\/\/)/.test(redirect)) {
      throw new AwsError(
        "InvalidRedirectLocation",
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
      );
    }
    headers[REDIRECT_HEADER] = readValue(REDIRECT_HEADER, redirect);
  }
  return { headers, metadata: readUserMetadata(request.headersFrom(METADATA_PREFIX)) };
}

export function readUserMetadata(sent: Readonly<Record<string, string>>): Record<string, string> {
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const [name, raw] of Object.entries(sent)) {
    if (!METADATA_NAME.test(name))
      throw invalidArgument("Metadata names must be header names.", METADATA_PREFIX + name, raw);
    const value = readValue(METADATA_PREFIX + name, raw);
    size += Buffer.byteLength(name) + Buffer.byteLength(value);
    Object.defineProperty(metadata, name, { value, enumerable: true, configurable: true, writable: true });
  }
  if (size > MAX_USER_METADATA_BYTES) throw metadataTooLarge(size, MAX_USER_METADATA_BYTES);
  return metadata;
}

export function readStorageClass(request: S3Request): string {
  const storageClass = request.header("x-amz-storage-class") ?? "STANDARD";
  if (!STORAGE_CLASSES.has(storageClass)) {
    throw new AwsError("InvalidStorageClass", "The storage class you specified is not valid", {
      members: { StorageClassRequested: storageClass },
    });
  }
  return storageClass;
}

type Encryption = Pick<ObjectDescription, "encryption" | "kmsKeyId" | "bucketKey">;

export function readEncryption(request: S3Request, bucket: BucketRow): Encryption {
  const asked = request.header("x-amz-server-side-encryption");
  const kmsKeyId = request.header("x-amz-server-side-encryption-aws-kms-key-id");
  if (asked === undefined) {
    if (kmsKeyId !== undefined) {
      throw invalidArgument(
        "Server Side Encryption with KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        "x-amz-server-side-encryption",
        "null",
      );
    }
    return bucketEncryption(bucket);
  }
  if (!ENCRYPTIONS.has(asked)) {
    throw invalidArgument("The encryption method specified is not supported", "x-amz-server-side-encryption", asked);
  }
  if (asked === "AES256" && kmsKeyId !== undefined) {
    throw invalidArgument(
      "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
      "x-amz-server-side-encryption",
      asked,
    );
  }
  const bucketKey = asked === "aws:kms" && request.header(BUCKET_KEY_HEADER)?.toLowerCase() === "true";
  return { encryption: asked, ...(kmsKeyId === undefined ? {} : { kmsKeyId }), ...(bucketKey ? { bucketKey } : {}) };
}

function bucketEncryption(bucket: BucketRow): Encryption {
  const document = bucket.documents?.["encryption"] ?? "";
  const encryption = /<(?:\w+:)?SSEAlgorithm>([^<]+)</.exec(document)?.[1];
  const kmsKeyId = /<(?:\w+:)?KMSMasterKeyID>([^<]+)</.exec(document)?.[1];
  const bucketKey = encryption === "aws:kms" && /<(?:\w+:)?BucketKeyEnabled>\s*true\s*</.test(document);
  return {
    encryption: encryption ?? "AES256",
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    ...(bucketKey ? { bucketKey } : {}),
  };
}

export function readObjectAcl(request: S3Request, bucket: BucketRow): Pick<ObjectDescription, "acl"> {
  const acl = checkObjectAcl(request, bucket);
  return acl === undefined ? {} : { acl };
}

export function refuseUnemulated(request: S3Request): void {
  for (const [header, message] of Object.entries(REFUSED_HEADERS)) {
    if (request.header(header) !== undefined)
      throw new AwsError("NotImplemented", message, { statusCode: 501, members: { Header: header } });
  }
  const expectedOwner = request.header("x-amz-object-ownership");
  if (expectedOwner !== undefined && request.key !== "")
    throw invalidRequest("x-amz-object-ownership belongs to a bucket.");
}

/** What GET and HEAD say about an object. */
export function describe(row: ObjectRow): Headers {
  const headers: Headers = { "Accept-Ranges": "bytes" };
  for (const [name, value] of Object.entries(row.headers)) headers[name] = toHeader(value);
  for (const [name, value] of Object.entries(row.metadata)) headers[METADATA_PREFIX + name] = metadataHeader(value);
  const tagCount = Object.keys(row.tags).length;
  if (tagCount > 0) headers["x-amz-tagging-count"] = tagCount;
  if (row.storageClass !== "STANDARD") headers["x-amz-storage-class"] = row.storageClass;
  return Object.assign(headers, encryptionHeaders(row));
}

export function encryptionHeaders(row: ObjectRow | UploadRow): Headers {
  const headers: Headers = { "x-amz-server-side-encryption": row.encryption };
  if (row.kmsKeyId !== undefined) headers["x-amz-server-side-encryption-aws-kms-key-id"] = row.kmsKeyId;
  if (row.bucketKey === true) headers[BUCKET_KEY_HEADER] = "true";
  return headers;
}

function withoutAwsChunked(value: string | undefined): string | undefined {
  return value
    ?.split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "aws-chunked" && coding !== "")
    .join(",");
}

/**
 * Node reads header bytes as latin1; clients that send UTF-8 mean UTF-8. From a form or a query anything may come:
 * what cannot be a header again is refused, or no GET of the object would ever work.
 */
export function readValue(name: string, value: string): string {
  if (PRINTABLE.test(value)) return value;
  if (CONTROL.test(value)) throw invalidArgument("Header value cannot contain control characters.", name, value);
  const bytes = Buffer.from(value, "latin1");
  if (bytes.toString("latin1") !== value) return value;
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") ? value : text;
}

const PRINTABLE = /^[\x20-\x7e\t]*$/;
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
/** RFC 9110 `token`, in lower case. */
const METADATA_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

function toHeader(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}

/** S3 gives metadata outside ASCII back as RFC 2047 words. */
function metadataHeader(value: string): string {
  if (PRINTABLE.test(value)) return value;
  return `=?UTF-8?B?${Buffer.from(value, "utf8").toString("base64")}?=`;
}
