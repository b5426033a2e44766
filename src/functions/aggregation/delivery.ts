/**
 * Brings an archive to the store: PUT, COPY onto itself with its digest as metadata (the digest is known only at the end
 * of the stream), HEAD to compare. What carries the digest has arrived whole; what does not is nobody's and may go.
 * CopyObject takes up to 5 GB; the spool holds less.
 */
import {
  CopyObjectCommand,
  DeleteObjectCommand,
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
const REMOVAL_TIMEOUT_MS = 3000;

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

  /** Resolves when the store holds the archive and says its digest. */
  async deliver(key: string, spool: Spool, { sha256, sizeBytes }: ArchiveDigest, signal: AbortSignal): Promise<void> {
    await this.#put(key, spool, sizeBytes, signal);
    await this.#call(signal, (client) =>
      client.send(
        new CopyObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          CopySource: `${this.#bucket}/${encodeURIComponent(key)}`,
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

  /** Whether an archive of an invocation that died has arrived whole. One that has not is removed. */
  async hasArrived(key: string, signal: AbortSignal): Promise<boolean> {
    const stored = await this.#head(key, signal);
    if (stored === undefined) return false;
    if (stored.sha256 !== undefined) return true;
    await this.remove(key);
    return false;
  }

  async remove(key: string): Promise<void> {
    const signal = AbortSignal.timeout(REMOVAL_TIMEOUT_MS);
    await this.#call(signal, (client) =>
      client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal: signal }),
    );
  }

  async #put(key: string, spool: Spool, sizeBytes: number, signal: AbortSignal): Promise<void> {
    const attempts = spool.spilled ? STREAM_ATTEMPTS : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#call(signal, (client) =>
          client.send(
            new PutObjectCommand({
              Bucket: this.#bucket,
              Key: key,
              Body: spool.body(),
              ContentLength: sizeBytes,
              ContentType: CONTENT_TYPE,
              ...this.#encryption,
            }),
            { abortSignal: signal },
          ),
        );
        return;
      } catch (error) {
        if (attempt >= attempts || signal.aborted || (error instanceof S3ServiceException && error.$fault === "client"))
          throw error;
      }
    }
  }

  async #head(
    key: string,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number | undefined; readonly sha256: string | undefined } | undefined> {
    try {
      const { ContentLength, Metadata } = await this.#call(signal, (client) =>
        client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal: signal }),
      );
      return { sizeBytes: ContentLength, sha256: Metadata?.[DIGEST] };
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
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
        error instanceof S3ServiceException &&
        (CREDENTIAL_FAULTS.has(error.name) || error.$metadata.httpStatusCode === 403);
      if (!refused) throw error;
      this.#secrets.clear();
      return work(this.#clients.store(await this.#secrets.get(signal)));
    }
  }
}
