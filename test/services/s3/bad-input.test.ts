import { createHash } from "node:crypto";
import { CreateBucketCommand, DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { refusal, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

const Bucket = "bad-input";
let s3: S3Fixture;

beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.stop());

const put = (key: string, headers: Record<string, string> = {}) =>
  s3.signed({ method: "PUT", path: `/${Bucket}/${key}`, body: "x", headers });
const md5 = (body: string): Record<string, string> => ({
  "content-md5": createHash("md5").update(body).digest("base64"),
});

test("a key of 1,025 bytes is too long, of 1,024 is not, counted in UTF-8", async () => {
  for (const key of ["k".repeat(1025), "%C3%BC".repeat(513)]) {
    const answer = await put(key);
    expect([answer.status, element(answer.body, "Code"), element(answer.body, "MaxSizeAllowed")]).toEqual([
      400,
      "KeyTooLongError",
      "1024",
    ]);
  }
  expect((await put("%C3%BC".repeat(512))).status).toBe(200);
  expect((await put("%00".repeat(1024))).status).toBe(400);
});

test.each([`/${Bucket}/%zz`, `/${Bucket}/%ff`, `/${Bucket}/%C3`, "/%E0%A4%A", `/${Bucket}?prefix=%ff`])(
  "%s is no URI",
  async (path) => {
    const answer = await s3.signed({ path });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  },
);

test("metadata over 2 KB is refused, of 2 KB is not", async () => {
  const answer = await put("metadata", { "x-amz-meta-a": "v".repeat(2048) });
  expect([
    answer.status,
    element(answer.body, "Code"),
    element(answer.body, "MaxSizeAllowed"),
    element(answer.body, "Size"),
  ]).toEqual([400, "MetadataTooLarge", "2048", "2049"]);
  expect((await put("metadata", { "x-amz-meta-a": "v".repeat(2047) })).status).toBe(200);
});

test.each<[Record<string, string>, number, string]>([
  [{ "x-amz-storage-class": "FREE" }, 400, "InvalidStorageClass"],
  [{ "x-amz-acl": "everybody" }, 400, "InvalidArgument"],
  [{ "x-amz-acl": "public-read" }, 400, "AccessControlListNotSupported"],
  [{ "x-amz-website-redirect-location": "ftp://x" }, 400, "InvalidRedirectLocation"],
  [{ "x-amz-object-lock-mode": "GOVERNANCE" }, 501, "NotImplemented"],
  [{ "x-amz-server-side-encryption-customer-algorithm": "AES256" }, 501, "NotImplemented"],
])("headers %j are refused", async (headers, status, code) => {
  const answer = await put("headers", headers);
  expect([answer.status, element(answer.body, "Code")]).toEqual([status, code]);
});

const XML_FAULTS: [string, string][] = [
  ["no XML", "hello"],
  ["nothing", ""],
  ["an open element", "<Delete><Object>"],
  ["another root", "<Remove><Object><Key>k</Key></Object></Remove>"],
  ["no objects", "<Delete></Delete>"],
  ["an object without a key", "<Delete><Object/></Delete>"],
  [
    "an entity bomb",
    `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>`,
  ],
  [
    "an external entity",
    `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&a;</Key></Object></Delete>`,
  ],
  ["deep nesting", "<Delete>".repeat(5000)],
  ["1,001 keys", `<Delete>${"<Object><Key>k</Key></Object>".repeat(1001)}</Delete>`],
];
test.each(XML_FAULTS)("DeleteObjects with %s is MalformedXML", async (_name, body) => {
  const answer = await s3.signed({ method: "POST", path: `/${Bucket}?delete`, body, headers: md5(body) });
  expect([answer.status, element(answer.body, "Code"), element(answer.body, "Message")]).toEqual([
    400,
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  ]);
});

test("DeleteObjects needs a checksum of its list, and a right one", async () => {
  const body = "<Delete><Object><Key>k</Key></Object></Delete>";
  const post = (headers: Record<string, string>) =>
    s3.signed({ method: "POST", path: `/${Bucket}?delete`, body, headers });
  expect(element((await post({})).body, "Message")).toBe(
    "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
  );
  expect(element((await post(md5("other"))).body, "Code")).toBe("BadDigest");
  expect((await post(md5(body))).status).toBe(200);
});

test("a document of many megabytes is refused before it is read", async () => {
  const body = `<CORSConfiguration>${" ".repeat(200_000)}</CORSConfiguration>`;
  const answer = await s3.signed({ method: "PUT", path: `/${Bucket}?cors`, body });
  expect([answer.status, element(answer.body, "Code")]).toEqual([400, "MaxMessageLengthExceeded"]);
});

test.each([
  "cors",
  "tagging",
  "versioning",
  "notification",
  "lifecycle",
  "encryption",
  "publicAccessBlock",
  "ownershipControls",
  "requestPayment",
  "accelerate",
])("a wrong document for ?%s is refused", async (subresource) => {
  for (const body of ["<x", "<Wrong/>", ""]) {
    const answer = await s3.signed({ method: "PUT", path: `/${Bucket}?${subresource}`, body, headers: md5(body) });
    expect([answer.status, element(answer.body, "Code")]).toEqual([400, "MalformedXML"]);
  }
});

test("DeleteObjects answers for each key, tells each, and leaves out what went well when quiet", async () => {
  const keys = ["one", "two/ü", "a&b<c>"];
  for (const Key of keys) await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from("x") }));
  s3.events.length = 0;
  const remove = (Quiet: boolean, ...objects: { Key: string; ETag?: string; VersionId?: string }[]) =>
    s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: objects, Quiet } }));
  const done = await remove(
    false,
    { Key: "one" },
    { Key: "a&b<c>" },
    { Key: "absent" },
    { Key: "two/ü", ETag: '"0"' },
    { Key: "k".repeat(1025) },
    { Key: "one", VersionId: "C".repeat(32) },
  );
  expect(done.Deleted).toEqual([{ Key: "one" }, { Key: "a&b<c>" }, { Key: "absent" }]);
  expect(done.Errors?.map(({ Code }) => Code)).toEqual(["PreconditionFailed", "KeyTooLongError", "NoSuchVersion"]);
  expect(s3.events.map(({ kind, action, key }) => `${kind}:${action} ${key}`)).toEqual([
    "Removed:Delete one",
    "Removed:Delete a&b<c>",
    "Removed:Delete absent",
  ]);
  expect((await remove(true, { Key: "two/ü" })).Deleted).toBeUndefined();
  expect((await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: "two" }))).KeyCount).toBe(0);
});

test("a key that XML cannot carry is listed as a reference, or encoded when asked", async () => {
  await put("ctl%01%0D");
  expect((await s3.signed({ path: `/${Bucket}?list-type=2&prefix=ctl` })).body).toContain("<Key>ctl&#x1;&#xd;</Key>");
  expect((await s3.signed({ path: `/${Bucket}?list-type=2&prefix=ctl&encoding-type=url` })).body).toContain(
    "<Key>ctl%01%0D</Key>",
  );
});

test("the wrong secret is refused", async () => {
  const client = s3.makeClient({ credentials: { accessKeyId: "test", secretAccessKey: "wrong" } });
  expect(await refusal(client.send(new ListObjectsV2Command({ Bucket })))).toBe("403 SignatureDoesNotMatch");
});
