import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type CreateMultipartUploadCommandInput,
} from "@aws-sdk/client-s3";
import { createChecksum } from "../../../src/services/kit/checksums.js";
import { bytes, refusal, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

const Bucket = "multipart";
const MIB = 1024 * 1024;
const FIRST = bytes(5 * MIB, 1);
const LAST = bytes(1000, 2);
let s3: S3Fixture;

beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.stop());

async function begin(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  return (await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId ?? "";
}
const part = async (
  Key: string,
  UploadId: string,
  PartNumber: number,
  Body: Buffer,
  more: object = {},
): Promise<CompletedPart> => {
  const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256, ChecksumCRC64NVME } = await s3.client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }),
  );
  return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256, ChecksumCRC64NVME };
};
const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) =>
  s3.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));
const bodyOf = async (Key: string, more: object = {}): Promise<Buffer> => {
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await got.Body?.transformToByteArray()) ?? []);
};
const md5 = (data: Buffer): Buffer => createHash("md5").update(data).digest();

test("parts become one object, in the order of their numbers, with the ETag of their MD5s", async () => {
  const id = await begin("whole", { ContentType: "text/plain", Metadata: { a: "b" }, Tagging: "t=1" });
  const last = await part("whole", id, 7, LAST);
  const first = await part("whole", id, 2, FIRST);
  s3.events.length = 0;
  const done = await complete("whole", id, [first, last]);
  const eTag = createHash("md5")
    .update(Buffer.concat([md5(FIRST), md5(LAST)]))
    .digest("hex");
  expect(done.ETag).toBe(`"${eTag}-2"`);
  expect((await bodyOf("whole")).equals(Buffer.concat([FIRST, LAST]))).toBe(true);
  expect(
    (await bodyOf("whole", { Range: `bytes=${FIRST.length - 2}-${FIRST.length + 1}` })).equals(
      Buffer.concat([FIRST.subarray(-2), LAST.subarray(0, 2)]),
    ),
  ).toBe(true);
  expect(await s3.client.send(new HeadObjectCommand({ Bucket, Key: "whole" }))).toMatchObject({
    ContentType: "text/plain",
    Metadata: { a: "b" },
    ContentLength: FIRST.length + LAST.length,
  });
  expect(s3.events).toMatchObject([
    {
      kind: "Created",
      action: "CompleteMultipartUpload",
      key: "whole",
      eTag: `${eTag}-2`,
      sizeBytes: FIRST.length + LAST.length,
    },
  ]);
  expect(await refusal(complete("whole", id, [first, last]))).toBe("404 NoSuchUpload");
});

test("one part of the object is got by its number", async () => {
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: "whole", PartNumber: 2 }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(LAST)).toBe(true);
  expect(got).toMatchObject({
    PartsCount: 2,
    ContentRange: `bytes ${FIRST.length}-${FIRST.length + 999}/${FIRST.length + 1000}`,
  });
  const beyond = await s3.signed({ path: `/${Bucket}/whole?partNumber=3` });
  expect([beyond.status, element(beyond.body, "Code")]).toEqual([416, "InvalidPartNumber"]);
});

test("a part that is written again replaces the one before; parts not named are dropped", async () => {
  const files = s3.blobs().length;
  const id = await begin("again");
  await part("again", id, 1, bytes(2000, 9));
  const kept = await part("again", id, 1, LAST);
  await part("again", id, 2, bytes(3000, 9));
  await complete("again", id, [kept]);
  expect((await bodyOf("again")).equals(LAST)).toBe(true);
  expect(s3.blobs()).toHaveLength(files + 1);
});

