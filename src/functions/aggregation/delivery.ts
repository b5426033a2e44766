/**
 * Brings an archive to the store: PUT, COPY onto itself with its digest as metadata (the digest is known only at the end
 * of the stream), HEAD to compare. What carries the digest has arrived. CopyObject takes up to 5 GB; the spool holds
 * less.
 *
 * A request can be carried out after its sender has died or given up, so nothing here ever removes or replaces an
 * archive. Whoever takes over from a dead invocation looks for its archive: one that is there without its digest is
 * whole (a PUT is all or nothing) and only has to be marked; where there is none, an empty archive takes the name, and
 * the PUT, which asks that the name be free, comes too late.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3ServiceException,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { ArchiveDigest } from "./archive.js";
import type { Clients } from "./clients.js";
import { DeliveryError } from "./errors.js";
import type { SecretCache } from "./secret-cache.js";
import type { Settings } from "./settings.js";
import type { Spool } from "./spool.js";

const CONTENT_TYPE = "application/gzip";
/** Metadata; on the wire `x-amz-meta-sha256_checksum`. */
const DIGEST = "sha256_checksum";
/** A file cannot be read again by the SDK's own retries. */
const STREAM_ATTEMPTS = 3;
/** Keys that are no longer good; with new ones the call may pass. */
const CREDENTIAL_FAULTS = new Set(["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"]);
/** Metadata of the empty archive that stands where another one must not come any more. */
const GIVEN_UP = "given_up";
/** Two blocks of zeros are the end of a tar, and here all of it. */
const EMPTY_ARCHIVE = gzipSync(Buffer.alloc(1024));
const LOOKS = 3;

interface Stored {
  readonly sizeBytes: number | undefined;
  readonly eTag: string | undefined;
  readonly sha256: string | undefined;
  readonly givenUp: boolean;
}

export class ArchiveStore {
  readonly #clients: Clients;
  readonly #secrets: SecretCache;
  readonly #bucket: string;
  readonly #encryption: Pick<PutObjectCommandInput, "ServerSideEncryption">;

  constructor(clients: Clients, secrets: SecretCache, settings: Settings) {
    this.#clients = clients;
    this.#secrets = secrets;
    this.#bucket = settings.archiveBucket;
    this.#encryption =
      settings.encryption === undefined ? {} : { ServerSideEncryption: settings.encryption as "AES256" };
  }

  /** Resolves when the store has taken the archive; gives its ETag. */
  async upload(key: string, spool: Spool, sizeBytes: number, signal: AbortSignal): Promise<string | undefined> {
    return this.#put(key, spool, sizeBytes, signal);
  }

  /** Resolves when the store says the archive's digest. */
  async mark(
    key: string,
    eTag: string | undefined,
    { sha256, sizeBytes }: ArchiveDigest,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call(signal, (client) =>
      client.send(
        new CopyObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          CopySource: `${this.#bucket}/${encodeURIComponent(key)}`,
          ...(eTag === undefined ? {} : { CopySourceIfMatch: eTag }),
          MetadataDirective: "REPLACE",
          Metadata: { [DIGEST]: sha256 },
          ContentType: CONTENT_TYPE,
          // The copy is a new object: without the header it would not be encrypted.
          ...this.#encryption,
        }),
        { abortSignal: signal },
      ),
    );
    const stored = await this.#head(key, signal);
    if (stored?.sha256 !== sha256 || stored.sizeBytes !== sizeBytes) {
      throw new DeliveryError(
        `${key} has arrived with ${stored?.sizeBytes} bytes and digest ${stored?.sha256}, sent were ${sizeBytes} bytes and ${sha256}`,
      );
    }
  }

  /** Whether the archive of an invocation that died has arrived. One that has not can come no more after this. */
  async hasArrived(key: string, signal: AbortSignal): Promise<boolean> {
    for (let look = 1; look <= LOOKS; look++) {
      const stored = await this.#head(key, signal);
      if (stored?.sha256 !== undefined) return true;
      if (stored?.givenUp === true) return false;
      if (stored !== undefined) {
        await this.mark(key, stored.eTag, await this.#digestOf(key, signal), signal);
        return true;
      }
      try {
        await this.#fence(key, signal);
        return false;
      } catch (error) {
        // It came in this very moment: look again.
        if (statusOf(error) !== 412) throw error;
      }
    }
    throw new DeliveryError(`${key} could be neither found nor fenced off`);
  }

  async #digestOf(key: string, signal: AbortSignal): Promise<ArchiveDigest> {
    const { Body } = await this.#call(signal, (client) =>
      client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal: signal }),
    );
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const chunk of Body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    return { sha256: hash.digest("hex"), sizeBytes };
  }

  /** An empty archive under a name that must not be taken any more. */
  async #fence(key: string, signal: AbortSignal): Promise<void> {
    await this.#call(signal, (client) =>
      client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: EMPTY_ARCHIVE,
          ContentType: CONTENT_TYPE,
          Metadata: { [GIVEN_UP]: "true" },
          IfNoneMatch: "*",
          ...this.#encryption,
        }),
        { abortSignal: signal },
      ),
    );
  }

  /** Gives the ETag of what was stored. */
  async #put(key: string, spool: Spool, sizeBytes: number, signal: AbortSignal): Promise<string | undefined> {
    const attempts = spool.spilled ? STREAM_ATTEMPTS : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        const { ETag } = await this.#call(signal, (client) =>
          client.send(
            new PutObjectCommand({
              Bucket: this.#bucket,
              Key: key,
              Body: spool.body(),
              ContentLength: sizeBytes,
              ContentType: CONTENT_TYPE,
              IfNoneMatch: "*",
              ...this.#encryption,
            }),
            { abortSignal: signal },
          ),
        );
        return ETag;
      } catch (error) {
        if (statusOf(error) === 412) {
          // An earlier try of ours whose answer was lost, or a fence.
          const stored = await this.#head(key, signal);
          if (stored?.givenUp === false && stored.sizeBytes === sizeBytes) return stored.eTag;
          throw error;
        }
        if (attempt >= attempts || signal.aborted || (error instanceof S3ServiceException && error.$fault === "client"))
          throw error;
      }
    }
  }

  async #head(key: string, signal: AbortSignal): Promise<Stored | undefined> {
    try {
      const {
        ContentLength,
        ETag,
        Metadata = {},
      } = await this.#call(signal, (client) =>
        client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal: signal }),
      );
      return {
        sizeBytes: ContentLength,
        eTag: ETag,
        sha256: Metadata[DIGEST],
        givenUp: Metadata[GIVEN_UP] !== undefined,
      };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** Once more with a fresh secret when the store refuses the keys. */
  async #call<T>(signal: AbortSignal, work: (client: S3Client) => Promise<T>): Promise<T> {
    try {
      return await work(this.#clients.store(await this.#secrets.get(signal)));
    } catch (error) {
      // A refused HEAD has no body, and so only its status.
      const refused =
        error instanceof S3ServiceException && (CREDENTIAL_FAULTS.has(error.name) || statusOf(error) === 403);
      if (!refused) throw error;
      this.#secrets.clear();
      return work(this.#clients.store(await this.#secrets.get(signal)));
    }
  }
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

/** Whether the store itself has said no, at the first try: nothing of ours is there or on its way. */
export function wasRefused(error: unknown): boolean {
  return error instanceof S3ServiceException && statusOf(error) !== undefined && (error.$metadata.attempts ?? 1) === 1;
}
