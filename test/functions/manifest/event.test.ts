import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isHttpEvent, readEvent } from "../../../src/functions/manifest/event.js";
import { readSettings } from "../../../src/functions/manifest/settings.js";

const BUCKET = "my-company-reports-bucket";
const settings = readSettings({ REPORTS_BUCKET: BUCKET });
const fixture = (path: string): unknown =>
  JSON.parse(readFileSync(join(__dirname, "../../../fixtures/events", path), "utf8"));
const record = (bucket: string, key: string): object => ({
  eventSource: "aws:s3",
  s3: { bucket: { name: bucket }, object: { key } },
});

describe("each kind of event asks for the same listing", () => {
  test.each<[string, string, number, boolean]>([
    ["a direct call", "direct/direct.json", 900, false],
    ["a Step Functions input", "step-functions/step-functions.json", 3600, false],
    ["an S3 notification", "s3/s3.json", 3600, false],
    ["a REST API request (query over body)", "api-gateway/rest.json", 900, true],
    ["an HTTP API request", "api-gateway/http.json", 900, true],
  ])("%s", (_name, path, expiresInSeconds, http) => {
    const event = fixture(path);
    expect(isHttpEvent(event)).toBe(http);
    expect(readEvent(event, settings)).toEqual({
      sources: [{ bucket: BUCKET, prefix: "2026/04/" }],
      bucket: BUCKET,
      expiresInSeconds,
    });
  });

  test("an empty direct call, with everything from the environment", () => {
    expect(readEvent({}, settings)).toEqual(
      readEvent({ bucket: BUCKET, prefix: "2026/04/", expires_in: 3600 }, settings),
    );
  });

  test("a base64 body", () => {
    const body = Buffer.from(JSON.stringify({ prefix: "Übersicht/" })).toString("base64");
    const event = { httpMethod: "POST", requestContext: {}, queryStringParameters: null, body, isBase64Encoded: true };
    expect(readEvent(event, settings).sources).toEqual([{ bucket: BUCKET, prefix: "Übersicht/" }]);
  });

  test("null stands for absent, an empty prefix for the whole bucket", () => {
    expect(readEvent({ bucket: null, prefix: null }, settings).sources[0]).toEqual({
      bucket: BUCKET,
      prefix: "2026/04/",
    });
    expect(readEvent({ prefix: "" }, settings).sources[0]).toEqual({ bucket: BUCKET, prefix: "" });
  });
});

describe("S3 notifications", () => {
  const sourcesOf = (...records: object[]): unknown => readEvent({ Records: records }, settings).sources;

  test("keys are form-decoded: plus is a space, %2B is a plus", () => {
    expect(sourcesOf(record("b", "M%C3%BCller+%26+Co/a%2Bb/x.pdf"))).toEqual([
      { bucket: "b", prefix: "Müller & Co/a+b/" },
    ]);
  });

  test("all records count, and a folder is listed once", () => {
    expect(
      sourcesOf(record("b", "x/1.pdf"), record("b", "x/2.pdf"), record("b", "y/1.pdf"), record("c", "x/1.pdf")),
    ).toEqual([
      { bucket: "b", prefix: "x/" },
      { bucket: "b", prefix: "y/" },
      { bucket: "c", prefix: "x/" },
    ]);
  });

  test("a folder inside another one is not listed twice", () => {
    expect(sourcesOf(record("b", "x/y/1.pdf"), record("b", "x/1.pdf"))).toEqual([{ bucket: "b", prefix: "x/" }]);
  });

  test("a key without a folder means the whole bucket", () => {
    expect(sourcesOf(record("b", "1.pdf"))).toEqual([{ bucket: "b", prefix: "" }]);
  });
});

describe("refused with a reason", () => {
  const noBucket = readSettings({});
  const http = { httpMethod: "POST", requestContext: {} };

  test.each<[string, unknown, string]>([
    ["no bucket anywhere", {}, "names no bucket and REPORTS_BUCKET is not set"],
    ["an empty bucket", { bucket: "" }, "names no bucket"],
    ["a bucket that is no text", { bucket: 7 }, "bucket must be a string, got 7"],
    ["a prefix that is no text", { bucket: "b", prefix: ["x"] }, 'prefix must be a string, got ["x"]'],
    ["a prefix longer than a key", { bucket: "b", prefix: "ü".repeat(513) }, "longer than 1024 bytes"],
    ["the folder of the manifests", { bucket: "b", prefix: "manifests/2026/" }, "where the manifests themselves go"],
    ["the function's own output as its event", { Records: [record("b", "manifests/x.pdf")] }, "manifests themselves"],
    ["a life of more than seven days", { bucket: "b", expires_in: 604_801 }, "1 to 604800 (7 days), got 604801"],
    ["a life of nothing", { bucket: "b", expires_in: 0 }, "got 0"],
    ["a life that is no number", { bucket: "b", expires_in: "1h" }, 'got "1h"'],
    ["no records", { Records: [] }, "The event has no records"],
    ["records of a queue", fixture("sqs/sqs-s3.json"), "Records must come from S3"],
    [
      "a key that is not URL-encoded",
      { Records: [record("b", "100%.pdf")] },
      '"100%.pdf" of the S3 record is not URL-encoded',
    ],
    ["a body that is not JSON", { ...http, body: "{bucket" }, "body is not valid JSON"],
    ["a body that is a list", { ...http, body: "[]" }, "body must be a JSON object"],
    ["an event that is no object", "2026/04/", 'must be a JSON object, got "2026/04/"'],
    ["null", null, "must be a JSON object, got null"],
  ])("%s", (_name, event, message) => {
    expect(() => readEvent(event, noBucket)).toThrow(message);
  });
});

describe("the environment", () => {
  test("has a value for everything but the bucket", () => {
    expect(readSettings({})).toEqual({
      bucket: undefined,
      sourcePrefix: "2026/04/",
      manifestPrefix: "manifests/",
      expiresInSeconds: 3600,
      queueMax: 2000,
    });
  });

  test.each<[Record<string, string>, string]>([
    [{ URL_EXPIRES_SECONDS: "604801" }, "URL_EXPIRES_SECONDS must be a whole number from 1 to 604800"],
    [{ QUEUE_MAX: "0" }, "QUEUE_MAX must be a whole number from 1"],
    [{ MANIFEST_PREFIX: "" }, "MANIFEST_PREFIX must name a folder"],
    [{ MANIFEST_PREFIX: "manifests" }, "MANIFEST_PREFIX must name a folder"],
  ])("%j is refused", (env, message) => {
    expect(() => readSettings(env)).toThrow(message);
  });
});