test("the 5 MB rule, wrong parts, wrong order and an empty list are refused, and the upload lives on", async () => {
  const id = await begin("refused");
  const small = await part("refused", id, 1, LAST);
  const second = await part("refused", id, 2, LAST);
  const post = (body: string) => s3.signed({ method: "POST", path: `/${Bucket}/refused?uploadId=${id}`, body });
  const xml = (...parts: CompletedPart[]) =>
    `<CompleteMultipartUpload>${parts.map(({ PartNumber, ETag }) => `<Part><PartNumber>${PartNumber}</PartNumber><ETag>${ETag}</ETag></Part>`).join("")}</CompleteMultipartUpload>`;
  const tooSmall = await post(xml(small, second));
  expect([
    tooSmall.status,
    element(tooSmall.body, "Code"),
    element(tooSmall.body, "ProposedSize"),
    element(tooSmall.body, "MinSizeAllowed"),
    element(tooSmall.body, "PartNumber"),
  ]).toEqual([400, "EntityTooSmall", "1000", "5242880", "1"]);
  const cases: [string, string][] = [
    [xml(second, small), "InvalidPartOrder"],
    [xml(small, small), "InvalidPartOrder"],
    [xml({ PartNumber: 1, ETag: '"0"' }), "InvalidPart"],
    [xml({ PartNumber: 3, ETag: small.ETag }), "InvalidPart"],
    [xml(), "MalformedXML"],
    ["<CompleteMultipartUpload><Part><PartNumber>-1</PartNumber></Part></CompleteMultipartUpload>", "MalformedXML"],
    ["", "InvalidRequest"],
    ['<!DOCTYPE x [<!ENTITY a "b">]><CompleteMultipartUpload>&a;</CompleteMultipartUpload>', "MalformedXML"],
  ];
  for (const [body, code] of cases) {
    const answer = await post(body);
    expect([body, answer.status, element(answer.body, "Code")]).toEqual([body, 400, code]);
  }
  expect(await refusal(bodyOf("refused"))).toBe("404 NoSuchKey");
  await complete("refused", id, [second]);
  expect((await bodyOf("refused")).equals(LAST)).toBe(true);
});

test.each([
  ["partNumber=0", "InvalidArgument"],
  ["partNumber=10001", "InvalidArgument"],
  ["partNumber=-3", "InvalidArgument"],
  ["partNumber=one", "InvalidArgument"],
])("UploadPart with %s is refused", async (query, code) => {
  const id = await begin("numbers");
  const answer = await s3.signed({ method: "PUT", path: `/${Bucket}/numbers?${query}&uploadId=${id}`, body: "x" });
  expect([answer.status, element(answer.body, "Code")]).toEqual([400, code]);
  expect(element(answer.body, "Message")).toBe("Part number must be an integer between 1 and 10000, inclusive");
});

test("an upload is another's with another key, and gone after an abort, with its files", async () => {
  const files = s3.blobs().length;
  const id = await begin("aborted");
  await part("aborted", id, 1, LAST);
  expect(s3.blobs()).toHaveLength(files + 1);
  expect(await refusal(part("other-key", id, 1, LAST))).toBe("404 NoSuchUpload");
  await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key: "aborted", UploadId: id }));
  expect(s3.blobs()).toHaveLength(files);
  expect(await refusal(part("aborted", id, 1, LAST))).toBe("404 NoSuchUpload");
  expect(await refusal(s3.client.send(new ListPartsCommand({ Bucket, Key: "aborted", UploadId: id })))).toBe(
    "404 NoSuchUpload",
  );
  expect(await refusal(part("aborted", "made-up", 1, LAST))).toBe("404 NoSuchUpload");
});

test("a part that is copied holds the range of its source", async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "source ü", Body: FIRST }));
  const id = await begin("copied");
  const copy = (PartNumber: number, CopySourceRange?: string) =>
    s3.client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key: "copied",
        UploadId: id,
        PartNumber,
        CopySource: `${Bucket}/${encodeURIComponent("source ü")}`,
        CopySourceRange,
      }),
    );
  const whole = await copy(1);
  const piece = await copy(2, "bytes=10-19");
  await complete("copied", id, [
    { PartNumber: 1, ETag: whole.CopyPartResult?.ETag },
    { PartNumber: 2, ETag: piece.CopyPartResult?.ETag },
  ]);
  expect((await bodyOf("copied")).equals(Buffer.concat([FIRST, FIRST.subarray(10, 20)]))).toBe(true);
  const other = await begin("copied");
  for (const range of ["bytes=5-1", "bytes=0-", "bytes=-5", "0-5", `bytes=0-${FIRST.length}`]) {
    expect([
      range,
      await refusal(
        s3.client.send(
          new UploadPartCopyCommand({
            Bucket,
            Key: "copied",
            UploadId: other,
            PartNumber: 1,
            CopySource: `${Bucket}/whole`,
            CopySourceRange: range.includes("5242880") ? "bytes=0-99999999" : range,
          }),
        ),
      ),
    ]).toEqual([range, "400 InvalidArgument"]);
  }
});

