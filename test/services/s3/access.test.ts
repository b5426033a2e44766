import { createHmac } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  DeleteBucketOwnershipControlsCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketAclCommand,
  PutObjectAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { bytes, refusal, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

let s3: S3Fixture;
let Bucket = "";
let number = 0;

beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());
beforeEach(async () => {
  Bucket = `access-${number++}`;
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "k", Body: Buffer.from("body") }));
});

const host = () => ({ host: `127.0.0.1:${s3.gateway.port}` });
const anonymous = async (method: string, path: string, body?: string) => {
  const answer = await s3.anonymous({
    method,
    path: `/${Bucket}${path}`,
    headers: { ...host(), ...(body === undefined ? {} : { "content-length": String(body.length) }) },
    ...(body === undefined ? {} : { body }),
  });
  return `${answer.status} ${element(answer.body, "Code") ?? answer.body}`;
};
const unblock = () => s3.client.send(new DeletePublicAccessBlockCommand({ Bucket }));
const setPolicy = (...Statement: object[]) =>
  s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }));

test("a stranger may do nothing", async () => {
  for (const [method, path] of [
    ["GET", "/k"],
    ["GET", "/absent"],
    ["GET", ""],
    ["PUT", "/new"],
    ["DELETE", "/k"],
    ["GET", "?acl"],
  ] as const) {
    expect([method, path, await anonymous(method, path, method === "GET" ? undefined : "x")]).toEqual([
      method,
      path,
      expect.stringContaining("AccessDenied"),
    ]);
  }
  expect((await s3.anonymous({ path: "/", headers: host() })).status).toBe(403);
});

