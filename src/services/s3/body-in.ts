/**
 * Takes a body in: hashed once, checked, and laid down where its row will point. Short bodies wait in memory for the
 * transaction that stores them with their row; long ones go to a file as they come.
 */
import type { ChecksumAlgorithm } from "../kit/checksums.js";
import type { Trailers } from "../kit/aws-chunked.js";
import { openPayload } from "../kit/payload.js";
import type { BlobWriter } from "./blobs.js";
import { createDigest, digestNow, type Digests } from "./digest.js";
import { entityTooLarge, incompleteBody, missingContentLength } from "./errors.js";
import type { S3Request } from "./request.js";
import type { BodyRef, Segment } from "./rows.js";
import type { S3Store } from "./store.js";

/** A body up to this size lies in a row: one page write less than a file costs, and no file to open for a read. */
const MAX_ROW_BODY_BYTES = 32 * 1024;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;

export interface BodySource extends AsyncIterable<Buffer> {
  readonly length: number;
  /** False when `length` is only an upper bound. */
  readonly exact?: boolean;
  /** Reads it in one piece, where that is cheaper. */
  readonly whole?: (() => Promise<Buffer>) | undefined;
  readonly trailers?: () => Trailers;
}

export interface IncomingBody {
  readonly size: number;
  readonly digests: Digests;
  readonly trailers: Trailers;
  /** In a transaction: where the body is from now on. */
  commit(): BodyRef;
  /** Deletes what was laid down; harmless after a commit. */
  discard(): Promise<void>;
}

/** The body of a PUT. Throws 411 without a length and EntityTooLarge over 5 GiB. */
export function requestBody(request: S3Request): BodySource {
  const payload = openPayload(request.raw);
  if (payload.length === undefined) throw missingContentLength();
  if (payload.length > MAX_PUT_BYTES) throw entityTooLarge(payload.length, MAX_PUT_BYTES);
  return {
    length: payload.length,
    whole: payload.whole,
    trailers: () => payload.trailers(),
    [Symbol.asyncIterator]: () => payload[Symbol.asyncIterator](),
  };
}

export async function takeIn(
  store: S3Store,
  source: BodySource,
  algorithms: Iterable<ChecksumAlgorithm>,
  place: "row-or-file" | "file" = "row-or-file",
): Promise<IncomingBody> {
  if (source.length === 0 || (place === "row-or-file" && source.length <= MAX_ROW_BODY_BYTES)) {
    return takeIntoMemory(store, source, algorithms);
  }
  return takeIntoFile(store, source, algorithms);
}

async function takeIntoMemory(
  store: S3Store,
  source: BodySource,
  algorithms: Iterable<ChecksumAlgorithm>,
): Promise<IncomingBody> {
  const bytes = await (source.whole?.() ?? gather(source));
  const size = bytes.length;
  if (size > source.length || (size < source.length && source.exact !== false)) throw incompleteBody();
  return {
    size,
    digests: digestNow(bytes, algorithms),
    trailers: source.trailers?.() ?? {},
    commit: () => {
      if (size === 0) return { kind: "empty" };
      const id = store.nextSeq();
      void store.bodies.put(id, bytes);
      return { kind: "row", id };
    },
    discard: () => Promise.resolve(),
  };
}

/** No more than was announced, whatever the client sends. */
async function gather(source: BodySource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > source.length) throw incompleteBody();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

async function takeIntoFile(
  store: S3Store,
  source: BodySource,
  algorithms: Iterable<ChecksumAlgorithm>,
): Promise<IncomingBody> {
  const writer = await store.blobs.create();
  let segment: Segment | undefined;
  try {
    const digests = await pour(source, writer, algorithms);
    segment = await writer.finish();
    return fileBody(store, segment, digests, source.trailers?.() ?? {});
  } catch (error) {
    if (segment === undefined) await writer.abort();
    await store.blobs.discard([writer.id]);
    throw error;
  }
}

async function pour(source: BodySource, writer: BlobWriter, algorithms: Iterable<ChecksumAlgorithm>): Promise<Digests> {
  const digest = createDigest(algorithms, source.length);
  let size = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > source.length) throw incompleteBody();
      const hashed = digest.update(chunk);
      const written = writer.write(chunk);
      if (hashed !== undefined) await hashed;
      if (written !== undefined) await written;
    }
    if (size !== source.length && source.exact !== false) throw incompleteBody();
    return await digest.finish();
  } catch (error) {
    digest.abort();
    throw error;
  }
}

function fileBody(store: S3Store, segment: Segment, digests: Digests, trailers: Trailers): IncomingBody {
  let committed = false;
  return {
    size: segment.size,
    digests,
    trailers,
    commit: () => {
      committed = true;
      store.blobs.claim([segment]);
      return { kind: "files", segments: [segment] };
    },
    discard: async () => {
      if (!committed) await store.blobs.discard([segment.id]);
    },
  };
}
