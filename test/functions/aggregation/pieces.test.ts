/** The parts of the aggregation function by themselves. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Archive } from "../../../src/functions/aggregation/archive.js";
import { mapLimited } from "../../../src/functions/aggregation/concurrency.js";
import { memberNameOf, MemberNames } from "../../../src/functions/aggregation/member-name.js";
import { readNotification } from "../../../src/functions/aggregation/notification.js";
import { objectIdOf } from "../../../src/functions/aggregation/idempotency.js";
import { readSettings } from "../../../src/functions/aggregation/settings.js";
import { removeLeftovers, Spool } from "../../../src/functions/aggregation/spool.js";
import { membersOf } from "./archives.js";

const folder = mkdtempSync(join(tmpdir(), "lambda-run-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MODIFIED = new Date("2026-04-30T16:05:12Z");

async function makeArchive(
  files: Readonly<Record<string, string | Buffer>>,
  maxMemoryBytes = 1e9,
): Promise<{ bytes: Buffer; sha256: string; spilled: boolean }> {
  const spool = new Spool(folder, maxMemoryBytes);
  const archive = new Archive(spool);
  for (const [key, body] of Object.entries(files))
    await archive.add({ key, body: Buffer.from(body), modified: MODIFIED });
  const { sha256 } = await archive.finish();
  const chunks: Buffer[] = [];
  const body = spool.body();
  if (Buffer.isBuffer(body)) chunks.push(body);
  else for await (const chunk of body) chunks.push(chunk as Buffer);
  const { spilled } = spool;
  await spool.remove();
  return { bytes: Buffer.concat(chunks), sha256, spilled };
}

describe("an archive", () => {
  const files = { "a/1.txt": "one", "a/2.bin": Buffer.alloc(700_000, 7), empty: "" };

  it("holds what was put in", async () => {
    const { bytes } = await makeArchive(files);
    const members = await membersOf(bytes);
    expect([...members.keys()]).toEqual(Object.keys(files));
    expect(members.get("a/1.txt")).toBe("one");
    expect(members.get("a/2.bin")).toHaveLength(700_000);
  });

  it("has the same bytes and digest whenever it is made of the same objects", async () => {
    const [one, other] = [await makeArchive(files), await makeArchive(files)];
    expect(one.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(one.sha256).toBe(other.sha256);
    expect(one.bytes.equals(other.bytes)).toBe(true);
  });

  it("is the same in /tmp as in memory, and leaves nothing there", async () => {
    const random = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `f${i}`,
        Buffer.from(Array.from({ length: 50_000 }, (_x, at) => (at * (i + 7) * 2654435761) >>> 24)),
      ]),
    );
    const [memory, disk] = [await makeArchive(random), await makeArchive(random, 1000)];
    expect([memory.spilled, disk.spilled]).toEqual([false, true]);
    expect(disk.bytes.equals(memory.bytes)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("stops when it outgrows what /tmp may hold", async () => {
    const spool = new Spool(folder, 10, 100);
    const archive = new Archive(spool);
    const noise = Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * 2654435761) >>> 13));
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await archive.add({ key: `f${i}`, body: noise, modified: MODIFIED });
      await archive.finish();
    };
    await expect(fill()).rejects.toMatchObject({ name: "SpoolFullError" });
    archive.abandon();
    await spool.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("clears away what an invocation that was killed left in /tmp, and nothing else", () => {
    writeFileSync(join(folder, "aggregation-old.tar.gz"), "x");
    writeFileSync(join(folder, "of-somebody-else"), "x");
    removeLeftovers(folder);
    expect(existsSync(join(folder, "aggregation-old.tar.gz"))).toBe(false);
    expect(existsSync(join(folder, "of-somebody-else"))).toBe(true);
    rmSync(join(folder, "of-somebody-else"));
  });
});

describe("the name of a member", () => {
  it.each([
    ["a/b.txt", "a/b.txt"],
    ["/etc/passwd", "etc/passwd"],
    ["../../etc/passwd", "__/__/etc/passwd"],
    ["a/./b/../c", "a/_/b/__/c"],
    ["a//b", "a/b"],
    ["C:\\Windows\\x", "C_/Windows/x"],
    ["..\\x", "__/x"],
    ["a\0b", "a_b"],
    ["/", "_"],
  ])("of %j is %j", (key, name) => expect(memberNameOf(key)).toBe(name));

  it("differs for keys that would become the same", () => {
    const names = new MemberNames();
    expect(["a//b", "a/b", "/a/b"].map((key) => names.take(key))).toEqual(["a/b", "a/b~2", "a/b~3"]);
  });
});

describe("a notification", () => {
  const record = (over: object = {}, object: object = {}): object => ({
    eventSource: "aws:s3",
    eventName: "ObjectCreated:Put",
    s3: { bucket: { name: "b" }, object: { key: "in/a+b%40c.txt", size: 3, eTag: "e", sequencer: "01", ...object } },
    ...over,
  });

  it("gives every record, keys decoded", () => {
    const objects = readNotification(
      JSON.stringify({ Records: [record(), record({}, { key: "second", versionId: "v" })] }),
    );
    expect(objects).toEqual([
      { bucket: "b", key: "in/a b@c.txt", sizeBytes: 3, eTag: "e", versionId: undefined, sequencer: "01" },
      { bucket: "b", key: "second", sizeBytes: 3, eTag: "e", versionId: "v", sequencer: "01" },
    ]);
  });

  it("asks for nothing when it is S3's test or a deletion", () => {
    expect(readNotification('{"Service":"Amazon S3","Event":"s3:TestEvent"}')).toEqual([]);
    expect(readNotification(JSON.stringify({ Records: [record({ eventName: "ObjectRemoved:Delete" })] }))).toEqual([]);
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"Records":[{}]}',
    JSON.stringify({ Records: [record({}, { key: "%zz" })] }),
    JSON.stringify({ Records: [record({ s3: {} })] }),
  ])("is refused when it is %s", (body) => {
    expect(() => readNotification(body)).toThrow(expect.objectContaining({ name: "MalformedMessageError" }) as Error);
  });
});

describe("the identity of an object", () => {
  const object = {
    bucket: "b",
    key: "path/to/file.txt",
    sizeBytes: 1,
    eTag: "e",
    versionId: undefined,
    sequencer: "0A",
  };

  it("begins with four digits of the key's digest, and tells one write from the next", () => {
    expect(objectIdOf(object)).toMatch(/^[0-9a-f]{4}#b\/path\/to\/file\.txt\/0A$/);
    expect(objectIdOf({ ...object, sequencer: "0B" })).not.toBe(objectIdOf(object));
    expect(objectIdOf({ ...object, bucket: "c" })).not.toBe(objectIdOf(object));
    expect(objectIdOf({ ...object, sequencer: undefined })).toMatch(/\/e$/);
  });
});

describe("the settings", () => {
  const env = { IDEMPOTENCY_TABLE: "t", MINIO_SECRET_ID: "s", MINIO_BUCKET: "b" };

  it("have the defaults that the system documents", () => {
    expect(readSettings(env)).toMatchObject({
      environment: "dev",
      encryption: "AES256",
      fetchWorkers: 8,
      queueSize: 8,
      maxFileBytes: 5_242_880,
      spoolMaxMemoryBytes: 268_435_456,
      minRemainingMs: 60_000,
    });
    expect(readSettings({ ...env, MINIO_SSE_TYPE: "NONE" }).encryption).toBeUndefined();
  });

  it.each([
    [{ ...env, MINIO_BUCKET: "" }, "MINIO_BUCKET is not set."],
    [{ ...env, MAX_FETCH_WORKERS: "0" }, "MAX_FETCH_WORKERS must be a whole number from 1"],
    [{ ...env, ENVIRONMENT: "production", USE_MOTO: "1" }, "USE_MOTO must not be set in production."],
    [{ ...env, ENVIRONMENT: "prod", MOCK_S3: "yes" }, "MOCK_S3 must not be set in production."],
    [
      { ...env, ENVIRONMENT: "production", AWS_ENDPOINT_URL: "http://127.0.0.1:4566" },
      "AWS_ENDPOINT_URL points to this machine in production.",
    ],
  ])("refuse %j", (variables, message) => expect(() => readSettings(variables)).toThrow(message));

  it("take a mock switch outside production, and one that is off inside", () => {
    expect(readSettings({ ...env, USE_MOTO: "1" }).environment).toBe("dev");
    expect(readSettings({ ...env, ENVIRONMENT: "production", USE_MOTO: "false" }).environment).toBe("production");
  });
});

describe("bounded work", () => {
  it("never has more under way than allowed, and keeps the order", async () => {
    let running = 0;
    let most = 0;
    const results = await mapLimited([3, 1, 2, 0, 1], 2, async (turns) => {
      most = Math.max(most, ++running);
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return turns;
    });
    expect({ results, most }).toEqual({ results: [3, 1, 2, 0, 1], most: 2 });
  });
});
