/**
 * What the two systems did in a world, in a form in which worlds can be compared byte for byte. What must differ from run
 * to run is replaced by its name, here and nowhere else:
 *
 * - HOST      scheme, address and port of a server, and where S3 was called from
 * - DATE      times: of objects, of signatures, of claims and expiry, in the names of archives
 * - KEY       the access key in a presigned URL; a session token beside it goes (a role has one, MinIO's root has none)
 * - SIGNATURE of a presigned URL, which all of these go into
 * - ID        request ids and the names made of them
 * - SEQUENCER of a bucket's own events, a time too
 * - DIGEST    SHA-256 of an archive, which holds the times of its members; checked against the bytes before
 */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { extract } from "tar-stream";

export function normalised(text: string): string {
  return text
    .replace(/https?:\/\/127\.0\.0\.1:\d+/g, "HOST")
    .replace(/("sourceIPAddress":)"[\d.]+"/g, '$1"HOST"')
    .replace(/("x-amz-(?:request-id|id-2)":)"[^"]+"/g, '$1"ID"')
    .replace(/("sequencer":)"[0-9A-F]+"/g, '$1"SEQUENCER"')
    .replace(/(#partner-landing-bucket\/partner\/uploaded\/[^"]+\/)[0-9A-F]{16,}"/g, '$1SEQUENCER"')
    .replace(/X-Amz-Credential=[^%&"]+(%2F|\/)\d{8}/g, "X-Amz-Credential=KEY$1DATE")
    .replace(/X-Amz-Date=\d{8}T\d{6}Z/g, "X-Amz-Date=DATE")
    .replace(/&X-Amz-Security-Token=[^&"]+/g, "")
    .replace(/X-Amz-Signature=[0-9a-f]{64}/g, "X-Amz-Signature=SIGNATURE")
    .replace(/archive\/\d{4}\/\d\d\/\d\d\/\d{6}-/g, "archive/DATE-")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "DATE")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID");
}

/** The same of anything that JSON can hold. */
export const normalisedJson = (value: unknown): unknown => JSON.parse(normalised(JSON.stringify(value ?? null)));

export interface SeenObject {
  readonly key: string;
  readonly contentType: string | undefined;
  readonly encryption?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of what is the same in all worlds. */
  readonly eTag?: string | undefined;
  readonly content: unknown;
}

export async function rawKeysOf(client: S3Client, bucket: string): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket }))
    for (const { Key = "" } of Contents) keys.add(Key);
  return keys;
}

/**
 * Every object of a bucket, whole, but for those that are known. How an archive is encrypted is seen, since the system asks
 * for it; on AWS, and so in the embedded S3, every other object is encrypted too, in MinIO it is not.
 */
export async function objectsOf(client: S3Client, bucket: string, known = new Set<string>()): Promise<SeenObject[]> {
  const seen: SeenObject[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key = "", ETag, Size } of Contents.filter(({ Key: key = "" }) => !known.has(key))) {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
      if (bytes.length !== Size || answer.ETag !== ETag) throw new Error(`${Key}: the list and the object differ`);
      const { Metadata: metadata = {}, ContentType: contentType, ServerSideEncryption: encryption } = answer;
      const common = { key: normalised(Key), contentType };
      if (Key.endsWith(".jsonl")) seen.push({ ...common, metadata, content: linesOf(bytes) });
      else if (Key.endsWith(".tar.gz"))
        seen.push({ ...common, encryption, ...(await archiveOf(Key, bytes, metadata)) });
      else seen.push({ ...common, metadata, eTag: ETag, content: sha256(bytes) });
    }
  }
  return seen.sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
}

const linesOf = (bytes: Buffer): string[] => normalised(bytes.toString("utf8")).split("\n");

/** Its members in their order, with all that their headers say but times and places. */
async function archiveOf(key: string, bytes: Buffer, metadata: Readonly<Record<string, string>>) {
  const { sha256_checksum: digest, ...others } = metadata;
  if (digest !== sha256(bytes)) throw new Error(`${key} says ${digest} and is ${sha256(bytes)}`);
  const content: unknown[] = [];
  const reader = extract();
  reader.end(gunzipSync(bytes));
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, mode, uid, gid, size, type, linkname, uname, gname, pax } = entry.header;
    content.push({
      name,
      mode,
      uid,
      gid,
      size,
      type,
      linkname,
      uname,
      gname,
      pax,
      sha256: sha256(Buffer.concat(chunks)),
    });
  }
  return { metadata: { ...others, sha256_checksum: "DIGEST" }, content };
}

/** Rows of the idempotency table. */
export function rowsOf(items: readonly Readonly<Record<string, unknown>>[]): unknown[] {
  return items
    .map((item) =>
      normalisedJson({ ...item, ClaimedUntil: dateOf(item["ClaimedUntil"]), ExpiresAt: dateOf(item["ExpiresAt"]) }),
    )
    .sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
}

const dateOf = (seconds: unknown): unknown => (typeof seconds === "number" ? "DATE" : seconds);
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
