/**
 * Fetches objects side by side and hands them over in order. A worker fetches no further than `queueSize` ahead of the
 * archive, and takes a body in at once: no open response waits for its turn until the socket times out.
 */
import { GetObjectCommand, S3ServiceException, type S3Client } from "@aws-sdk/client-s3";
import { ObjectRefusedError } from "./errors.js";
import type { AnnouncedObject } from "./notification.js";

export interface FetchedObject {
  readonly body: Buffer;
  readonly modified: Date;
}

export type FetchResult<T> =
  | { readonly item: T; readonly kind: "fetched"; readonly object: FetchedObject }
  /** Written again since: that write is announced by another message. */
  | { readonly item: T; readonly kind: "superseded" }
  | { readonly item: T; readonly kind: "failed"; readonly reason: unknown };

export interface FetchOptions {
  readonly client: S3Client;
  readonly workers: number;
  readonly queueSize: number;
  readonly maxFileBytes: number;
  readonly signal: AbortSignal;
  /** A fetched object waited longer than this for the archive. */
  readonly stalledAfterMs: number;
  readonly onStalled: () => void;
}

export async function* fetchInOrder<T extends { readonly object: AnnouncedObject }>(
  items: readonly T[],
  options: FetchOptions,
): AsyncGenerator<FetchResult<T>> {
  const { workers, queueSize, stalledAfterMs, onStalled } = options;
  const ahead: { readonly result: Promise<FetchResult<T>>; readyAtMs: number }[] = [];
  let next = 0;
  let busy = 0;
  const fill = (): void => {
    while (next < items.length && busy < workers && ahead.length < workers + queueSize) {
      const item = items[next++];
      if (item === undefined) return;
      busy += 1;
      const place = {
        readyAtMs: Infinity,
        result: fetchOne(item, options).finally(() => {
          busy -= 1;
          place.readyAtMs = performance.now();
          fill();
        }),
      };
      ahead.push(place);
    }
  };
  fill();
  for (let first = ahead[0]; first !== undefined; first = ahead[0]) {
    const result = await first.result;
    if (performance.now() - first.readyAtMs > stalledAfterMs) onStalled();
    ahead.shift();
    fill();
    yield result;
  }
}

/** Never rejects. */
async function fetchOne<T extends { readonly object: AnnouncedObject }>(
  item: T,
  { client, maxFileBytes, signal }: FetchOptions,
): Promise<FetchResult<T>> {
  const { bucket, key, versionId, eTag, sizeBytes } = item.object;
  try {
    signal.throwIfAborted();
    if (sizeBytes !== undefined && sizeBytes > maxFileBytes) throw tooLarge(sizeBytes, maxFileBytes);
    const { Body, ContentLength, LastModified } = await client.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
        ...(eTag === undefined ? {} : { IfMatch: `"${eTag}"` }),
      }),
      { abortSignal: signal },
    );
    if (Body === undefined) throw new ObjectRefusedError("the object has no body");
    if (ContentLength !== undefined && ContentLength > maxFileBytes) {
      (Body as { destroy?: () => void }).destroy?.();
      throw tooLarge(ContentLength, maxFileBytes);
    }
    const body = Buffer.from(await Body.transformToByteArray());
    return { item, kind: "fetched", object: { body, modified: LastModified ?? new Date(0) } };
  } catch (error) {
    if (signal.aborted) return { item, kind: "failed", reason: signal.reason };
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412)
      return { item, kind: "superseded" };
    if (error instanceof S3ServiceException && error.name === "NoSuchKey") {
      return { item, kind: "failed", reason: new ObjectRefusedError("the object is gone", { cause: error }) };
    }
    return { item, kind: "failed", reason: error };
  }
}

function tooLarge(sizeBytes: number, maxFileBytes: number): ObjectRefusedError {
  return new ObjectRefusedError(`the object has ${sizeBytes} bytes, allowed are ${maxFileBytes}`);
}
