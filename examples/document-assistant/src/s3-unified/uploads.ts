/**
 * Links with which clients upload by themselves. What they sign must be sent: the Content-Type, so that nobody uploads something
 * else, and the encryption. https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
 */
import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { s3Client } from "../shared/clients.js";
import { documentKey } from "../shared/document-key.js";
import { RequestError } from "../shared/errors.js";
import { requiredText, textIn, type Fields } from "../shared/json.js";

const MAX_FILENAME_LENGTH = 255;
const DEFAULT_TYPE = "application/octet-stream";
const ENCRYPTION = "AES256";

export class Uploads {
  readonly #bucket: string;
  readonly #urlSeconds: number;

  constructor(bucket: string, urlSeconds: number) {
    this.#bucket = bucket;
    this.#urlSeconds = urlSeconds;
  }

  async presign(body: Fields): Promise<Fields> {
    const startedAtMs = performance.now();
    const filename = filenameIn(body);
    const ContentType = textIn(body, "content_type") ?? DEFAULT_TYPE;
    const documentId = randomUUID();
    const Key = documentKey(documentId, filename, new Date());
    const command = new PutObjectCommand({ Bucket: this.#bucket, Key, ContentType, ServerSideEncryption: ENCRYPTION });
    const url = await getSignedUrl(s3Client(), command, {
      expiresIn: this.#urlSeconds,
      signableHeaders: new Set(["content-type"]),
      unhoistableHeaders: new Set(["x-amz-server-side-encryption"]),
    });
    return {
      presigned_url: url,
      document_id: documentId,
      s3_key: Key,
      bucket: this.#bucket,
      expires_in: this.#urlSeconds,
      required_headers: { "Content-Type": ContentType, "x-amz-server-side-encryption": ENCRYPTION },
      processing_time: Math.round(performance.now() - startedAtMs) / 1000,
    };
  }
}

function filenameIn(body: Fields): string {
  const filename = requiredText(body, "filename");
  if (filename.length > MAX_FILENAME_LENGTH) {
    throw new RequestError(400, "ValidationError", `filename has more than ${MAX_FILENAME_LENGTH} characters`);
  }
  if (/[/\\\p{Cc}]/u.test(filename) || /^\.{1,2}$/.test(filename)) {
    throw new RequestError(400, "ValidationError", "filename must be a name without folders and control characters");
  }
  return filename;
}
