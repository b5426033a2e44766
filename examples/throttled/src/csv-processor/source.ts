/** The bytes of a file from some place on: in one stream, or piece by piece. */
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from "@aws-sdk/client-s3";
import { ValidationError, type FileDetails } from "./request.js";

const CHUNK_BYTES = 1024 * 1024;
/** The object is gone, or another one now: the message is about something that is not there any more. */
const GONE = new Set(["NoSuchKey", "NoSuchBucket", "PreconditionFailed", "NotFound"]);

export async function* bytesOf(
  s3: S3Client,
  file: FileDetails,
  startByte: number,
  chunked: boolean,
): AsyncGenerator<Uint8Array> {
  for (let from = startByte; ;) {
    const answer = await get(s3, file, `bytes=${from}-${chunked ? from + CHUNK_BYTES - 1 : ""}`);
    if (answer === undefined) return;
    const body = answer.Body as AsyncIterable<Uint8Array> | undefined;
    if (body === undefined) return;
    for await (const bytes of body) {
      from += bytes.length;
      yield bytes;
    }
    const sizeBytes = Number(/\/(\d+)$/.exec(answer.ContentRange ?? "")?.[1] ?? from);
    if (from >= sizeBytes) return;
  }
}

/** Undefined when the file ends before the range begins. */
async function get(
  s3: S3Client,
  { bucket, key, etag }: FileDetails,
  range: string,
): Promise<GetObjectCommandOutput | undefined> {
  const ifMatch = etag === undefined ? {} : { IfMatch: `"${etag}"` };
  try {
    return await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range, ...ifMatch }));
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    if (name === "InvalidRange") return undefined;
    if (GONE.has(name)) throw new ValidationError(`${key} is gone or has been replaced (${name})`);
    throw error;
  }
}