test("If-None-Match at completion: 412 where an object is, 409 where it went meanwhile", async () => {
  const first = await begin("conditional");
  const one = await part("conditional", first, 1, LAST);
  await complete("conditional", first, [one], { IfNoneMatch: "*" });
  const second = await begin("conditional");
  const two = await part("conditional", second, 1, LAST);
  expect(await refusal(complete("conditional", second, [two], { IfNoneMatch: "*" }))).toBe("412 PreconditionFailed");
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "conditional" }));
  expect(await refusal(complete("conditional", second, [two], { IfNoneMatch: "*" }))).toBe(
    "409 ConditionalRequestConflict",
  );
});

test("without a choice the object gets a CRC64NVME over the whole", async () => {
  const sum = createChecksum("CRC64NVME");
  sum.update(FIRST);
  sum.update(LAST);
  const expected = sum.digest().toString("base64");
  const id = await begin("default");
  const done = await complete("default", id, [
    { ...(await part("default", id, 1, FIRST)), ChecksumCRC32: undefined },
    { ...(await part("default", id, 2, LAST)), ChecksumCRC32: undefined },
  ]);
  expect(done).toMatchObject({ ChecksumCRC64NVME: expected, ChecksumType: "FULL_OBJECT" });
  expect(
    await s3.client.send(new HeadObjectCommand({ Bucket, Key: "default", ChecksumMode: "ENABLED" })),
  ).toMatchObject({ ChecksumCRC64NVME: expected });
});

test("a composite checksum is that of the parts' checksums; each part must name its own", async () => {
  const id = await begin("composite", { ChecksumAlgorithm: "SHA256" });
  const parts = [
    await part("composite", id, 1, FIRST, { ChecksumAlgorithm: "SHA256" }),
    await part("composite", id, 2, LAST, { ChecksumAlgorithm: "SHA256" }),
  ];
  expect(await refusal(part("composite", id, 3, LAST, { ChecksumAlgorithm: "CRC32" }))).toBe("400 InvalidRequest");
  expect(
    await refusal(
      complete(
        "composite",
        id,
        parts.map(({ ETag, PartNumber }) => ({ ETag, PartNumber })),
      ),
    ),
  ).toBe("400 InvalidRequest");
  const sha = (data: Buffer): Buffer => createHash("sha256").update(data).digest();
  const expected = `${sha(Buffer.concat([sha(FIRST), sha(LAST)])).toString("base64")}-2`;
  expect(await complete("composite", id, parts)).toMatchObject({ ChecksumSHA256: expected, ChecksumType: "COMPOSITE" });
  const found = await s3.client.send(
    new GetObjectAttributesCommand({ Bucket, Key: "composite", ObjectAttributes: ["ObjectParts", "Checksum"] }),
  );
  expect(found.ObjectParts).toMatchObject({
    TotalPartsCount: 2,
    IsTruncated: false,
    Parts: [
      { PartNumber: 1, Size: FIRST.length, ChecksumSHA256: sha(FIRST).toString("base64") },
      { PartNumber: 2, Size: LAST.length },
    ],
  });
});

