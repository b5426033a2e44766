import { createHash } from "node:crypto";
import { connect } from "node:net";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type ChecksumAlgorithm,
} from "@aws-sdk/client-s3";
import { createChecksum, CHECKSUM_ALGORITHMS } from "../../../src/services/kit/checksums.js";
import { bytes, sign, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

const Bucket = "integrity";
let s3: S3Fixture;

beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.stop());

async function sum(algorithm: ChecksumAlgorithm, body: Buffer): Promise<string> {
  const checksum = createChecksum(algorithm as "CRC32");
  checksum.update(body);
  return checksum.digest().toString("base64");
}
/** Some algorithms the SDK computes by itself; the values of others have to be given. */
const by = (algorithm: ChecksumAlgorithm, value: string) =>
  algorithm === "SHA512" || algorithm === "MD5"
    ? { [`Checksum${algorithm}`]: value }
    : { ChecksumAlgorithm: algorithm };
const put = (key: string, body: Buffer | string, headers: Record<string, string>) =>
  s3.signed({ method: "PUT", path: `/${Bucket}/${key}`, body, headers });
const isThere = async (key: string): Promise<boolean> =>
  (await s3.signed({ path: `/${Bucket}/${key}` })).status === 200;

test.each(CHECKSUM_ALGORITHMS)("%s is verified, kept, and told again when asked for", async (ChecksumAlgorithm) => {
  const Body = bytes(50_000);
  const member = `Checksum${ChecksumAlgorithm}` as const;
  const expected = await sum(ChecksumAlgorithm, Body);
  expect(
    await s3.client.send(
      new PutObjectCommand({ Bucket, Key: ChecksumAlgorithm, Body, ...by(ChecksumAlgorithm, expected) }),
    ),
  ).toMatchObject({ [member]: expected, ChecksumType: "FULL_OBJECT" });
  expect(
    await s3.client.send(new HeadObjectCommand({ Bucket, Key: ChecksumAlgorithm, ChecksumMode: "ENABLED" })),
  ).toMatchObject({ [member]: expected });
  expect((await s3.client.send(new HeadObjectCommand({ Bucket, Key: ChecksumAlgorithm })))[member]).toBeUndefined();
  const wrong = await put("wrong", Body, {
    [`x-amz-checksum-${ChecksumAlgorithm.toLowerCase()}`]: await sum(ChecksumAlgorithm, bytes(10)),
  });
  expect([wrong.status, element(wrong.body, "Code"), element(wrong.body, "Message")]).toEqual([
    400,
    "BadDigest",
    `The ${ChecksumAlgorithm} you specified did not match the calculated checksum.`,
  ]);
  expect(await isThere("wrong")).toBe(false);
});

test.each(["XXHASH3", "XXHASH64", "XXHASH128"])(
  "%s is refused by name, in a header, a trailer and a choice",
  async (name) => {
    const header = `x-amz-checksum-${name.toLowerCase()}`;
    const requests: { method: string; path: string; body?: string; headers: Record<string, string> }[] = [
      { method: "PUT", path: `/${Bucket}/xx`, body: "x", headers: { [header]: "AAAAAAAAAAA=" } },
      { method: "PUT", path: `/${Bucket}/xx`, body: "x", headers: { "x-amz-trailer": header } },
      { method: "POST", path: `/${Bucket}/xx?uploads`, headers: { "x-amz-checksum-algorithm": name } },
      {
        method: "PUT",
        path: `/${Bucket}/xx`,
        headers: { "x-amz-checksum-algorithm": name, "x-amz-copy-source": `/${Bucket}/SHA256` },
      },
    ];
    for (const request of requests) {
      const answer = await s3.signed(request);
      expect([answer.status, element(answer.body, "Code"), element(answer.body, "Message")]).toEqual([
        501,
        "NotImplemented",
        `Checksums by ${name} are not emulated by lambda-run.`,
      ]);
    }
    expect(await isThere("xx")).toBe(false);
  },
);

test("the SDK validates what it gets, of a small body and of a large one", async () => {
  for (const size of [100, 200_000]) {
    await s3.client.send(new PutObjectCommand({ Bucket, Key: "validated", Body: bytes(size) }));
    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: "validated", ChecksumMode: "ENABLED" }));
    expect((await got.Body?.transformToByteArray())?.length).toBe(size);
    expect(got.ChecksumCRC32).toBeDefined();
  }
});

test("without a checksum S3 computes CRC64NVME and says so", async () => {
  const answer = await put("default", "123456789", {});
  expect(answer.headers).toMatchObject({
    "x-amz-checksum-crc64nvme": Buffer.from("ae8b14860a799888", "hex").toString("base64"),
    "x-amz-checksum-type": "FULL_OBJECT",
  });
});

