/**
 * Fills a bucket with sample PDFs or CSV files. Works on any S3 endpoint, ours or not. Seeding twice gives the same objects: what is
 * already there with the same content is left alone, so an interrupted run goes on where it stopped.
 */
import { createHash } from "node:crypto";
import { CreateBucketCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { csvFiles } from "./csv.js";
import { neighbours, reports } from "./samples.js";
import type { Sample } from "./samples.js";

export type SeedKind = "pdf" | "csv";

export interface SeedOptions {
  /** Undefined = AWS itself, as the SDK finds it. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Undefined = the SDK's own chain. */
  readonly credentials?: S3ClientConfig["credentials"] | undefined;
  readonly bucket: string;
  /** A folder; a missing `/` at its end is added. */
  readonly prefix: string;
  /** PDFs by default. */
  readonly kind?: SeedKind;
  /** PDFs that a manifest of the prefix lists, or CSV files. */
  readonly count: number;
  /** Of each PDF. */
  readonly sizeBytes: number;
  /** Of each CSV file. */
  readonly rows?: number;
  /** Uploads at once. */
  readonly workers?: number;
  readonly createBucket?: boolean;
  readonly onProgress?: (progress: SeedProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface SeedProgress {
  /** Uploaded or found in place. */
  readonly done: number;
  readonly total: number;
  /** Uploaded. */
  readonly bytes: number;
}

export interface SeedResult {
  readonly uploaded: number;
  readonly unchanged: number;
  readonly bytes: number;
}

export const DEFAULT_ROWS = 50;
/** Enough to keep a local store busy; more only waits in the sockets' queue. */
export const CONCURRENCY = 64;

export async function seed(options: SeedOptions): Promise<SeedResult> {
  const client = new S3Client({
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    requestHandler: {
      httpAgent: { keepAlive: true, maxSockets: CONCURRENCY },
      httpsAgent: { keepAlive: true, maxSockets: CONCURRENCY },
    },
    // The signature carries a SHA-256 of the body already, and older stores refuse the CRC32 that the SDK would add.
    requestChecksumCalculation: "WHEN_REQUIRED",
    // Builds the middleware of an upload once and not for each: a fifth of the time of a small upload. The cache
    // serves only calls without options of their own, so an abort closes the client instead of being passed to it.
    cacheMiddleware: true,
  });
  try {
    if (options.createBucket === true) await createBucket(client, options.bucket);
    return await upload(client, options);
  } finally {
    client.destroy();
  }
}

async function createBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "BucketAlreadyOwnedByYou") throw error;
  }
}

async function upload(client: S3Client, options: SeedOptions): Promise<SeedResult> {
  const prefix = options.prefix.replace(/(?<!^|\/)$/, "/");
  const isPdf = options.kind !== "csv";
  const extras = isPdf ? neighbours(prefix) : [];
  const total = options.count + extras.length;
  const present = await etagsOf(client, options.bucket, prefix);
  const wanted = isPdf
    ? reports(prefix, options.count, options.sizeBytes)
    : csvFiles(prefix, options.count, options.rows ?? DEFAULT_ROWS);
  const samples = all(extras, wanted);
  const result = { uploaded: 0, unchanged: 0, bytes: 0 };
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  signal.addEventListener("abort", () => client.destroy(), { once: true });

  // One generator, many workers: each takes the next sample when it has room. The first failure stops all of them.
  const work = async (): Promise<void> => {
    for (const sample of samples) {
      signal.throwIfAborted();
      const body = sample.body();
      if (present.get(sample.key) === `"${md5(body)}"`) {
        result.unchanged += 1;
      } else {
        const object = { Bucket: options.bucket, Key: sample.key, Body: body, ContentType: sample.contentType };
        await client.send(new PutObjectCommand(object));
        result.uploaded += 1;
        result.bytes += body.length;
      }
      options.onProgress?.({ done: result.uploaded + result.unchanged, total, bytes: result.bytes });
    }
  };
  await Promise.all(
    Array.from({ length: options.workers ?? CONCURRENCY }, () => work().catch((error: unknown) => stop.abort(error))),
  );
  signal.throwIfAborted();
  return result;
}

function* all(...groups: readonly Iterable<Sample>[]): Generator<Sample> {
  for (const group of groups) yield* group;
}

/** ETags of what is below the prefix and in `manifests/`. For plain uploads they are the MD5 of the content. */
async function etagsOf(client: S3Client, bucket: string, prefix: string): Promise<Map<string, string>> {
  const etags = new Map<string, string>();
  for (const Prefix of [prefix, "manifests/"]) {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix })) {
      for (const { Key = "", ETag = "" } of page.Contents ?? []) etags.set(Key, ETag);
    }
  }
  return etags;
}

const md5 = (body: Buffer): string => createHash("md5").update(body).digest("hex");
