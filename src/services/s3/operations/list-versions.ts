/**
 * ListObjectVersions: current objects and older versions, merged by key, newest first.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
import { buildElement, XmlFragment, type XmlContent } from "../../kit/xml.js";
import { ownerOf, type Operation, type S3Context } from "../context.js";
import { invalidArgument } from "../errors.js";
import {
  bucketStart,
  escapedPrefix,
  keyOfEscaped,
  rangeOfKey,
  scanned,
  seqOfVersionId,
  successor,
  versionKey,
} from "../keys.js";
import { isoTime, quoted } from "../respond.js";
import { isDeleteMarker, type AnyVersionRow, type BucketRow } from "../rows.js";
import { findVersion, NULL_VERSION } from "../versions.js";
import { listParameters, walk, type Entry, type ListParameters, type Page } from "../walk.js";

interface Listed {
  readonly row: AnyVersionRow;
  readonly isLatest: boolean;
}

interface Start {
  /** Of current objects: the raw key. */
  readonly objects: Buffer;
  /** Of older versions: the stored key. */
  readonly versions: Buffer;
}

export const listObjectVersions: Operation = (context, request) => {
  const bucket = context.store.bucket(request.bucket);
  const parameters = listParameters(request, "max-keys", "maxKeys");
  const keyMarker = request.query.get("key-marker") ?? "";
  const versionMarker = request.query.get("version-id-marker");
  if (versionMarker !== undefined && keyMarker === "") {
    throw invalidArgument(
      "A version-id marker cannot be specified without a key marker.",
      "version-id-marker",
      versionMarker,
    );
  }
  if (versionMarker === "") throw invalidArgument("A version-id marker cannot be empty.", "version-id-marker", "");
  const page = pageOf(context, bucket, parameters, keyMarker, versionMarker);
  const { shown } = parameters;
  const last = page.truncated ? page.last : undefined;
  const owner = ownerOf(context.realm);
  return {
    xml: [
      "ListVersionsResult",
      {
        Name: bucket.name,
        Prefix: shown(parameters.prefix),
        KeyMarker: shown(keyMarker),
        VersionIdMarker: versionMarker ?? "",
        NextKeyMarker: last && shown("prefix" in last ? last.prefix : last.entry.key),
        NextVersionIdMarker: last && "entry" in last ? last.entry.value.row.versionId : undefined,
        MaxKeys: parameters.max,
        Delimiter: parameters.delimiter === "" ? undefined : shown(parameters.delimiter),
        EncodingType: parameters.encodingType,
        IsTruncated: page.truncated,
        // Versions and delete markers of a key stand in one order, whichever they are.
        Version: new XmlFragment(page.entries.map((entry) => versionElement(entry, shown, owner)).join("")),
        CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: shown(prefix) })),
      },
    ],
  };
};

function versionElement(
  { key, value: { row, isLatest } }: Entry<Listed>,
  shown: ListParameters["shown"],
  owner: XmlContent,
): string {
  const common = {
    Key: shown(key),
    VersionId: row.versionId,
    IsLatest: isLatest,
    LastModified: isoTime(row.modifiedMs),
  };
  if (isDeleteMarker(row)) return buildElement("DeleteMarker", { ...common, Owner: owner });
  return buildElement("Version", {
    ...common,
    ETag: quoted(row.eTag),
    ChecksumAlgorithm: row.checksum.algorithm,
    ChecksumType: row.checksum.type,
    Size: row.size,
    Owner: owner,
    StorageClass: row.storageClass,
  });
}

function pageOf(
  context: S3Context,
  bucket: BucketRow,
  { prefix, delimiter, max }: ListParameters,
  keyMarker: string,
  versionMarker: string | undefined,
): Page<Listed> {
  const prefixBytes = Buffer.from(prefix, "utf8");
  const marker = Buffer.from(keyMarker, "utf8");
  const first = startAfter(context, bucket, keyMarker, marker, versionMarker);
  return walk({
    scan: (from) => merged(context, bucket, prefixBytes, from === undefined ? first : startAt(bucket, from)),
    prefix: prefixBytes,
    delimiter: Buffer.from(delimiter, "utf8"),
    max,
    ...(keyMarker === "" ? {} : { marker }),
  });
}

function startAt(bucket: BucketRow, key: Buffer): Start {
  return { objects: key, versions: escapedPrefix(bucket.name, key) };
}

function startAfter(
  context: S3Context,
  bucket: BucketRow,
  key: string,
  bytes: Buffer,
  versionMarker: string | undefined,
): Start {
  if (key === "") return startAt(bucket, bytes);
  const objects = Buffer.concat([bytes, Buffer.from([0])]);
  if (versionMarker === undefined) return { objects, versions: rangeOfKey(bucket.name, bytes).end };
  const seq =
    versionMarker === NULL_VERSION
      ? findVersion(context.store, bucket, key, bytes, versionMarker).seq
      : seqOfVersionId(versionMarker);
  if (seq === undefined) throw invalidArgument("Invalid version id specified", "version-id-marker", versionMarker);
  // Versions lie newest first, so what follows the marker has the next smaller number.
  return { objects, versions: versionKey(bucket.name, bytes, seq - 1) };
}

/** Current objects come before the older versions of their key; a key without one shows its newest version as latest. */
function* merged({ store }: S3Context, bucket: BucketRow, prefix: Buffer, start: Start): Generator<Entry<Listed>> {
  const base = bucketStart(bucket.name);
  const objectStart = Buffer.concat([base, start.objects.compare(prefix) > 0 ? start.objects : prefix]);
  const versionPrefix = escapedPrefix(bucket.name, prefix);
  const versionStart = start.versions.compare(versionPrefix) > 0 ? start.versions : versionPrefix;
  const objects = rangeOf(store.objects, objectStart, successor(Buffer.concat([base, prefix])));
  const versions = rangeOf(store.versions, versionStart, successor(versionPrefix));
  let object = objects.next().value;
  let version = versions.next().value;
  let before: Buffer | undefined;
  while (object !== undefined || version !== undefined) {
    const objectKey = object?.key.subarray(base.length);
    const versionedKey = version === undefined ? undefined : keyOfEscaped(bucket.name, version.key);
    if (
      object !== undefined &&
      objectKey !== undefined &&
      (versionedKey === undefined || objectKey.compare(versionedKey) <= 0)
    ) {
      yield { key: objectKey, value: { row: object.value, isLatest: true } };
      before = objectKey;
      object = objects.next().value;
    } else if (version !== undefined && versionedKey !== undefined) {
      const isLatest = before?.equals(versionedKey) !== true && !isContinued(start, bucket, versionedKey, version.key);
      yield { key: versionedKey, value: { row: version.value, isLatest } };
      before = versionedKey;
      version = versions.next().value;
    }
  }
}

/** Whether the page began among the versions of this key, after its latest. */
function isContinued(start: Start, bucket: BucketRow, key: Buffer, stored: Buffer): boolean {
  const { start: first, end } = rangeOfKey(bucket.name, key);
  return start.versions.compare(first) > 0 && start.versions.compare(end) < 0 && stored.compare(start.versions) >= 0;
}

type Row<T> = { readonly key: Buffer; readonly value: T } | undefined;

function* rangeOf<T>(
  table: { getRange(options: { start: Buffer; end: Buffer }): Iterable<{ key: Buffer; value: T }> },
  start: Buffer,
  end: Buffer,
): Generator<Row<T>, undefined> {
  if (start.compare(end) < 0) yield* table.getRange(scanned(start, end));
  return undefined;
}
