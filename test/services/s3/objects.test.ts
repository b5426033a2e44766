import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { bytes, refusal, startS3, type S3Fixture } from "./fixture.js";

const Bucket = "objects";
let s3: S3Fixture;

beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.stop());

test.each([0, 1, 1024, 32 * 1024, 32 * 1024 + 1, 3_000_000])("a body of %d bytes comes back as it went in", async (size) => {
  const Body = bytes(size);
  const put = await s3.client.send(new PutObjectCommand({ Bucket, Key: `size/${size}`, Body }));
  expect(put.ETag).toBe(`"${createHash("md5").update(Body).digest("hex")}"`);
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: `size/${size}` }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Body)).toBe(true);
  expect(got.ContentLength).toBe(size);
});
