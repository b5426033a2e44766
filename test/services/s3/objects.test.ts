import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { byText, bytes, refusal, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

const Bucket = "objects";
let s3: S3Fixture;

beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.stop());

const put = (Key: string, Body: Buffer | string = "x", more: object = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Body), ...more }));
/** The answer with its body read. */
const get = async (Key: string, more: object = {}) => {
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...got, bytes: Buffer.from((await got.Body?.transformToByteArray()) ?? []) };
};
const head = (Key: string, more: object = {}) => s3.client.send(new HeadObjectCommand({ Bucket, Key, ...more }));
const text = async (Key: string): Promise<string> => (await get(Key)).bytes.toString();

test.each([0, 1, 1024, 32 * 1024, 32 * 1024 + 1, 3_000_000])(
  "a body of %d bytes comes back as it went in",
  async (size) => {
    const Body = bytes(size);
    const written = await put(`size/${size}`, Body);
    expect(written.ETag).toBe(`"${createHash("md5").update(Body).digest("hex")}"`);
    const got = await get(`size/${size}`);
    expect(got.bytes.equals(Body)).toBe(true);
    expect(got.ContentLength).toBe(size);
  },
);

test("a stream of unknown chunks is decoded: the framing is not stored", async () => {
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let i = 0; i < 20; i++) yield await Promise.resolve(bytes(10_000, i + 1));
  }
  const { Readable } = await import("node:stream");
  const Body = Readable.from(pieces(), { objectMode: false });
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "streamed", Body, ContentLength: 200_000 }));
  const got = await get("streamed");
  expect(got.ContentLength).toBe(200_000);
  expect(got.ContentEncoding).toBeUndefined();
});

test("headers and metadata come back as they were given, without aws-chunked", async () => {
  await put("described", "body", {
    ContentType: "text/csv; charset=utf-8",
    ContentEncoding: "aws-chunked,gzip",
    ContentLanguage: "de",
    ContentDisposition: 'attachment; filename="a.csv"',
    CacheControl: "max-age=60",
    Expires: new Date(Date.UTC(2030, 0, 1)),
    Metadata: { Color: "blue", "with-dash": "1 2" },
    StorageClass: "STANDARD_IA",
    Tagging: "a=1&b=2",
  });
  const found = await head("described");
  expect(found).toMatchObject({
    ContentType: "text/csv; charset=utf-8",
    ContentEncoding: "gzip",
    ContentLanguage: "de",
    ContentDisposition: 'attachment; filename="a.csv"',
    CacheControl: "max-age=60",
    Metadata: { color: "blue", "with-dash": "1 2" },
    StorageClass: "STANDARD_IA",
    ServerSideEncryption: "AES256",
    AcceptRanges: "bytes",
    ContentLength: 4,
  });
  expect((await get("described")).TagCount).toBe(2);
});

test("response-* parameters override what is sent, not what is stored", async () => {
  await put("overridden", "x", { ContentType: "text/plain" });
  const got = await get("overridden", {
    ResponseContentType: "application/x-thing",
    ResponseContentDisposition: "attachment",
    ResponseCacheControl: "no-store",
  });
  expect(got).toMatchObject({
    ContentType: "application/x-thing",
    ContentDisposition: "attachment",
    CacheControl: "no-store",
  });
  expect((await head("overridden")).ContentType).toBe("text/plain");
});

test.each([
  ["a space", "a b"],
  ["dots", "../../etc/passwd"],
  ["a dot segment", "a/./b/../c"],
  ["a leading slash", "/rooted"],
  ["double slashes", "a//b///c"],
  ["a trailing slash", "folder/"],
  ["punctuation", "+%&?=#;:@!$'()*,\"<>[]{}|\\^`~"],
  ["umlauts and emoji", "zürich/🙂/ß"],
  ["control characters", "a\u0001b\tc\u007f"],
  ["1,024 bytes", "k".repeat(1024)],
])("a key with %s names one object and no file", async (_name, Key) => {
  await put(Key, Key);
  expect(await text(Key)).toBe(Key);
  expect((await s3.client.send(new DeleteObjectCommand({ Bucket, Key }))).$metadata.httpStatusCode).toBe(204);
  expect(await refusal(get(Key))).toBe("404 NoSuchKey");
});

