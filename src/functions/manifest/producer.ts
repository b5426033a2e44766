/** Lists the PDFs of one source, page by page, into the queue. AWS: ListObjectsV2, S3 API reference. */
import { paginateListObjectsV2 } from "@aws-sdk/client-s3";
import type { ListObjectsV2CommandOutput, S3Client } from "@aws-sdk/client-s3";
import { naming } from "./errors.js";
import type { Source } from "./event.js";
import type { BoundedQueue } from "./queue.js";

/** The most that S3 gives in one page. */
const PAGE_KEYS = 1000;

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly lastModified: Date | undefined;
}

/** Resolves to the number of keys listed, those left out included. */
export async function produce(
  client: S3Client,
  source: Source,
  manifestPrefix: string,
  queue: BoundedQueue<ListedObject>,
  signal: AbortSignal,
): Promise<number> {
  // Keys may hold characters that XML cannot carry, so they come URL-encoded.
  const input = { Bucket: source.bucket, Prefix: source.prefix, EncodingType: "url" } as const;
  const pages = paginateListObjectsV2({ client, pageSize: PAGE_KEYS, stopOnSameToken: true }, input, {
    abortSignal: signal,
  });
  let keysListed = 0;
  for (;;) {
    const page = await naming("ListObjectsV2", source.bucket, () => pages.next());
    if (page.done === true) break;
    keysListed += page.value.KeyCount ?? page.value.Contents?.length ?? 0;
    await queue.putAll(reportsOf(page.value, manifestPrefix));
  }
  queue.end();
  return keysListed;
}

/** Letter case of the suffix is ignored: scanners and Windows programs write `.PDF`. */
function reportsOf(page: ListObjectsV2CommandOutput, manifestPrefix: string): ListedObject[] {
  const reports: ListedObject[] = [];
  for (const { Key: encoded = "", Size: sizeBytes = 0, LastModified: lastModified } of page.Contents ?? []) {
    const key = page.EncodingType === "url" ? decodeKey(encoded) : encoded;
    // Folder markers and uploads that never got their bytes are both of size zero.
    if (sizeBytes === 0 || !key.toLowerCase().endsWith(".pdf") || key.startsWith(manifestPrefix)) continue;
    reports.push({ key, sizeBytes, lastModified });
  }
  return reports;
}

const decodeKey = (encoded: string): string => decodeURIComponent(encoded.replaceAll("+", " "));
