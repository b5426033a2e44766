/** The whole function against the embedded S3, through the gateway and the official SDK. */
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { httpFault } from "../../../src/functions/manifest/answer.js";
import { readEvent } from "../../../src/functions/manifest/event.js";
import { makeManifest } from "../../../src/functions/manifest/manifest.js";
import type { Made, Surroundings } from "../../../src/functions/manifest/manifest.js";
import { readSettings } from "../../../src/functions/manifest/settings.js";
import { seed } from "../../../src/stack/seed/seed.js";
import { reports } from "../../../src/stack/seed/samples.js";
import { CREDENTIALS, REGION, startEmbeddedS3 } from "./embedded-s3.js";
import type { EmbeddedS3 } from "./embedded-s3.js";

const REPORTS = "my-company-reports-bucket";
const MANY = "many-keys";
const MANY_KEYS = 5000;
/** Long names make long lines: 5,000 of them are more than one part. */
const MANY_PREFIX = "a-folder-with-a-long-name/".repeat(34);
const SEEDED = 40;
const SIZE = 2048;

let s3: EmbeddedS3;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "manifest-test-"));
  s3 = await startEmbeddedS3();
  const { endpoint } = s3;
  const prefix = "2026/04/";
  const where = { endpoint, region: REGION, credentials: CREDENTIALS, bucket: REPORTS, createBucket: true };
  await seed({ ...where, prefix, count: SEEDED, sizeBytes: SIZE });
  const client = s3.newClient({ cacheMiddleware: true, requestChecksumCalculation: "WHEN_REQUIRED" });
  await client.send(new CreateBucketCommand({ Bucket: MANY }));
  const numbers = Array.from({ length: MANY_KEYS }, (_, index) => String(index).padStart(5, "0")).values();
  const put = async (): Promise<void> => {
    for (const number of numbers) {
      // Every second one in capitals; the order of the listing stays that of the numbers.
      const key = `${MANY_PREFIX}${number}.${Number(number) % 2 === 0 ? "pdf" : "PDF"}`;
      await client.send(new PutObjectCommand({ Bucket: MANY, Key: key, Body: "x" }));
    }
  };
  await Promise.all(Array.from({ length: 40 }, put));
});

afterEach(() => {
  // Whatever happened in a test, the function left nothing behind.
  expect(readdirSync(directory)).toEqual([]);
});

afterAll(async () => {
  await s3.stop();
  rmSync(directory, { recursive: true });
});

function make(event: object, around: Partial<Surroundings> = {}): Promise<Made> {
  const settings = readSettings({ REPORTS_BUCKET: REPORTS });
  return makeManifest(readEvent(event, settings), {
    client: s3.newClient(),
    settings,
    id: "5b1f0f0e-7c55-4a6f-9d3e-0a4d8c1f2b30",
    directory,
    remainingMs: 60_000,
    ...around,
  });
}

interface Line {
  readonly key: string;
  readonly size: number;
  readonly last_modified: string;
  readonly url: string;
}

async function fetchLines(url: string): Promise<Line[]> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  const text = await response.text();
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

const manifestsIn = async (bucket: string): Promise<string[]> => {
  const listed = await s3.newClient().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: "manifests/" }));
  return (listed.Contents ?? []).map(({ Key = "" }) => Key);
};

/** Runs `before` ahead of every request of the client. */
function watched(before: (operation: string, nth: number) => void, config: S3ClientConfig = {}): S3Client {
  const client = s3.newClient({ maxAttempts: 1, ...config });
  const seen = new Map<string, number>();
  client.middlewareStack.add(
    (next, context) => (args) => {
      const operation = context.commandName ?? "";
      // The presigner drives a GetObject through the same stack; it is not sent.
      const nth = (seen.get(operation) ?? 0) + 1;
      seen.set(operation, nth);
      before(operation, nth);
      return next(args);
    },
    { step: "initialize" },
  );
  return client;
}

