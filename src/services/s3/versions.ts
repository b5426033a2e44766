/**
 * What a write or a delete does to the versions of a key. All functions run inside one transaction.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
 *
 * The current object lies in `objects`; everything older, and every delete marker, lies in `versions`. A key whose
 * newest version is a delete marker has no row in `objects`.
 */
import { noSuchVersion } from "./errors.js";
import { newVersionId, objectKey, rangeOfKey, seqOfVersionId, versionKey } from "./keys.js";
import { isDeleteMarker, type AnyVersionRow, type BucketRow, type DeleteMarkerRow, type ObjectRow } from "./rows.js";
import type { Abandon, S3Store } from "./store.js";

export const NULL_VERSION = "null";

/** Version id for a new version of that bucket. */
export function versionIdFor(bucket: BucketRow, seq: number): string {
  return bucket.versioning === "Enabled" ? newVersionId(seq) : NULL_VERSION;
}

/** Makes `row` the current object of the key. */
export function putCurrent(store: S3Store, bucket: BucketRow, key: Buffer, row: ObjectRow, abandon: Abandon): void {
  retireCurrent(store, bucket, key, abandon, true);
  void store.objects.put(objectKey(bucket.name, key), row);
}

export interface DeleteOutcome {
  readonly seq: number;
  /** What was taken away for good. */
  readonly removed: AnyVersionRow | undefined;
  /** The marker that hides the key from now on. */
  readonly marker: DeleteMarkerRow | undefined;
}

/** DELETE without a version id. */
export function deleteCurrent(
  store: S3Store,
  bucket: BucketRow,
  key: Buffer,
  nowMs: number,
  abandon: Abandon,
): DeleteOutcome {
  const before = store.current(bucket.name, key);
  retireCurrent(store, bucket, key, abandon);
  const seq = store.nextSeq();
  if (bucket.versioning === undefined) return { seq, removed: before, marker: undefined };
  const marker: DeleteMarkerRow = { seq, versionId: versionIdFor(bucket, seq), modifiedMs: nowMs, deleteMarker: true };
  void store.versions.put(versionKey(bucket.name, key, seq), marker);
  return { seq, removed: undefined, marker };
}

/** DELETE of one version, which may be a delete marker. Gives what was there, if anything. */
export function deleteVersion(
  store: S3Store,
  bucket: BucketRow,
  key: Buffer,
  versionId: string,
  abandon: Abandon,
): AnyVersionRow | undefined {
  const current = store.current(bucket.name, key);
  if (current?.versionId === versionId) {
    void store.objects.remove(objectKey(bucket.name, key));
    abandon(current.body);
    promoteNewest(store, bucket.name, key);
    return current;
  }
  const older = findOlder(store, bucket.name, key, versionId);
  if (older === undefined) return undefined;
  removeOlder(store, bucket.name, key, older, abandon);
  if (current === undefined) promoteNewest(store, bucket.name, key);
  return older;
}

/** Throws NoSuchVersion when there is none with that id. */
export function findVersion(
  store: S3Store,
  bucket: BucketRow,
  key: string,
  bytes: Buffer,
  versionId: string,
): AnyVersionRow {
  const current = store.current(bucket.name, bytes);
  const found = current?.versionId === versionId ? current : findOlder(store, bucket.name, bytes, versionId);
  if (found === undefined) throw noSuchVersion(key, versionId);
  return found;
}

/** The newest delete marker or older version; the newest of all when the key has no current object. */
export function newestOlder(store: S3Store, bucket: string, key: Buffer): AnyVersionRow | undefined {
  for (const { value } of store.versions.getRange({ ...rangeOfKey(bucket, key), limit: 1 })) return value;
  return undefined;
}

/** Puts a changed row back where it lies (tags of an older version). */
export function replaceVersion(store: S3Store, bucket: string, key: Buffer, row: ObjectRow): void {
  const isCurrent = store.current(bucket, key)?.seq === row.seq;
  if (isCurrent) void store.objects.put(objectKey(bucket, key), row);
  else void store.versions.put(versionKey(bucket, key, row.seq), row);
}

/**
 * Takes the current object away: kept as an older version where versioning says so, else gone with its body. Where
 * another row takes its place at once (`replaced`), there is no need to remove it first.
 */
function retireCurrent(store: S3Store, bucket: BucketRow, key: Buffer, abandon: Abandon, replaced = false): void {
  const current = store.current(bucket.name, key);
  const keeps =
    bucket.versioning === "Enabled" || (bucket.versioning === "Suspended" && current?.versionId !== NULL_VERSION);
  if (current !== undefined) {
    if (!replaced) void store.objects.remove(objectKey(bucket.name, key));
    if (keeps) void store.versions.put(versionKey(bucket.name, key, current.seq), current);
    else abandon(current.body);
  }
  if (bucket.versioning === "Suspended") {
    // There is at most one null version; the one to come takes its place.
    const older = findOlder(store, bucket.name, key, NULL_VERSION);
    if (older !== undefined) removeOlder(store, bucket.name, key, older, abandon);
  }
}

function findOlder(store: S3Store, bucket: string, key: Buffer, versionId: string): AnyVersionRow | undefined {
  if (versionId !== NULL_VERSION) {
    const seq = seqOfVersionId(versionId);
    const row = seq === undefined ? undefined : store.versions.get(versionKey(bucket, key, seq));
    return row?.versionId === versionId ? row : undefined;
  }
  for (const { value } of store.versions.getRange(rangeOfKey(bucket, key))) {
    if (value.versionId === NULL_VERSION) return value;
  }
  return undefined;
}

function removeOlder(store: S3Store, bucket: string, key: Buffer, row: AnyVersionRow, abandon: Abandon): void {
  void store.versions.remove(versionKey(bucket, key, row.seq));
  if (!isDeleteMarker(row)) abandon(row.body);
}

/** After the newest version went, the next one shows again, unless it is a delete marker. */
function promoteNewest(store: S3Store, bucket: string, key: Buffer): void {
  const newest = newestOlder(store, bucket, key);
  if (newest === undefined || isDeleteMarker(newest)) return;
  void store.versions.remove(versionKey(bucket, key, newest.seq));
  void store.objects.put(objectKey(bucket, key), newest);
}
