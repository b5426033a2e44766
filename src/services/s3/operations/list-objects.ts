/**
 * ListObjectsV2 and its elder, ListObjects.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
import type { XmlContent } from "../../kit/xml.js";
import { ownerOf, type Operation, type S3Context } from "../context.js";
import { bucketStart, encodeToken, requireToken, successor } from "../keys.js";
import type { S3Request } from "../request.js";
import { isoTime, quoted } from "../respond.js";
import type { BucketRow, ObjectRow } from "../rows.js";
import { listParameters, walk, type Entry, type ListParameters, type Page } from "../walk.js";

const NUL_BYTE = Buffer.from([0]);

export const listObjectsV2: Operation = (context, request) => {
  const bucket = context.store.bucket(request.bucket);
  const parameters = listParameters(request, "max-keys", "maxKeys");
  const token = request.query.get("continuation-token");
  const startAfter = request.query.get("start-after") ?? "";
  const from = token === undefined ? after(startAfter) : requireToken(token);
  const page = pageOf(context, bucket, parameters, from, undefined);
  const withOwner = request.query.get("fetch-owner") === "true";
  return {
    ...regionHeader(bucket),
    xml: [
      "ListBucketResult",
      {
        Name: bucket.name,
        Prefix: parameters.shown(parameters.prefix),
        StartAfter: startAfter === "" ? undefined : parameters.shown(startAfter),
        ContinuationToken: token,
        NextContinuationToken: page.truncated ? nextToken(page) : undefined,
        KeyCount: page.entries.length + page.prefixes.length,
        MaxKeys: parameters.max,
        Delimiter: parameters.delimiter === "" ? undefined : parameters.shown(parameters.delimiter),
        EncodingType: parameters.encodingType,
        IsTruncated: page.truncated,
        ...contents(context, page, parameters, withOwner),
      },
    ],
  };
};

export const listObjects: Operation = (context, request: S3Request) => {
  const bucket = context.store.bucket(request.bucket);
  const parameters = listParameters(request, "max-keys", "maxKeys");
  const marker = request.query.get("marker") ?? "";
  const page = pageOf(
    context,
    bucket,
    parameters,
    after(marker),
    marker === "" ? undefined : Buffer.from(marker, "utf8"),
  );
  return {
    ...regionHeader(bucket),
    xml: [
      "ListBucketResult",
      {
        Name: bucket.name,
        Prefix: parameters.shown(parameters.prefix),
        Marker: parameters.shown(marker),
        // Without a delimiter a client goes on from the last key it got.
        NextMarker: page.truncated && parameters.delimiter !== "" ? parameters.shown(lastShown(page)) : undefined,
        MaxKeys: parameters.max,
        Delimiter: parameters.delimiter === "" ? undefined : parameters.shown(parameters.delimiter),
        EncodingType: parameters.encodingType,
        IsTruncated: page.truncated,
        ...contents(context, page, parameters, true),
      },
    ],
  };
};

function regionHeader(bucket: BucketRow): { headers: Record<string, string> } {
  return { headers: { "x-amz-bucket-region": bucket.region } };
}

/** The first key that sorts after `key`. */
function after(key: string): Buffer {
  return key === "" ? Buffer.alloc(0) : Buffer.concat([Buffer.from(key, "utf8"), NUL_BYTE]);
}

function pageOf(
  { store }: S3Context,
  bucket: BucketRow,
  { prefix, delimiter, max }: ListParameters,
  from: Buffer,
  marker: Buffer | undefined,
): Page<ObjectRow> {
  const base = bucketStart(bucket.name);
  const prefixBytes = Buffer.from(prefix, "utf8");
  const first = from.compare(prefixBytes) > 0 ? from : prefixBytes;
  const end = successor(Buffer.concat([base, prefixBytes]));
  function* scan(position: Buffer = first): Generator<Entry<ObjectRow>> {
    const start = Buffer.concat([base, position]);
    if (start.compare(end) >= 0) return;
    for (const { key, value } of store.objects.getRange({ start, end }))
      yield { key: key.subarray(base.length), value };
  }
  return walk({
    scan,
    prefix: prefixBytes,
    delimiter: Buffer.from(delimiter, "utf8"),
    max,
    ...(marker === undefined ? {} : { marker }),
  });
}

function nextToken(page: Page<ObjectRow>): string | undefined {
  if (page.last === undefined) return undefined;
  return encodeToken(
    "prefix" in page.last ? successor(page.last.prefix) : Buffer.concat([page.last.entry.key, NUL_BYTE]),
  );
}

function lastShown(page: Page<ObjectRow>): Buffer {
  if (page.last === undefined) return Buffer.alloc(0);
  return "prefix" in page.last ? page.last.prefix : page.last.entry.key;
}

function contents(
  context: S3Context,
  page: Page<ObjectRow>,
  { shown }: ListParameters,
  withOwner: boolean,
): { Contents: XmlContent; CommonPrefixes: XmlContent } {
  const owner = withOwner ? ownerOf(context.realm) : undefined;
  return {
    Contents: page.entries.map(({ key, value: row }) => ({
      Key: shown(key),
      LastModified: isoTime(row.modifiedMs),
      ETag: quoted(row.eTag),
      ChecksumAlgorithm: row.checksum.algorithm,
      ChecksumType: row.checksum.type,
      Size: row.size,
      Owner: owner,
      StorageClass: row.storageClass,
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: shown(prefix) })),
  };
}