describe("a manifest", () => {
  test("holds one line for each PDF, in the order of the listing, and nothing else", async () => {
    const { answer, metrics } = await make({ prefix: "2026/04/" });
    const lines = await fetchLines(answer.manifest_url);
    const expected = [...reports("2026/04/", SEEDED, SIZE)].map(({ key }) => key).sort(byBytes);
    expect(lines.map(({ key }) => key)).toEqual(expected);
    expect(new Set(lines.map(({ size }) => size))).toEqual(new Set([SIZE]));
    for (const line of lines) {
      expect(Object.keys(line)).toEqual(["key", "size", "last_modified", "url"]);
      expect(new Date(line.last_modified).toISOString()).toBe(line.last_modified);
    }
    expect(answer).toEqual({
      count: SEEDED,
      manifest_key: "manifests/5b1f0f0e-7c55-4a6f-9d3e-0a4d8c1f2b30.jsonl",
      manifest_url: expect.any(String),
    });
    // A folder marker, another one, a text, a table and an empty PDF were listed and left out.
    expect(metrics).toMatchObject({ KeysListed: SEEDED + 5, ManifestLines: SEEDED });
  });

  test("has URLs that give the objects over plain HTTP, whatever the key", async () => {
    const { answer } = await make({ prefix: "2026/04/", expires_in: 60 });
    const urls = new Map((await fetchLines(answer.manifest_url)).map(({ key, url }) => [key, url]));
    for (const sample of reports("2026/04/", SEEDED, SIZE)) {
      const response = await fetch(urls.get(sample.key) ?? "");
      expect(response.status).toBe(200);
      expect(Buffer.from(await response.arrayBuffer()).equals(sample.body())).toBe(true);
    }
  });

  test("of nothing is empty, and is there", async () => {
    const { answer, metrics } = await make({ prefix: "1999/" });
    expect(answer.count).toBe(0);
    expect(await fetchLines(answer.manifest_url)).toEqual([]);
    expect(metrics).toMatchObject({ KeysListed: 0, ManifestLines: 0, ManifestBytes: 0, QueueHighWater: 0 });
  });

  test("of the whole bucket leaves out the folder of the manifests", async () => {
    const { answer } = await make({ prefix: "" });
    expect(answer.count).toBe(SEEDED);
  });

  test("made again by a retry of the same request replaces its own", async () => {
    const before = await manifestsIn(REPORTS);
    await make({ prefix: "2026/04/" });
    await make({ prefix: "2026/04/" });
    expect(await manifestsIn(REPORTS)).toEqual(before);
  });

  test("of several buckets goes to the first one", async () => {
    const record = (bucket: string, key: string): object => ({
      eventSource: "aws:s3",
      s3: { bucket: { name: bucket }, object: { key } },
    });
    const { answer } = await make({ Records: [record(REPORTS, "2026/04/a.pdf"), record(MANY, `${MANY_PREFIX}b.pdf`)] });
    expect(answer.count).toBe(SEEDED + MANY_KEYS);
    const lines = await fetchLines(answer.manifest_url);
    const last = await fetch(lines.at(-1)?.url ?? "");
    expect(await last.text()).toBe("x");
  });
});

describe("a manifest of five thousand keys", () => {
  test("never has more than 2,000 of them in the queue", async () => {
    const { answer, metrics } = await make({ bucket: MANY, prefix: MANY_PREFIX });
    const lines = await fetchLines(answer.manifest_url);
    expect(lines.map(({ key }) => key.slice(MANY_PREFIX.length, -4))).toEqual(
      Array.from({ length: MANY_KEYS }, (_, index) => String(index).padStart(5, "0")),
    );
    expect(metrics.KeysListed).toBe(MANY_KEYS);
    expect(metrics.QueueHighWater).toBeLessThanOrEqual(2000);
    expect(JSON.stringify(answer).length).toBeLessThan(1024);
  });

  test("takes a queue of any size", async () => {
    const settings = readSettings({ REPORTS_BUCKET: MANY, QUEUE_MAX: "7" });
    const { answer, metrics } = await make({ bucket: MANY, prefix: MANY_PREFIX }, { settings });
    expect(answer.count).toBe(MANY_KEYS);
    expect(metrics.QueueHighWater).toBe(7);
  });

  test("goes up in parts when it is large, and /tmp never holds more than two of them", async () => {
    const partBytes = 5 * 1024 * 1024;
    const held: number[] = [];
    const operations: string[] = [];
    const client = watched((operation) => {
      if (operation === "ListObjectsV2Command") return;
      operations.push(operation);
      held.push(readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0));
    });
    const { answer, metrics } = await make({ bucket: MANY, prefix: MANY_PREFIX }, { client, partBytes });
    expect(metrics.ManifestBytes).toBeGreaterThan(2 * partBytes);
    expect(operations.filter((operation) => operation === "UploadPartCommand")).toHaveLength(3);
    expect(operations).not.toContain("PutObjectCommand");
    expect(Math.max(...held)).toBeGreaterThan(partBytes);
    expect(Math.max(...held)).toBeLessThan(2.1 * partBytes);
    expect(await fetchLines(answer.manifest_url)).toHaveLength(MANY_KEYS);
  });
});

