/**
 * ListObjectsV2 and its elder, ListObjects.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
import { escapeXml, XmlFragment, type XmlContent } from "../../kit/xml.js";
import { ownerOf, type Operation, type S3Context } from "../context.js";
import { bucketStart, encodeToken, requireToken, scanned, successor } from "../keys.js";
import type { S3Request } from "../request.js";
import { isoTime } from "../respond.js";
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
        NextContinuationToken: page.truncated ? nextToken(bucket, page) : undefined,
        KeyCount: page.entries.length + page.prefixes.length,
        MaxKeys: parameters.max,
        Delimiter: parameters.delimiter === "" ? undefined : parameters.shown(parameters.delimiter),
        EncodingType: parameters.encodingType,
        IsTruncated: page.truncated,
        ...contents(context, bucket, page, parameters, withOwner),
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
        NextMarker:
          page.truncated && parameters.delimiter !== "" ? parameters.shown(lastShown(bucket, page)) : undefined,
        MaxKeys: parameters.max,
        Delimiter: parameters.delimiter === "" ? undefined : parameters.shown(parameters.delimiter),
        EncodingType: parameters.encodingType,
        IsTruncated: page.truncated,
        ...contents(context, bucket, page, parameters, true),
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
    yield* store.objects.getRange(scanned(start, end));
  }
  return walk({
    scan,
    offset: base.length,
    prefix: prefixBytes,
    delimiter: Buffer.from(delimiter, "utf8"),
    max,
    ...(marker === undefined ? {} : { marker }),
  });
}

/** Where the next page begins: right after what came last. */
function nextToken(bucket: BucketRow, { last }: Page<ObjectRow>): string | undefined {
  if (last === undefined) return undefined;
  return encodeToken("prefix" in last ? successor(last.prefix) : Buffer.concat([keyIn(bucket, last.entry), NUL_BYTE]));
}

function lastShown(bucket: BucketRow, { last }: Page<ObjectRow>): Buffer {
  if (last === undefined) return Buffer.alloc(0);
  return "prefix" in last ? last.prefix : keyIn(bucket, last.entry);
}

function keyIn(bucket: BucketRow, { key }: Entry<ObjectRow>): Buffer {
  return key.subarray(bucketStart(bucket.name).length);
}

/**
 * The thousand elements of a page are put together as text: a tree of objects for the builder takes twice as long, and
 * with the rest of a page that is what a listing costs. Only the key can hold what must be escaped.
 */
function contents(
  context: S3Context,
  bucket: BucketRow,
  page: Page<ObjectRow>,
  { shown }: ListParameters,
  withOwner: boolean,
): { Contents: XmlContent; CommonPrefixes: XmlContent } {
  const owner = withOwner ? `<Owner><ID>${ownerOf(context.realm).ID}</ID></Owner>` : "";
  const offset = bucketStart(bucket.name).length;
  let xml = "";
  for (const { key, value } of page.entries) {
    const { eTag, size, storageClass, checksum } = value;
    const name = escapeXml(shown(key.toString("utf8", offset)));
    xml += `<Contents><Key>${name}</Key><LastModified>${isoTime(value.modifiedMs)}</LastModified><ETag>&quot;${eTag}&quot;</ETag><ChecksumAlgorithm>${checksum.algorithm}</ChecksumAlgorithm><ChecksumType>${checksum.type}</ChecksumType><Size>${size}</Size>${owner}<StorageClass>${storageClass}</StorageClass></Contents>`;
  }
  return {
    Contents: new XmlFragment(xml),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: shown(prefix) })),
  };
}
