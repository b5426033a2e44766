import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CopyObjectCommandInput,
} from "@aws-sdk/client-s3";
import { bytes, refusal, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

const Bucket = "copies";
let s3: S3Fixture;
let eTag = "";

beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  const { ETag = "" } = await s3.client.send(
    new PutObjectCommand({
      Bucket,
      Key: "from/ä b+c",
      Body: Buffer.from("body"),
      ContentType: "text/a",
      Metadata: { a: "1" },
      Tagging: "t=1",
    }),
  );
  eTag = ETag;
});
afterAll(() => s3.stop());

const SOURCE = `${Bucket}/${encodeURIComponent("from/ä b+c")}`;
const copy = (Key: string, more: Partial<CopyObjectCommandInput> = {}) =>
  s3.client.send(new CopyObjectCommand({ Bucket, Key, CopySource: SOURCE, ...more }));
const head = (Key: string) => s3.client.send(new HeadObjectCommand({ Bucket, Key }));
const tags = async (Key: string) => (await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
const body = async (Key: string): Promise<Buffer> => {
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await got.Body?.transformToByteArray()) ?? []);
};

test("a copy takes body, headers, metadata and tags along, and is told as Copy", async () => {
  s3.events.length = 0;
  const done = await copy("to");
  expect(done.CopyObjectResult?.ETag).toBe(eTag);
  expect(await head("to")).toMatchObject({ ContentType: "text/a", Metadata: { a: "1" }, ContentLength: 4 });
  expect(await tags("to")).toEqual([{ Key: "t", Value: "1" }]);
  expect(s3.events).toMatchObject([{ kind: "Created", action: "Copy", key: "to", sizeBytes: 4 }]);
});

test("directives replace metadata and tags, each alone", async () => {
  await copy("replaced", { MetadataDirective: "REPLACE", ContentType: "text/b", Metadata: { b: "2" } });
  expect(await head("replaced")).toMatchObject({ ContentType: "text/b", Metadata: { b: "2" } });
  expect(await tags("replaced")).toEqual([{ Key: "t", Value: "1" }]);
  await copy("retagged", { TaggingDirective: "REPLACE", Tagging: "u=2" });
  expect(await head("retagged")).toMatchObject({ ContentType: "text/a", Metadata: { a: "1" } });
  expect(await tags("retagged")).toEqual([{ Key: "u", Value: "2" }]);
  const unknown = await s3.signed({
    method: "PUT",
    path: `/${Bucket}/x`,
    headers: { "x-amz-copy-source": SOURCE, "x-amz-metadata-directive": "MERGE" },
  });
  expect([unknown.status, element(unknown.body, "Message")]).toEqual([400, "Unknown metadata directive."]);
});

test("an object is copied onto itself only when something changes", async () => {
  const path = `/${Bucket}/from/%C3%A4%20b%2Bc`;
  const onto = (headers: Record<string, string> = {}) =>
    s3.signed({ method: "PUT", path, headers: { "x-amz-copy-source": SOURCE, ...headers } });
  const same = await onto();
  expect([same.status, element(same.body, "Code"), element(same.body, "Message")]).toEqual([
    400,
    "InvalidRequest",
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  ]);
  expect((await onto({ "x-amz-storage-class": "STANDARD_IA" })).status).toBe(200);
  expect((await onto({ "x-amz-metadata-directive": "REPLACE", "x-amz-meta-new": "yes" })).status).toBe(200);
  expect(await head("from/ä b+c")).toMatchObject({ Metadata: { new: "yes" } });
});

test("copy-source conditions hold or answer 412", async () => {
  const [past, now] = [new Date(s3.clock.now() - 60_000), new Date(s3.clock.now())];
  const { ETag } = await head("from/ä b+c");
  await s3.clock.advance(60_000);
  const cases: [Partial<CopyObjectCommandInput>, string][] = [
    [{ CopySourceIfMatch: ETag }, "no refusal"],
    [{ CopySourceIfMatch: '"0"' }, "412 PreconditionFailed"],
    [{ CopySourceIfNoneMatch: ETag }, "412 PreconditionFailed"],
    [{ CopySourceIfNoneMatch: '"0"' }, "no refusal"],
    [{ CopySourceIfModifiedSince: past }, "no refusal"],
    [{ CopySourceIfModifiedSince: now }, "412 PreconditionFailed"],
    [{ CopySourceIfUnmodifiedSince: past }, "412 PreconditionFailed"],
    [{ CopySourceIfUnmodifiedSince: now }, "no refusal"],
    [{ CopySourceIfMatch: ETag, CopySourceIfUnmodifiedSince: past }, "no refusal"],
  ];
  for (const [condition, expected] of cases)
    expect([condition, await refusal(copy("c", condition))]).toEqual([condition, expected]);
});

test("a large file is shared, not read again, and outlives its source", async () => {
  const Body = bytes(300_000);
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "large", Body }));
  await copy("large copy", { CopySource: `${Bucket}/large` });
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "large", Body: Buffer.from("other") }));
  expect((await body("large copy")).equals(Body)).toBe(true);
});

test("a copy of an object in parts is whole again: a plain MD5, a checksum over the object", async () => {
  const { UploadId } = await s3.client.send(
    new CreateMultipartUploadCommand({ Bucket, Key: "parts", ChecksumAlgorithm: "SHA256" }),
  );
  const { ETag, ChecksumSHA256 } = await s3.client.send(
    new UploadPartCommand({
      Bucket,
      Key: "parts",
      UploadId,
      PartNumber: 1,
      Body: bytes(100_000),
      ChecksumAlgorithm: "SHA256",
    }),
  );
  await s3.client.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key: "parts",
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256 }] },
    }),
  );
  const done = await copy("parts copy", { CopySource: `${Bucket}/parts` });
  expect(done.CopyObjectResult?.ETag).toBe(ETag);
  expect(done.CopyObjectResult).toMatchObject({ ChecksumSHA256, ChecksumType: "FULL_OBJECT" });
  expect((await copy("other sum", { ChecksumAlgorithm: "CRC32" })).CopyObjectResult?.ChecksumCRC32).toMatch(
    /^[\w+/]{6}==$/,
  );
});

test.each([
  ["no-such-bucket-here/key", "NoSuchBucket", 404],
  [`${Bucket}/absent`, "NoSuchKey", 404],
  [Bucket, "InvalidArgument", 400],
  ["", "InvalidArgument", 400],
  [`${Bucket}/%zz`, "InvalidArgument", 400],
])("copy source %j is refused: %s", async (source, code, status) => {
  const answer = await s3.signed({ method: "PUT", path: `/${Bucket}/x`, headers: { "x-amz-copy-source": source } });
  expect([answer.status, element(answer.body, "Code")]).toEqual([status, code]);
});
