/**
 * Puts the manifest into the bucket: one PutObject when it is small, a multipart upload when it comes in parts.
 * Until the last request of either, S3 shows nothing of it. AWS: "Uploading and copying objects using multipart upload".
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { naming } from "./errors.js";

const CONTENT_TYPE = "application/x-ndjson";

export class ManifestUpload {
  readonly #client: S3Client;
  readonly #target: { readonly Bucket: string; readonly Key: string };
  readonly #signal: AbortSignal;
  readonly #parts: CompletedPart[] = [];
  #uploadId: string | undefined;

  constructor(client: S3Client, bucket: string, key: string, signal: AbortSignal) {
    this.#client = client;
    this.#target = { Bucket: bucket, Key: key };
    this.#signal = signal;
  }

  /** One part at a time: `body` may be overwritten once this has resolved. */
  async part(body: Buffer): Promise<void> {
    const options = { abortSignal: this.#signal };
    this.#uploadId ??= await this.#create();
    const PartNumber = this.#parts.length + 1;
    const upload = { ...this.#target, UploadId: this.#uploadId, PartNumber, Body: body };
    const { ETag, ChecksumCRC32 } = await naming("UploadPart", this.#target.Bucket, () =>
      this.#client.send(new UploadPartCommand({ ...upload, ChecksumAlgorithm: "CRC32" }), options),
    );
    this.#parts.push({ PartNumber, ETag, ChecksumCRC32 });
  }

  /** `body` is the last part, or all of the manifest. */
  async finish(body: Buffer): Promise<void> {
    const options = { abortSignal: this.#signal };
    if (this.#uploadId === undefined) {
      const object = { ...this.#target, Body: body, ContentType: CONTENT_TYPE };
      await naming("PutObject", this.#target.Bucket, () => this.#client.send(new PutObjectCommand(object), options));
      return;
    }
    if (body.length > 0) await this.part(body);
    const complete = { ...this.#target, UploadId: this.#uploadId, MultipartUpload: { Parts: this.#parts } };
    await naming("CompleteMultipartUpload", this.#target.Bucket, () =>
      this.#client.send(new CompleteMultipartUploadCommand(complete), options),
    );
    this.#uploadId = undefined;
  }

  /** Gives back the room that parts of an upload without an end would take, and cost, for ever. */
  async abandon(): Promise<void> {
    if (this.#uploadId === undefined) return;
    const upload = { ...this.#target, UploadId: this.#uploadId };
    this.#uploadId = undefined;
    try {
      await this.#client.send(new AbortMultipartUploadCommand(upload));
    } catch (error) {
      // The failure that led here is the one to report; the bucket's lifecycle rule clears what is left.
      console.warn(`Multipart upload ${upload.UploadId} of ${upload.Key} could not be aborted: ${String(error)}`);
    }
  }

  async #create(): Promise<string> {
    const create = { ...this.#target, ContentType: CONTENT_TYPE, ChecksumAlgorithm: "CRC32" } as const;
    const { UploadId } = await naming("CreateMultipartUpload", this.#target.Bucket, () =>
      this.#client.send(new CreateMultipartUploadCommand(create), { abortSignal: this.#signal }),
    );
    if (UploadId === undefined) throw new Error("CreateMultipartUpload answered without an UploadId.");
    return UploadId;
  }
}