test("a policy lets strangers read, once the block is lifted", async () => {
  const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` };
  expect(await refusal(setPolicy(statement))).toBe("403 AccessDenied");
  await unblock();
  await setPolicy(statement);
  expect(await anonymous("GET", "/k")).toBe("200 body");
  expect(await anonymous("GET", "/absent")).toBe("403 AccessDenied");
  expect(await anonymous("GET", "")).toBe("403 AccessDenied");
  expect(await anonymous("PUT", "/k", "x")).toBe("403 AccessDenied");
  expect((await s3.client.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic).toBe(true);
  await setPolicy(statement, {
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: `arn:aws:s3:::${Bucket}/*`,
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  });
  expect(await anonymous("GET", "/k")).toBe("200 body");
  await setPolicy(statement, {
    Effect: "Deny",
    Principal: { AWS: "*" },
    Action: "s3:Get*",
    Resource: `arn:aws:s3:::${Bucket}/k`,
  });
  expect(await anonymous("GET", "/k")).toBe("403 AccessDenied");
  await setPolicy({
    ...statement,
    Action: ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
  });
  expect(await anonymous("GET", "/absent")).toBe("404 NoSuchKey");
  expect(await anonymous("PUT", "/new", "x")).toMatch(/^200/);
  expect(await anonymous("DELETE", "/new")).toMatch(/^204/);
});

test.each<[string, unknown]>([
  ["no JSON", "{"],
  ["no statement", {}],
  [
    "another bucket's resource",
    { Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::other/*" }] },
  ],
  ["no principal", { Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }] }],
  ["another effect", { Statement: [{ Effect: "Perhaps", Principal: "*", Action: "s3:GetObject", Resource: "*" }] }],
  ["a null statement", { Statement: [null] }],
  ["a list", []],
])("a policy with %s is malformed", async (_name, policy) => {
  await unblock();
  const Policy = typeof policy === "string" ? policy : JSON.stringify(policy);
  expect(await refusal(s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy })))).toBe("400 MalformedPolicy");
  expect(await refusal(s3.client.send(new GetBucketPolicyCommand({ Bucket })))).toBe("404 NoSuchBucketPolicy");
});

test("canned ACLs work where the bucket allows them", async () => {
  expect(await refusal(s3.client.send(new PutBucketAclCommand({ Bucket, ACL: "public-read" })))).toBe(
    "400 AccessControlListNotSupported",
  );
  await unblock();
  await s3.client.send(
    new PutBucketOwnershipControlsCommand({
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
    }),
  );
  await s3.client.send(new PutBucketAclCommand({ Bucket, ACL: "public-read" }));
  expect(await anonymous("GET", "")).toMatch(/^200/);
  expect(await anonymous("GET", "/k")).toBe("403 AccessDenied");
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "open", Body: Buffer.from("open"), ACL: "public-read" }));
  expect(await anonymous("GET", "/open")).toBe("200 open");
  const { Grants } = await s3.client.send(new GetObjectAclCommand({ Bucket, Key: "open" }));
  expect(Grants?.map(({ Permission, Grantee }) => [Permission, Grantee?.Type])).toEqual([
    ["FULL_CONTROL", "CanonicalUser"],
    ["READ", "Group"],
  ]);
});

test("without ownership controls a bucket takes ACLs, until it has some again", async () => {
  await unblock();
  const controls = async () =>
    (await s3.client.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules;
  expect(await controls()).toEqual([{ ObjectOwnership: "BucketOwnerEnforced" }]);
  await s3.client.send(new DeleteBucketOwnershipControlsCommand({ Bucket }));
  expect(await refusal(controls())).toBe("404 OwnershipControlsNotFoundError");
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "open", Body: Buffer.from("open"), ACL: "public-read" }));
  expect(await anonymous("GET", "/open")).toBe("200 open");
  const Rules = [{ ObjectOwnership: "BucketOwnerEnforced" as const }];
  await s3.client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules } }));
  expect(await controls()).toEqual(Rules);
  expect(await anonymous("GET", "/open")).toBe("403 AccessDenied");
});

test("a list of grants that was read can be put again, also where ACLs are off; other grants are refused by name", async () => {
  const answer = await s3.client.send(new GetObjectAclCommand({ Bucket, Key: "k" }));
  const AccessControlPolicy = { Owner: answer.Owner, Grants: answer.Grants };
  const put = (policy: object = AccessControlPolicy) =>
    s3.client.send(new PutObjectAclCommand({ Bucket, Key: "k", AccessControlPolicy: policy }));
  const everyone = { Type: "Group" as const, URI: "http://acs.amazonaws.com/groups/global/AllUsers" };
  const open = { Owner: answer.Owner, Grants: [{ Grantee: everyone, Permission: "READ" as const }] };
  const odd = { Owner: answer.Owner, Grants: [{ Grantee: everyone, Permission: "READ_ACP" as const }] };
  expect(await refusal(put())).toBe("no refusal");
  expect(await refusal(put(open))).toBe("400 AccessControlListNotSupported");
  await unblock();
  await s3.client.send(
    new PutBucketOwnershipControlsCommand({
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
    }),
  );
  await put(open);
  expect(await anonymous("GET", "/k")).toMatch(/^200/);
  await put();
  expect(await anonymous("GET", "/k")).toBe("403 AccessDenied");
  expect(await refusal(put(odd))).toBe("501 NotImplemented");
});

test("presigned URLs of the SDK put, get, head and delete", async () => {
  const sign = (command: object) =>
    getSignedUrl(s3.client, command as never, { expiresIn: 60, signingDate: new Date(s3.clock.now()) });
  const Key = "presigned ü+ /1";
  const body = bytes(100_000);
  // The SDK signs the CRC32 of the empty body it sees into this URL; S3 does not look at it.
  const putUrl = await sign(new PutObjectCommand({ Bucket, Key, ContentType: "text/x", Metadata: { a: "b" } }));
  expect(putUrl).toContain("x-amz-checksum-crc32=AAAAAA");
  expect((await fetch(putUrl, { method: "PUT", body, headers: { "content-type": "text/x" } })).status).toBe(200);
  const got = await fetch(await sign(new GetObjectCommand({ Bucket, Key, ResponseContentType: "text/y" })));
  expect([
    got.headers.get("content-type"),
    got.headers.get("x-amz-meta-a"),
    Buffer.from(await got.arrayBuffer()).equals(body),
  ]).toEqual(["text/y", "b", true]);
  expect(
    (await fetch(await sign(new HeadObjectCommand({ Bucket, Key })), { method: "HEAD" })).headers.get("content-length"),
  ).toBe("100000");
  const other = (await sign(new GetObjectCommand({ Bucket, Key: "k" }))).replace("/k?", "/K?");
  expect((await fetch(other)).status).toBe(403);
  const expiring = await sign(new GetObjectCommand({ Bucket, Key }));
  expect((await fetch(await sign(new DeleteObjectCommand({ Bucket, Key })), { method: "DELETE" })).status).toBe(204);
  await s3.clock.advance(61_000);
  const late = await fetch(expiring);
  expect([late.status, element(await late.text(), "Message")]).toEqual([403, "Request has expired"]);
});

interface FormOptions {
  readonly conditions?: readonly unknown[];
  readonly fields?: Readonly<Record<string, string>>;
  readonly file?: Buffer | string;
  readonly secret?: string;
  readonly expiresInMs?: number;
}

async function postForm({
  conditions = [],
  fields = {},
  file = "the file",
  secret = "test",
  expiresInMs = 60_000,
}: FormOptions): Promise<Response> {
  const now = new Date(s3.clock.now()).toISOString().replace(/[-:]|\.\d+/g, "");
  const credential = `test/${now.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signed = {
    key: "form/${filename}",
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": credential,
    "x-amz-date": now,
  };
  const policy = Buffer.from(
    JSON.stringify({
      expiration: new Date(s3.clock.now() + expiresInMs).toISOString(),
      conditions: [
        { bucket: Bucket },
        ["starts-with", "$key", "form/"],
        { "x-amz-algorithm": signed["x-amz-algorithm"] },
        { "x-amz-credential": credential },
        { "x-amz-date": now },
        ...conditions,
      ],
    }),
  ).toString("base64");
  const key = ["us-east-1", "s3", "aws4_request"].reduce(
    (key, part) => createHmac("sha256", key).update(part).digest(),
    createHmac("sha256", `AWS4${secret}`).update(now.slice(0, 8)).digest(),
  );
  const form = new FormData();
  const all = {
    ...signed,
    policy,
    "x-amz-signature": createHmac("sha256", key).update(policy).digest("hex"),
    ...fields,
  };
  for (const [name, value] of Object.entries(all)) form.append(name, value);
  form.append("file", new Blob([file], { type: "text/plain" }), "a b.txt");
  return fetch(`${s3.gateway.endpoint}/${Bucket}`, { method: "POST", body: form, redirect: "manual" });
}

test("a browser's form uploads what its policy allows, and is told as Post", async () => {
  s3.events.length = 0;
  const answer = await postForm({
    conditions: [
      ["content-length-range", 1, 200_000],
      ["eq", "$x-amz-meta-a", "b"],
    ],
    fields: { "x-amz-meta-a": "b" },
  });
  expect([answer.status, answer.headers.get("location")]).toEqual([
    204,
    `${s3.gateway.endpoint}/${Bucket}/form/a%20b.txt`,
  ]);
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: "form/a b.txt" }));
  expect([await got.Body?.transformToString(), got.ContentType, got.Metadata]).toEqual([
    "the file",
    "text/plain",
    { a: "b" },
  ]);
  expect(s3.events).toMatchObject([{ kind: "Created", action: "Post", key: "form/a b.txt", sizeBytes: 8 }]);
  const large = bytes(150_000, 5);
  expect((await postForm({ conditions: [["content-length-range", 1, 200_000]], file: large })).status).toBe(204);
  const back = await s3.client.send(new GetObjectCommand({ Bucket, Key: "form/a b.txt" }));
  expect(Buffer.from((await back.Body?.transformToByteArray()) ?? []).equals(large)).toBe(true);
});

test("a form says how it wants to be answered", async () => {
  const created = await postForm({
    conditions: [{ success_action_status: "201" }],
    fields: { success_action_status: "201" },
  });
  expect([created.status, element(await created.text(), "Key")]).toEqual([201, "form/a b.txt"]);
  const url = "http://localhost/done?x=1";
  const moved = await postForm({
    conditions: [{ success_action_redirect: url }],
    fields: { success_action_redirect: url },
  });
  expect([moved.status, moved.headers.get("location")]).toEqual([
    303,
    expect.stringMatching(/^http:\/\/localhost\/done\?x=1&bucket=access-\d+&key=form%2Fa\+b\.txt&etag=/),
  ]);
});

test.each<[string, FormOptions, number, string]>([
  ["a wrong secret", { secret: "wrong" }, 403, "SignatureDoesNotMatch"],
  ["an expired policy", { expiresInMs: -1 }, 403, "Invalid according to Policy: Policy expired."],
  [
    "a field its policy does not name",
    { fields: { "x-amz-meta-b": "c" } },
    403,
    "Invalid according to Policy: Extra input fields: x-amz-meta-b",
  ],
  [
    "a value its policy forbids",
    { conditions: [["eq", "$acl", "private"]], fields: { acl: "public-read" } },
    403,
    'Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "private"]',
  ],
  [
    "a file that is too large",
    { conditions: [["content-length-range", 0, 3]] },
    400,
    "Your proposed upload exceeds the maximum allowed size",
  ],
  [
    "a file that is too small",
    { conditions: [["content-length-range", 10, 30]] },
    400,
    "Your proposed upload is smaller than the minimum allowed size",
  ],
  [
    "a header that cannot be one",
    { conditions: [["starts-with", "$x-amz-meta-c", ""]], fields: { "x-amz-meta-c": "a\r\nb" } },
    400,
    "Header value cannot contain control characters.",
  ],
])("a form with %s is refused", async (_name, options, status, text) => {
  const files = s3.blobs().length;
  const answer = await postForm(options);
  expect([answer.status, (await answer.text()).replaceAll("&quot;", '"')]).toEqual([
    status,
    expect.stringContaining(text),
  ]);
  expect(s3.blobs()).toHaveLength(files);
});

test.each([
  ["nothing", ""],
  ["no file", '--B\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--B--\r\n'],
  [
    "an end in the middle",
    '--B\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhalf',
  ],
  ["no name", "--B\r\nContent-Disposition: form-data\r\n\r\nk\r\n--B--\r\n"],
  ["a field without end", `--B\r\nContent-Disposition: form-data; name="key"\r\n\r\n${"k".repeat(100_000)}`],
])("a form of %s is refused", async (_name, body) => {
  const answer = await s3.anonymous({
    method: "POST",
    path: `/${Bucket}`,
    body,
    headers: { ...host(), "content-type": "multipart/form-data; boundary=B", "content-length": String(body.length) },
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});

test("a form without a policy is a stranger's", async () => {
  const form = new FormData();
  form.append("key", "x");
  form.append("file", new Blob(["x"]), "f");
  const answer = await fetch(`${s3.gateway.endpoint}/${Bucket}`, { method: "POST", body: form });
  expect([answer.status, element(await answer.text(), "Code")]).toEqual([403, "AccessDenied"]);
});
