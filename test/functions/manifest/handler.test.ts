/** The deployed entry point, with the environment that Lambda gives it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "aws-lambda";
import { seed } from "../../../src/stack/seed/seed.js";
import type { HttpAnswer, ManifestAnswer } from "../../../src/functions/manifest/answer.js";
import { CREDENTIALS, REGION, startEmbeddedS3 } from "./embedded-s3.js";
import type { EmbeddedS3 } from "./embedded-s3.js";

const BUCKET = "my-company-reports-bucket";
const COUNT = 8;
const ENVIRONMENT = { ...process.env };

let s3: EmbeddedS3;
let handler: (event: unknown, context: Context) => Promise<ManifestAnswer | HttpAnswer>;
let stdout: jest.SpyInstance;

beforeAll(async () => {
  s3 = await startEmbeddedS3();
  const where = { endpoint: s3.endpoint, region: REGION, credentials: CREDENTIALS, bucket: BUCKET, createBucket: true };
  await seed({ ...where, prefix: "2026/04/", count: COUNT, sizeBytes: 1024 });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: s3.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    REPORTS_BUCKET: BUCKET,
  });
  ({ handler } = await import("../../../src/functions/manifest/handler.js"));
});

beforeEach(() => {
  stdout = jest.spyOn(process.stdout, "write").mockReturnValue(true);
});

afterEach(() => stdout.mockRestore());

afterAll(async () => {
  process.env = ENVIRONMENT;
  await s3.stop();
});

const context = (awsRequestId: string): Context =>
  ({ awsRequestId, functionName: "manifest", getRemainingTimeInMillis: () => 60_000 }) as Context;

const fixture = (path: string): object =>
  JSON.parse(readFileSync(join(__dirname, "../../../fixtures/events", path), "utf8")) as object;

test("a direct call is answered with count, key and URL, in less than 1 KB", async () => {
  const answer = await handler(fixture("s3/s3.json"), context("11111111-2222-4333-8444-555555555555"));
  expect(answer).toEqual({
    count: COUNT,
    manifest_key: "manifests/11111111-2222-4333-8444-555555555555.jsonl",
    manifest_url: expect.stringContaining(
      `${s3.endpoint}/${BUCKET}/manifests/11111111-2222-4333-8444-555555555555.jsonl?`,
    ),
  });
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(1024);
});

test("a request id that is no file name becomes a new one", async () => {
  const answer = (await handler({}, context("../../etc/passwd"))) as ManifestAnswer;
  expect(answer.manifest_key).toMatch(/^manifests\/[0-9a-f-]{36}\.jsonl$/);
});

test("one line of the log is metrics in CloudWatch's embedded format", async () => {
  await handler({}, context("a-1"));
  const line = String(stdout.mock.calls.at(-1)?.[0]);
  expect(line.endsWith("\n")).toBe(true);
  const metrics = JSON.parse(line) as Record<string, unknown>;
  expect(metrics).toMatchObject({
    FunctionName: "manifest",
    RequestId: "a-1",
    KeysListed: COUNT + 5,
    ManifestLines: COUNT,
    ManifestBytes: expect.any(Number),
    QueueHighWater: COUNT,
    PresignMs: expect.any(Number),
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [{ Namespace: "Manifest", Dimensions: [["FunctionName"]] }],
    },
  });
});

test.each(["api-gateway/rest.json", "api-gateway/http.json"])(
  "%s is answered as API Gateway wants it",
  async (path) => {
    const answer = (await handler(fixture(path), context("b-1"))) as HttpAnswer;
    expect(Object.keys(answer)).toEqual(["statusCode", "headers", "body"]);
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ count: COUNT, manifest_key: "manifests/b-1.jsonl" });
  },
);

test.each<[string, object, number, string]>([
  ["a bucket that does not exist", { bucket: "no-such-bucket-here" }, 404, "NoSuchBucket"],
  ["a life of a year", { expires_in: "31536000" }, 400, "InvalidEventError"],
  ["a bucket name that cannot be", { bucket: "a/../b" }, 400, "InvalidBucketName"],
])("over HTTP %s is answered with a status and a reason", async (_name, query, statusCode, error) => {
  const event = { ...fixture("api-gateway/http.json"), queryStringParameters: query };
  const answer = (await handler(event, context("c-1"))) as HttpAnswer;
  expect(answer.statusCode).toBe(statusCode);
  expect(JSON.parse(answer.body)).toEqual({ error, message: expect.any(String) });
});

test("a direct call with the same faults throws", async () => {
  await expect(handler({ bucket: "no-such-bucket-here" }, context("d-1"))).rejects.toMatchObject({
    name: "NoSuchBucket",
  });
  await expect(handler({ expires_in: 0 }, context("d-1"))).rejects.toMatchObject({ name: "InvalidEventError" });
});

test("a wrong variable of the environment is thrown over HTTP too: it is not the caller's fault", async () => {
  process.env["QUEUE_MAX"] = "many";
  try {
    await expect(handler(fixture("api-gateway/rest.json"), context("e-1"))).rejects.toThrow("QUEUE_MAX must be");
  } finally {
    delete process.env["QUEUE_MAX"];
  }
});
