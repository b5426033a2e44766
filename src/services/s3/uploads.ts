/** Uploads in parts as they lie in the store. */
import { noSuchUpload } from "./errors.js";
import { bucketStart, partKey, seqOfUploadId, successor, uploadKey } from "./keys.js";
import type { BodyRef, PartRow, UploadRow } from "./rows.js";
import type { S3Store } from "./store.js";

/** Throws NoSuchUpload. */
export function findUpload(store: S3Store, bucket: string, key: Buffer, uploadId: string): UploadRow {
  const seq = seqOfUploadId(uploadId);
  const row = seq === undefined ? undefined : store.uploads.get(uploadKey(bucket, key, seq));
  if (row === undefined || row.uploadId !== uploadId) throw noSuchUpload(uploadId);
  return row;
}

/** Parts in the order of their numbers. */
export function partsOf(store: S3Store, upload: UploadRow, afterNumber = 0): Iterable<PartRow> {
  const range = { start: partKey(upload.seq, afterNumber + 1), end: partKey(upload.seq + 1, 0) };
  return store.parts.getRange(range).map(({ value }) => value);
}

/** In a transaction: forgets an upload; parts whose files are not `kept` are deleted. */
export function removeUpload(
  store: S3Store,
  bucket: string,
  key: Buffer,
  upload: UploadRow,
  abandon: (body: BodyRef) => void,
  kept: ReadonlySet<number> = new Set(),
): void {
  for (const part of Array.from(partsOf(store, upload))) {
    void store.parts.remove(partKey(upload.seq, part.number));
    if (!kept.has(part.number)) abandon(partBody(part));
  }
  void store.uploads.remove(uploadKey(bucket, key, upload.seq));
}

/** In a transaction: forgets all uploads of a bucket that is deleted. */
export function removeAllUploads(store: S3Store, bucket: string, abandon: (body: BodyRef) => void): void {
  const start = bucketStart(bucket);
  for (const { key, value } of Array.from(store.uploads.getRange({ start, end: successor(start) }))) {
    for (const part of Array.from(partsOf(store, value))) {
      void store.parts.remove(partKey(value.seq, part.number));
      abandon(partBody(part));
    }
    void store.uploads.remove(key);
  }
}

export function partBody(part: PartRow): BodyRef {
  return part.segment === undefined ? { kind: "empty" } : { kind: "files", segments: [part.segment] };
}
