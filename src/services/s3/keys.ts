/**
 * How names become keys of the store. Everything is ordered by the bytes of UTF-8, as S3 orders its listings:
 *
 *     objects    bucket 00 key
 *     versions   bucket 00 key' 00 (newest first)         key' = key with 00 written as 00 FF
 *     uploads    bucket 00 key' 00 (oldest first)
 *     parts      upload, part number
 *
 * A bucket's name has no NUL; a key may, hence key' where something follows it.
 */
import { randomBytes } from "node:crypto";
import { invalidArgument, keyTooLong } from "./errors.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const MAX_KEY_BYTES = 1024;
/** LMDB's. */
const MAX_STORED_BYTES = 1978;
/** That, less the longest bucket name, two separators and a sequence number. Only keys of NULs get there. */
const MAX_ESCAPED_KEY_BYTES = MAX_STORED_BYTES - 63 - 1 - 1 - 8;
const SEQ_BYTES = 8;
/** First byte 00, so that it sorts before the FF of an escaped NUL. */
const MAX_SEQ = Number.MAX_SAFE_INTEGER;
const NUL = 0;

/** Checks the length of a key and gives its bytes. */
export function keyBytes(key: string): Buffer {
  const bytes = Buffer.from(key, "utf8");
  if (bytes.length > MAX_KEY_BYTES) throw keyTooLong(bytes.length, MAX_KEY_BYTES);
  if (bytes.includes(NUL) && escapeNul(bytes).length > MAX_ESCAPED_KEY_BYTES) {
    throw keyTooLong(bytes.length, MAX_KEY_BYTES);
  }
  return bytes;
}

export function bucketStart(bucket: string): Buffer {
  return Buffer.from(`${bucket}\0`, "utf8");
}

export function objectKey(bucket: string, key: Buffer): Buffer {
  return Buffer.concat([bucketStart(bucket), key]);
}

/** For a scan of the store. Prefixes and markers have no bound: cut off at that of the keys they find the same ones. */
export function scanned(start: Buffer, end: Buffer): { readonly start: Buffer; readonly end: Buffer } {
  return { start: start.subarray(0, MAX_STORED_BYTES), end: end.subarray(0, MAX_STORED_BYTES) };
}

/** Start of the versions (or uploads) of all keys with that prefix. */
export function escapedPrefix(bucket: string, prefix: Buffer): Buffer {
  return Buffer.concat([bucketStart(bucket), escapeNul(prefix)]);
}

/** Where the versions (or uploads) of one key lie. */
export function rangeOfKey(bucket: string, key: Buffer): { readonly start: Buffer; readonly end: Buffer } {
  const start = Buffer.concat([escapedPrefix(bucket, key), Buffer.from([NUL])]);
  // A sequence number has 53 bits, so its first byte is 00; with FF would follow the keys that go on with a NUL.
  return { start, end: Buffer.concat([start, Buffer.from([1])]) };
}

export function versionKey(bucket: string, key: Buffer, seq: number): Buffer {
  return Buffer.concat([rangeOfKey(bucket, key).start, seqBytes(MAX_SEQ - seq)]);
}

export function uploadKey(bucket: string, key: Buffer, seq: number): Buffer {
  return Buffer.concat([rangeOfKey(bucket, key).start, seqBytes(seq)]);
}

/** The object key inside a versions or uploads key. */
export function keyOfEscaped(bucket: string, stored: Buffer): Buffer {
  return unescapeNul(stored.subarray(bucketStart(bucket).length, stored.length - SEQ_BYTES - 1));
}

export function partKey(uploadSeq: number, partNumber: number): Buffer {
  const bytes = Buffer.alloc(SEQ_BYTES + 2);
  seqBytes(uploadSeq).copy(bytes);
  bytes.writeUInt16BE(partNumber, SEQ_BYTES);
  return bytes;
}

/** The first key after all that start with `prefix`. */
export function successor(prefix: Buffer): Buffer {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  const next = Buffer.from(prefix.subarray(0, end));
  if (end > 0) next[end - 1] = (next[end - 1] ?? 0) + 1;
  return next;
}

const VERSION_RANDOM_BYTES = 16;
const UPLOAD_RANDOM_BYTES = 64;

/** Version and upload ids are opaque to clients; for us they carry the sequence number, so that one get finds the row. */
export function newVersionId(seq: number): string {
  return Buffer.concat([seqBytes(seq), randomBytes(VERSION_RANDOM_BYTES)]).toString("base64url");
}

export function newUploadId(seq: number): string {
  return Buffer.concat([seqBytes(seq), randomBytes(UPLOAD_RANDOM_BYTES)]).toString("base64url");
}

export function seqOfVersionId(versionId: string): number | undefined {
  return seqOf(versionId, SEQ_BYTES + VERSION_RANDOM_BYTES);
}

export function seqOfUploadId(uploadId: string): number | undefined {
  return seqOf(uploadId, SEQ_BYTES + UPLOAD_RANDOM_BYTES);
}

function seqOf(id: string, length: number): number | undefined {
  if (!/^[\w-]+$/.test(id)) return undefined;
  const bytes = Buffer.from(id, "base64url");
  if (bytes.length !== length) return undefined;
  const seq = bytes.readBigUInt64BE();
  return seq <= BigInt(MAX_SEQ) ? Number(seq) : undefined;
}

function seqBytes(seq: number): Buffer {
  const bytes = Buffer.alloc(SEQ_BYTES);
  bytes.writeBigUInt64BE(BigInt(seq));
  return bytes;
}

function escapeNul(key: Buffer): Buffer {
  if (!key.includes(NUL)) return key;
  return Buffer.from([...key].flatMap((byte) => (byte === NUL ? [NUL, 0xff] : [byte])));
}

function unescapeNul(key: Buffer): Buffer {
  if (!key.includes(NUL)) return Buffer.from(key);
  return Buffer.from([...key].filter((byte, i) => !(byte === 0xff && key[i - 1] === NUL)));
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function isValidBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes("..") &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(?:xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  );
}

/** A decoded listing token, or undefined when the client made it up. */
export function decodeToken(token: string): Buffer | undefined {
  if (!/^1[\w-]*$/.test(token)) return undefined;
  return Buffer.from(token.slice(1), "base64url");
}

/** Opaque to clients: where the next page starts. The digit is the version of the form. */
export function encodeToken(key: Buffer): string {
  return `1${key.toString("base64url")}`;
}

export function requireToken(token: string): Buffer {
  const key = token === "" ? undefined : decodeToken(token);
  if (key === undefined) throw invalidArgument("The continuation token provided is incorrect", "continuation-token");
  return key;
}