test("a key may hold NUL, and is another than the key without it", async () => {
  expect((await s3.signed({ method: "PUT", path: "/objects/nul%00l", body: "with" })).status).toBe(200);
  expect((await s3.signed({ path: "/objects/nul%00l" })).body).toBe("with");
  expect((await s3.signed({ path: "/objects/nul" })).status).toBe(404);
});

test.each([
  ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=-4", 206, "6789", "bytes 6-9/10"],
  ["bytes=-100", 206, "0123456789", "bytes 0-9/10"],
  ["bytes=8-100", 206, "89", "bytes 8-9/10"],
  ["bytes=5-2", 200, "0123456789", undefined],
  ["bytes=0-1,4-5", 200, "0123456789", undefined],
  ["lines=1-2", 200, "0123456789", undefined],
])("range %s answers %d", async (Range, status, expected, contentRange) => {
  await put("ten", "0123456789");
  const got = await get("ten", { Range });
  expect(got.$metadata.httpStatusCode).toBe(status);
  expect(got.bytes.toString()).toBe(expected);
  expect(got.ContentRange).toBe(contentRange);
});

test("ranges of a large body are cut at the byte", async () => {
  const Body = bytes(2_500_000, 7);
  await put("large", Body);
  const got = await get("large", { Range: "bytes=1000001-2000002" });
  expect(got.bytes.equals(Body.subarray(1_000_001, 2_000_003))).toBe(true);
});

test.each([
  ["bytes=10-", "ten"],
  ["bytes=-0", "ten"],
  ["bytes=0-", "nothing"],
])("range %s of %s is not satisfiable and says the size", async (range, Key) => {
  await put("ten", "0123456789");
  await put("nothing", "");
  const answer = await s3.signed({ path: `/objects/${Key}`, headers: { range } });
  expect(answer.status).toBe(416);
  expect(element(answer.body, "Code")).toBe("InvalidRange");
  expect(element(answer.body, "Message")).toBe("The requested range is not satisfiable");
  expect(element(answer.body, "ActualObjectSize")).toBe(Key === "ten" ? "10" : "0");
  expect(element(answer.body, "RangeRequested")).toBe(range);
});

test("If-Range gives the piece when the object is the same, else the whole", async () => {
  const { ETag = "" } = await put("if-range", "0123456789");
  const ask = async (condition: string) =>
    (await s3.signed({ path: "/objects/if-range", headers: { range: "bytes=0-1", "if-range": condition } })).body;
  expect(await ask(ETag)).toBe("01");
  expect(await ask('"other"')).toBe("0123456789");
  expect(await ask((await head("if-range")).LastModified?.toUTCString() ?? "")).toBe("01");
  expect(await ask(new Date(0).toUTCString())).toBe("0123456789");
});

test("conditional reads answer 304 and 412 as RFC 9110 orders them", async () => {
  const { ETag = "" } = await put("conditional", "x");
  const modified = s3.clock.now();
  const [past, same, other] = [new Date(modified - 60_000), new Date(modified), '"0123"'];
  await s3.clock.advance(120_000);
  const cases: [object, string][] = [
    [{ IfMatch: ETag }, "no refusal"],
    [{ IfMatch: ETag.replaceAll('"', "") }, "no refusal"],
    [{ IfMatch: "*" }, "no refusal"],
    [{ IfMatch: other }, "412 PreconditionFailed"],
    [{ IfNoneMatch: ETag }, "304 Unknown"],
    [{ IfNoneMatch: other }, "no refusal"],
    [{ IfModifiedSince: same }, "304 Unknown"],
    [{ IfModifiedSince: past }, "no refusal"],
    [{ IfUnmodifiedSince: past }, "412 PreconditionFailed"],
    [{ IfUnmodifiedSince: same }, "no refusal"],
    [{ IfMatch: ETag, IfUnmodifiedSince: past }, "no refusal"],
    [{ IfNoneMatch: other, IfModifiedSince: same }, "no refusal"],
    [{ IfNoneMatch: ETag, IfModifiedSince: past }, "304 Unknown"],
  ];
  for (const [condition, expected] of cases) {
    expect([condition, await refusal(get("conditional", condition))]).toEqual([condition, expected]);
  }
});

