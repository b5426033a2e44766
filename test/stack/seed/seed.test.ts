/** Seeding through the SDK into the embedded S3. */
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { reports } from "../../../src/stack/seed/samples.js";
import { seed } from "../../../src/stack/seed/seed.js";
import type { SeedOptions } from "../../../src/stack/seed/seed.js";
import { CREDENTIALS, REGION, startEmbeddedS3 } from "../../functions/manifest/embedded-s3.js";
import type { EmbeddedS3 } from "../../functions/manifest/embedded-s3.js";

const BUCKET = "my-company-reports-bucket";
const SEEDED = 30;
const SIZE = 2048;

let s3: EmbeddedS3;

beforeAll(async () => {
  s3 = await startEmbeddedS3();
  await seed({ ...seedOptions(), createBucket: true });
});

afterAll(() => s3.stop());

const seedOptions = (): SeedOptions => ({
  endpoint: s3.endpoint,
  region: REGION,
  credentials: CREDENTIALS,
  bucket: BUCKET,
  prefix: "2026/04/",
  count: SEEDED,
  sizeBytes: SIZE,
});

test("a second run finds everything in place and uploads nothing", async () => {
  const steps: number[] = [];
  const result = await seed({ ...seedOptions(), onProgress: ({ done, total }) => steps.push(done / total) });
  expect(result).toEqual({ uploaded: 0, unchanged: SEEDED + 7, bytes: 0 });
  expect(steps.at(-1)).toBe(1);
});

test("an object that was changed is put right again", async () => {
  const [first] = reports("2026/04/", 1, SIZE);
  const object = { Bucket: BUCKET, Key: first?.key };
  await s3.newClient().send(new PutObjectCommand({ ...object, Body: Buffer.alloc(SIZE) }));
  expect(await seed(seedOptions())).toEqual({ uploaded: 1, unchanged: SEEDED + 6, bytes: SIZE });
  const { Body, ContentType } = await s3.newClient().send(new GetObjectCommand(object));
  expect(ContentType).toBe("application/pdf");
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(first?.body() ?? Buffer.alloc(0))).toBe(true);
});

test("an interrupted run stops, and the next one goes on", async () => {
  const stop = new AbortController();
  const options = { ...seedOptions(), prefix: "2026/05/", count: 200 };
  const onProgress = ({ done }: { done: number }): void => {
    if (done === 50) stop.abort(new Error("interrupted"));
  };
  await expect(seed({ ...options, onProgress, signal: stop.signal })).rejects.toThrow("interrupted");
  const result = await seed(options);
  expect(result.unchanged).toBeGreaterThanOrEqual(50);
  expect(result.uploaded + result.unchanged).toBe(207);
  expect(result.uploaded).toBeGreaterThan(0);
});

test("a bucket that is there already is no obstacle, one that is missing is named", async () => {
  await expect(seed({ ...seedOptions(), createBucket: true })).resolves.toMatchObject({ uploaded: 0 });
  await expect(seed({ ...seedOptions(), bucket: "not-there" })).rejects.toMatchObject({ name: "NoSuchBucket" });
});

test("the key of the example event is among the seeds", async () => {
  const [first] = reports("2026/04/", 1, SIZE);
  expect(first?.key).toBe("2026/04/Quarterly Report (final).pdf");
});

test("a hundred thousand reports have a hundred thousand names", () => {
  const keys = new Set<string>();
  for (const { key } of reports("2026/04/", 100_000, SIZE)) keys.add(key);
  expect(keys.size).toBe(100_000);
});