describe("a failure leaves no manifest, no upload and no file", () => {
  const large = { bucket: MANY, prefix: MANY_PREFIX };
  const failed = { id: "0b54b4a2-failed" };

  afterEach(async () => {
    expect((await manifestsIn(MANY)).filter((key) => key.includes(failed.id))).toEqual([]);
    const { Uploads = [] } = await s3.newClient().send(new ListMultipartUploadsCommand({ Bucket: MANY }));
    expect(Uploads).toEqual([]);
  });

  test("a bucket that does not exist is named, with S3's own code", async () => {
    const error = await make({ bucket: "no-such-bucket-here" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "NoSuchBucket",
      message: expect.stringContaining('ListObjectsV2 on bucket "no-such-bucket-here" failed'),
    });
    expect(httpFault(error)).toMatchObject({ statusCode: 404 });
  });

  test("credentials that S3 does not know are the caller's fault over HTTP", async () => {
    const client = s3.newClient({ credentials: { accessKeyId: "AKIAUNKNOWN", secretAccessKey: "x" } });
    const error = await make({}, { client }).catch((thrown: unknown) => thrown);
    expect(httpFault(error)).toMatchObject({ statusCode: 403 });
  });

  test("a store out of reach is named, and is nobody's fault over HTTP", async () => {
    const client = s3.newClient({ endpoint: "http://127.0.0.1:1", maxAttempts: 1 });
    const error = await make({}, { client }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^ListObjectsV2 on bucket .* failed: .*ECONNREFUSED/),
    });
    expect(httpFault(error)).toBeUndefined();
  });

  test("a listing that breaks off midway stops the writing", async () => {
    const client = watched((operation, nth) => {
      if (operation === "ListObjectsV2Command" && nth === 3) throw new Error("connection lost");
    });
    await expect(make(large, { client, ...failed })).rejects.toThrow("connection lost");
  });

  test("signing that fails midway stops the listing, though the queue is full", async () => {
    let pages = 0;
    const client = watched(
      (operation) => {
        if (operation === "ListObjectsV2Command") pages += 1;
      },
      {
        // Expired at once, so that they are asked for again at every use.
        credentials: () => {
          if (pages >= 2) throw new Error("credentials are gone");
          return Promise.resolve({ ...CREDENTIALS, expiration: new Date(0) });
        },
      },
    );
    const settings = readSettings({ QUEUE_MAX: "10" });
    await expect(make(large, { client, settings, ...failed })).rejects.toThrow("credentials are gone");
    expect(pages).toBeLessThan(MANY_KEYS / 1000);
  });

  test("a part that cannot be uploaded aborts the upload", async () => {
    const client = watched((operation, nth) => {
      if (operation === "UploadPartCommand" && nth === 2) throw new Error("part refused");
    });
    const partBytes = 5 * 1024 * 1024;
    await expect(make(large, { client, partBytes, ...failed })).rejects.toThrow("part refused");
  });

  test("a full /tmp is told with its limit and how far the manifest had come", async () => {
    // /dev/full answers every write with ENOSPC, as a full file system does.
    symlinkSync("/dev/full", join(directory, `${failed.id}.jsonl`));
    await expect(make(large, failed)).rejects.toMatchObject({
      name: "TmpFullError",
      message: expect.stringMatching(
        /^No space left in .* \(limit \d+ bytes\): 0 bytes of manifest for 0 keys had been written; nothing was published/,
      ),
    });
  });

  test("a timeout that is near stops the work and says where it stood", async () => {
    await expect(make(large, { remainingMs: 5, ...failed })).rejects.toMatchObject({
      name: "NearTimeoutError",
      message: expect.stringMatching(
        /\(5 ms were left at the start\): \d+ bytes of manifest for \d+ keys had been written/,
      ),
    });
  });
});

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