test("If-None-Match: * writes once; If-Match writes over what is known", async () => {
  const first = await put("once", "1", { IfNoneMatch: "*" });
  expect(await refusal(put("once", "2", { IfNoneMatch: "*" }))).toBe("412 PreconditionFailed");
  expect(await refusal(put("once", "3", { IfMatch: '"feed"' }))).toBe("412 PreconditionFailed");
  expect(await text("once")).toBe("1");
  await put("once", "4", { IfMatch: first.ETag });
  expect(await text("once")).toBe("4");
  expect(await refusal(put("absent", "5", { IfMatch: first.ETag }))).toBe("404 NoSuchKey");
  expect(await refusal(put("once", "6", { IfNoneMatch: '"feed"' }))).toBe("501 NotImplemented");
});

test("of many writers with If-None-Match one wins", async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, i) => refusal(put("race", `writer ${i}`, { IfNoneMatch: "*" }))),
  );
  expect(outcomes.filter((outcome) => outcome === "no refusal")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "412 PreconditionFailed")).toHaveLength(19);
});

test("a conditional write whose object is deleted meanwhile is told 409", async () => {
  const { ETag = "" } = await put("conflict", "1");
  const { port } = s3.gateway;
  const { request } = await import("node:http");
  const { sign } = await import("./fixture.js");
  const head = sign(
    { method: "PUT", path: "/objects/conflict", headers: { "content-length": "4", "if-match": ETag } },
    port,
    s3.clock.now(),
  );
  const answer = new Promise<{ status: number; body: string }>((resolve) => {
    const outgoing = request({ port, host: "127.0.0.1", ...head, agent: false } as never, (response) => {
      let body = "";
      response.on("data", (piece: Buffer) => (body += piece.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    outgoing.write("ab");
    // The first half has arrived once another request on the same server has been answered.
    void s3.signed({ path: "/objects/conflict" }).then(async () => {
      await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "conflict" }));
      outgoing.end("cd");
    });
  });
  const { status, body } = await answer;
  expect(status).toBe(409);
  expect(element(body, "Code")).toBe("ConditionalRequestConflict");
});

test("GetObjectAttributes tells what was asked for", async () => {
  await put("attributes", "hello", { ChecksumAlgorithm: "SHA256" });
  const found = await s3.client.send(
    new GetObjectAttributesCommand({
      Bucket,
      Key: "attributes",
      ObjectAttributes: ["ETag", "Checksum", "ObjectSize", "StorageClass"],
    }),
  );
  expect(found).toMatchObject({
    ETag: "5d41402abc4b2a76b9719d911017c592",
    ObjectSize: 5,
    StorageClass: "STANDARD",
    Checksum: { ChecksumSHA256: createHash("sha256").update("hello").digest("base64"), ChecksumType: "FULL_OBJECT" },
  });
});

test("each write that is kept is told, with a growing sequencer; those refused are not", async () => {
  s3.events.length = 0;
  const { ETag } = await put("told", "hello");
  await put("told", "hello again");
  await refusal(put("told", "no", { IfNoneMatch: "*" }));
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "told" }));
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "told" }));
  expect(s3.events.map(({ kind, action, key, sizeBytes }) => [kind, action, key, sizeBytes])).toEqual([
    ["Created", "Put", "told", 5],
    ["Created", "Put", "told", 11],
    ["Removed", "Delete", "told", undefined],
  ]);
  const [first, second, third] = s3.events.map(({ sequencer }) => sequencer);
  expect(first).toMatch(/^[0-9A-F]{18}$/);
  expect([first, second, third].toSorted(byText)).toEqual([first, second, third]);
  expect(s3.events[0]).toMatchObject({
    namespace: "s3",
    bucket: Bucket,
    eTag: ETag?.replaceAll('"', ""),
    sourceIpAddress: "127.0.0.1",
    timeMs: s3.clock.now(),
  });
  expect(s3.events[0]?.versionId).toBeUndefined();
  expect(s3.events[0]?.requestId).toMatch(/^[0-9A-F]{16}$/);
});

test("files of overwritten and deleted objects are gone; a reader keeps what it began", async () => {
  const before = s3.blobs().length;
  const big = bytes(1_500_000, 3);
  await put("file", big);
  expect(s3.blobs()).toHaveLength(before + 1);
  const reading = await s3.client.send(new GetObjectCommand({ Bucket, Key: "file" }));
  await put("file", bytes(1_500_000, 4));
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "file" }));
  expect(Buffer.from((await reading.Body?.transformToByteArray()) ?? []).equals(big)).toBe(true);
  // The reader's lease ends with its answer, the file a little later.
  for (let i = 0; i < 500 && s3.blobs().length > before; i++) await s3.signed({ path: "/objects?location" });
  expect(s3.blobs()).toHaveLength(before);
});