const MD5 = createHash("md5").update("body").digest("base64");
test.each<[string, Record<string, string>, string, string]>([
  [
    "a Content-MD5 of another body",
    { "content-md5": createHash("md5").update("other").digest("base64") },
    "BadDigest",
    "The Content-MD5 you specified did not match what we received.",
  ],
  [
    "a Content-MD5 that is none",
    { "content-md5": "aGVsbG8=" },
    "InvalidDigest",
    "The Content-MD5 you specified was invalid.",
  ],
  [
    "a Content-MD5 that is not base64",
    { "content-md5": "%%%" },
    "InvalidDigest",
    "The Content-MD5 you specified was invalid.",
  ],
  [
    "a checksum of the wrong length",
    { "x-amz-checksum-crc32": "AAAA" },
    "InvalidRequest",
    "Value for x-amz-checksum-crc32 header is invalid.",
  ],
  [
    "two checksums",
    { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-sha1": "AAAAAA==" },
    "InvalidRequest",
    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
  ],
  [
    "an algorithm without a checksum",
    { "x-amz-sdk-checksum-algorithm": "CRC32" },
    "InvalidRequest",
    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
  ],
  [
    "an algorithm there is not",
    { "x-amz-sdk-checksum-algorithm": "MD4" },
    "InvalidRequest",
    "Value for x-amz-sdk-checksum-algorithm header is invalid.",
  ],
  [
    "a SHA-256 of another body",
    { "x-amz-content-sha256": createHash("sha256").update("other").digest("hex") },
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
])("%s is refused and nothing is stored", async (_name, headers, code, message) => {
  const files = s3.blobs().length;
  for (const body of ["body", bytes(100_000)]) {
    const answer = await put("refused", body, headers);
    expect([answer.status, element(answer.body, "Code"), element(answer.body, "Message")]).toEqual([
      400,
      code,
      message,
    ]);
  }
  expect(await isThere("refused")).toBe(false);
  expect(s3.blobs()).toHaveLength(files);
});

test("a right Content-MD5 is accepted", async () => {
  expect((await put("md5", "body", { "content-md5": MD5 })).status).toBe(200);
});

const chunked = (trailer: string): string => `4\r\nbody\r\n0\r\n${trailer}\r\n`;
test.each<[string, string, string, string | undefined]>([
  ["the right trailer", "x-amz-checksum-crc32", "SUM", undefined],
  ["a wrong trailer", "x-amz-checksum-crc32", "AAAAAA==", "BadDigest"],
  ["a malformed trailer", "x-amz-checksum-crc32", "zzz", "InvalidRequest"],
  ["an unknown trailer", "x-amz-checksum-md4", "AAAAAA==", "InvalidRequest"],
])("aws-chunked with %s", async (_name, trailer, value, code) => {
  const checksum = createChecksum("CRC32");
  checksum.update(Buffer.from("body"));
  const right = checksum.digest().toString("base64");
  const answer = await put("chunked", chunked(`${trailer}:${value === "SUM" ? right : value}\r\n`), {
    "content-encoding": "aws-chunked",
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "4",
    "x-amz-trailer": trailer,
  });
  expect(element(answer.body, "Code")).toBe(code);
  expect(answer.status).toBe(code === undefined ? 200 : 400);
});

test.each(["-5", "1e3", "99999999999999999999", ""])("a decoded length of %j is refused", async (length) => {
  const answer = await put("lengths", chunked(""), {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": length,
    "x-amz-trailer": "x-amz-checksum-crc32",
  });
  expect([answer.status, element(answer.body, "Code")]).toEqual([411, "MissingContentLength"]);
});

test("a PUT without a length is refused, one over 5 GiB as well, before it is sent", async () => {
  const unknown = await s3.signed({
    method: "PUT",
    path: `/${Bucket}/x`,
    body: "x",
    headers: { "transfer-encoding": "chunked" },
  });
  expect([unknown.status, element(unknown.body, "Code")]).toEqual([411, "MissingContentLength"]);
  const head = sign(
    { method: "PUT", path: `/${Bucket}/x`, headers: { "content-length": "5368709121" } },
    s3.gateway.port,
    s3.clock.now(),
  );
  const text = await raw(
    `PUT ${head.path} HTTP/1.1\r\n${Object.entries(head.headers ?? {})
      .map(([name, value]) => `${name}: ${String(value)}\r\n`)
      .join("")}\r\n`,
  );
  expect(text).toContain("<Code>EntityTooLarge</Code>");
  expect(text).toContain("<MaxSizeAllowed>5368709120</MaxSizeAllowed>");
});

test.each([1000, 200_000])("a client that goes away in the middle of %d bytes leaves nothing behind", async (size) => {
  const files = s3.blobs().length;
  const head = sign(
    { method: "PUT", path: `/${Bucket}/truncated`, headers: { "content-length": String(size) } },
    s3.gateway.port,
    s3.clock.now(),
  );
  await new Promise<void>((resolve) => {
    const socket = connect(s3.gateway.port, "127.0.0.1", () => {
      socket.write(
        `PUT ${head.path} HTTP/1.1\r\n${Object.entries(head.headers ?? {})
          .map(([name, value]) => `${name}: ${String(value)}\r\n`)
          .join("")}\r\n`,
      );
      socket.write(bytes(size - 1), () => socket.destroy());
    });
    socket.on("close", () => resolve());
  });
  // Some requests later the server has seen the end of that one.
  for (let i = 0; i < 500 && (i < 20 || s3.blobs().length > files); i++) expect(await isThere("truncated")).toBe(false);
  expect(await isThere("truncated")).toBe(false);
  expect(s3.blobs()).toHaveLength(files);
});

function raw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(s3.gateway.port, "127.0.0.1", () => socket.write(request));
    socket.on("data", (piece) => {
      text += piece.toString();
      if (text.includes("</Error>")) socket.destroy();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
