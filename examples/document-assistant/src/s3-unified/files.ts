/** Files in the buckets of the system; others are none of a client's business. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NotFound,
  PutObjectCommand,
  type HeadObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Budget } from "../shared/budget.js";
import { s3Client } from "../shared/clients.js";
import { RequestError } from "../shared/errors.js";
import { requiredText, textIn, type Fields } from "../shared/json.js";

type Query = Readonly<Record<string, string>>;

/** An answer holds 6 MB, and a key has up to 1,024 bytes. Those behind them come with `next_token`. */
const MAX_LISTED = 4000;
/** In an answer of 6 MB, as text that may be escaped, or in base64. Larger files are fetched by a link. */
const MAX_INLINE_BYTES = 2 * 1024 * 1024;
const DOWNLOAD_URL_SECONDS = 300;
const MAX_KEY_BYTES = 1024;

export class Files {
  readonly #buckets: readonly [string, ...string[]];

  /** The first bucket is the one for requests that name none. */
  constructor(buckets: readonly [string, ...string[]]) {
    this.#buckets = buckets;
  }

  async list(query: Query, budget: Budget): Promise<Fields> {
    const Bucket = this.#bucketIn(query);
    const Prefix = query["prefix"] ?? "";
    const files: Fields[] = [];
    let token = query["next_token"];
    do {
      const page = await s3Client().send(
        new ListObjectsV2Command({ Bucket, Prefix, ...(token === undefined ? {} : { ContinuationToken: token }) }),
        { abortSignal: budget.signal() },
      );
      for (const { Key, Size, LastModified, ETag } of page.Contents ?? [])
        files.push({
          key: Key,
          size: Size,
          last_modified: LastModified?.toISOString(),
          etag: ETag?.replaceAll('"', ""),
        });
      token = page.NextContinuationToken;
    } while (token !== undefined && files.length < MAX_LISTED);
    const more = token === undefined ? {} : { next_token: token };
    return { files, count: files.length, bucket: Bucket, prefix: Prefix, ...more };
  }

  async get(name: string | undefined, query: Query, budget: Budget): Promise<Fields> {
    const input = { Bucket: this.#bucketIn(query), Key: keyOf(name) };
    const { ContentType: content_type, ContentLength: size = 0 } = await head(input, budget);
    const described = { key: input.Key, bucket: input.Bucket, content_type, size };
    if (size > MAX_INLINE_BYTES) {
      const url = await getSignedUrl(s3Client(), new GetObjectCommand(input), { expiresIn: DOWNLOAD_URL_SECONDS });
      return { ...described, download_url: url, expires_in: DOWNLOAD_URL_SECONDS };
    }
    const { Body } = await s3Client().send(new GetObjectCommand(input), { abortSignal: budget.signal() });
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    try {
      const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      return { ...described, content, encoding: "utf-8" };
    } catch {
      return { ...described, content: bytes.toString("base64"), encoding: "base64" };
    }
  }

  async remove(name: string | undefined, query: Query, budget: Budget): Promise<Fields> {
    const input = { Bucket: this.#bucketIn(query), Key: keyOf(name) };
    // S3 deletes what is not there without a word.
    await head(input, budget);
    await s3Client().send(new DeleteObjectCommand(input), { abortSignal: budget.signal() });
    return { deleted: true, key: input.Key, bucket: input.Bucket };
  }

  async put(body: Fields, budget: Budget): Promise<Fields> {
    const Bucket = this.#allowed(textIn(body, "bucket"));
    const Key = keyOf(requiredText(body, "key"));
    const content = textIn(body, "content");
    if (content === undefined) throw new RequestError(400, "ValidationError", "content is missing");
    const Body = textIn(body, "encoding") === "base64" ? Buffer.from(content, "base64") : Buffer.from(content);
    const ContentType = textIn(body, "content_type") ?? "text/plain; charset=utf-8";
    const { ETag } = await s3Client().send(
      new PutObjectCommand({ Bucket, Key, Body, ContentType, ServerSideEncryption: "AES256" }),
      { abortSignal: budget.signal() },
    );
    return {
      s3_path: `s3://${Bucket}/${Key}`,
      bucket: Bucket,
      key: Key,
      size: Body.length,
      etag: ETag?.replaceAll('"', ""),
    };
  }

  #bucketIn(query: Query): string {
    return this.#allowed(query["bucket"]);
  }

  #allowed(bucket: string = this.#buckets[0]): string {
    if (this.#buckets.includes(bucket)) return bucket;
    throw new RequestError(403, "BucketNotAllowed", `${bucket} is no bucket of this system`);
  }
}

function keyOf(name: string | undefined): string {
  if (name === undefined || name === "") throw new RequestError(400, "ValidationError", "key is missing");
  if (Buffer.byteLength(name) <= MAX_KEY_BYTES) return name;
  throw new RequestError(400, "ValidationError", `key has more than ${MAX_KEY_BYTES} bytes`);
}

async function head(
  input: { readonly Bucket: string; readonly Key: string },
  budget: Budget,
): Promise<HeadObjectCommandOutput> {
  try {
    return await s3Client().send(new HeadObjectCommand(input), { abortSignal: budget.signal() });
  } catch (error) {
    if (error instanceof NotFound) throw new RequestError(404, "NotFound", `there is no file ${input.Key}`);
    throw error;
  }
}
