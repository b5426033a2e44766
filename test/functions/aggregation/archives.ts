/** What has arrived in the archive store, opened and checked. */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { extract } from "tar-stream";

export const STORE_KEYS = { accessKeyId: "minioadmin", secretAccessKey: "minioadmin" };
export const STORE_BUCKET = "archives";

export interface Arrived {
  readonly key: string;
  readonly bytes: Buffer;
  readonly members: ReadonlyMap<string, string>;
}

export function storeClient(endpoint: string): S3Client {
  return new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials: STORE_KEYS });
}

/** How many there are, whole or not. */
export async function countArchives(endpoint: string): Promise<number> {
  const client = storeClient(endpoint);
  const { KeyCount = 0 } = await client.send(new ListObjectsV2Command({ Bucket: STORE_BUCKET, Prefix: "archive/" }));
  client.destroy();
  return KeyCount;
}

/** Every archive that is not a mark of an attempt that was given up; its digest must be the one that its metadata names. */
export async function archivesIn(endpoint: string, bucket = STORE_BUCKET): Promise<Arrived[]> {
  const client = storeClient(endpoint);
  try {
    const arrived: Arrived[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: "archive/" })) {
      for (const { Key: key = "" } of Contents) {
        const { Body, Metadata } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
        if (Metadata?.["given_up"] !== undefined) continue;
        const digest = createHash("sha256").update(bytes).digest("hex");
        if (Metadata?.["sha256_checksum"] !== digest)
          throw new Error(
            `${key} has digest ${digest} and ${bytes.length} bytes, and says ${JSON.stringify(Metadata)}`,
          );
        arrived.push({ key, bytes, members: await membersOf(bytes) });
      }
    }
    return arrived;
  } finally {
    client.destroy();
  }
}

/** Name and content of each member. */
export async function membersOf(archive: Buffer): Promise<Map<string, string>> {
  const members = new Map<string, string>();
  const reader = extract();
  reader.end(gunzipSync(archive));
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    members.set(entry.header.name, Buffer.concat(chunks).toString("utf8"));
  }
  return members;
}

/** Names of all members of all archives, sorted: an object that arrived twice shows twice. */
export function allMembers(archives: readonly Arrived[]): string[] {
  return archives.flatMap(({ members }) => [...members.keys()]).sort();
}