test.each(["SHA512", "MD5"] as const)("%s of the parts is verified and makes a composite checksum", async (name) => {
  const id = await begin(name, { ChecksumAlgorithm: name });
  const member = `Checksum${name}` as const;
  const digest = (data: Buffer): Buffer => createHash(name.toLowerCase()).update(data).digest();
  const value = digest(LAST).toString("base64");
  const upload = { Bucket, Key: name, UploadId: id, PartNumber: 1, Body: LAST };
  const wrong = digest(FIRST).toString("base64");
  expect(await refusal(s3.client.send(new UploadPartCommand({ ...upload, [member]: wrong })))).toBe("400 BadDigest");
  const { ETag } = await s3.client.send(new UploadPartCommand({ ...upload, [member]: value }));
  expect(await complete(name, id, [{ PartNumber: 1, ETag, [member]: value }])).toMatchObject({
    [member]: `${digest(digest(LAST)).toString("base64")}-1`,
    ChecksumType: "COMPOSITE",
  });
});

test("a CRC32 over the whole object is put together from those of the parts", async () => {
  const id = await begin("full", { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
  const parts = [
    await part("full", id, 1, FIRST, { ChecksumAlgorithm: "CRC32" }),
    await part("full", id, 2, LAST, { ChecksumAlgorithm: "CRC32" }),
  ];
  const whole = Buffer.alloc(4);
  whole.writeUInt32BE(crc32(LAST, crc32(FIRST)));
  expect(await refusal(complete("full", id, parts, { ChecksumCRC32: "AAAAAA==" }))).toBe("400 BadDigest");
  expect(await refusal(complete("full", id, parts, { ChecksumType: "COMPOSITE" }))).toBe("400 InvalidRequest");
  expect(await refusal(complete("full", id, parts, { MpuObjectSize: 5 }))).toBe("400 InvalidRequest");
  expect(await complete("full", id, parts, { ChecksumCRC32: whole.toString("base64") })).toMatchObject({
    ChecksumCRC32: whole.toString("base64"),
    ChecksumType: "FULL_OBJECT",
  });
});

test.each([
  ["CRC64NVME", "COMPOSITE", "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."],
  ["SHA256", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm."],
])("%s with %s is refused", async (algorithm, type, message) => {
  const answer = await s3.signed({
    method: "POST",
    path: `/${Bucket}/types?uploads`,
    headers: { "x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": type },
  });
  expect([answer.status, element(answer.body, "Message")]).toEqual([400, message]);
});

test("uploads and parts are listed, in pages", async () => {
  const Other = "uploads-listed";
  await s3.client.send(new CreateBucketCommand({ Bucket: Other }));
  const ids: string[] = [];
  for (const Key of ["a/1", "a/1", "a/2", "b"])
    ids.push((await s3.client.send(new CreateMultipartUploadCommand({ Bucket: Other, Key }))).UploadId ?? "");
  const list = (more: object = {}) => s3.client.send(new ListMultipartUploadsCommand({ Bucket: Other, ...more }));
  expect((await list()).Uploads?.map(({ UploadId }) => UploadId)).toEqual(ids);
  expect((await list({ Prefix: "a/" })).Uploads).toHaveLength(3);
  const rolled = await list({ Delimiter: "/" });
  expect([rolled.Uploads?.map(({ Key }) => Key), rolled.CommonPrefixes]).toEqual([["b"], [{ Prefix: "a/" }]]);
  const seen: (string | undefined)[] = [];
  let markers: object = {};
  for (;;) {
    const page = await list({ MaxUploads: 1, ...markers });
    seen.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId));
    if (page.IsTruncated !== true) break;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
  expect(seen).toEqual(ids);
  for (const PartNumber of [1, 3, 9])
    await s3.client.send(new UploadPartCommand({ Bucket: Other, Key: "b", UploadId: ids[3], PartNumber, Body: LAST }));
  const parts = (more: object = {}) =>
    s3.client.send(new ListPartsCommand({ Bucket: Other, Key: "b", UploadId: ids[3], ...more }));
  expect((await parts()).Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 1000],
    [3, 1000],
    [9, 1000],
  ]);
  const page = await parts({ MaxParts: 2 });
  expect([page.IsTruncated, page.NextPartNumberMarker]).toEqual([true, "3"]);
  expect((await parts({ PartNumberMarker: "3" })).Parts?.map(({ PartNumber }) => PartNumber)).toEqual([9]);
});
