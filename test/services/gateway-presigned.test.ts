/** Signatures in the query: URLs that the SDK presigns, until they expire or are changed. */
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { element, startFixture, type Answer, type Fixture } from "./gateway-fixture.js";
import { failure, KEYS, REGION, s3ClientOf, signed, TITLED_KEYS, type Keys } from "./signing.js";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const s3Client = (keys?: Keys): S3Client => s3ClientOf(fixture, keys);

describe("a presigned URL", () => {
  const presign = (Key: string, expiresIn = 60, keys: Keys = KEYS, signingDate = new Date()): Promise<string> =>
    getSignedUrl(s3Client(keys), new GetObjectCommand({ Bucket: "bucket", Key }), { expiresIn, signingDate });
  const get = (url: string): Promise<Answer> => fixture.send({ path: url.slice(new URL(url).origin.length) });

  it.each(TITLED_KEYS)("of the SDK is good for the key %j", async (_title, key) => {
    expect((await get(await presign(key))).status).toBe(200);
    expect(decodeURIComponent(fixture.s3.last.path)).toBe(`/bucket/${key}`);
  });

  it("is good with its parameters in any order", async () => {
    const { origin, pathname, search } = new URL(await presign("k"));
    const shuffled = `${origin}${pathname}?${search.slice(1).split("&").toReversed().join("&")}`;
    expect((await get(shuffled)).status).toBe(200);
  });

  it("of a session carries its token", async () => {
    const keys = fixture.gateway.credentials.issueSession({
      roleArn: "arn:aws:iam::000000000000:role/r",
      sessionName: "s",
      expiresAtMs: Date.now() + 60_000,
    });
    const url = await presign("k", 60, keys);
    expect(url).toContain("X-Amz-Security-Token=");
    expect((await get(url)).status).toBe(200);
  });

  it("uploads", async () => {
    const url = await getSignedUrl(
      s3Client(),
      new PutObjectCommand({ Bucket: "bucket", Key: "up load.txt", ContentType: "text/plain" }),
      { expiresIn: 60 },
    );
    const answer = await fixture.send({
      method: "PUT",
      path: url.slice(new URL(url).origin.length),
      body: "data",
      headers: { "content-type": "text/plain" },
    });
    expect([answer.status, fixture.s3.last.body.toString()]).toEqual([200, "data"]);
  });

  it("expires, and says when it did", async () => {
    const signingDate = new Date(fixture.clock.now() - 61_000);
    const answer = await get(await presign("k", 60, KEYS, signingDate));
    expect(failure(answer)).toEqual([403, "AccessDenied"]);
    expect(element(answer.body, "Message")).toBe("Request has expired");
    expect(element(answer.body, "X-Amz-Expires")).toBe("60");
    expect(element(answer.body, "Expires")).toBe(
      `${new Date(signingDate.getTime() + 60_000).toISOString().slice(0, 19)}Z`,
    );
    expect(element(answer.body, "ServerTime")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it("expires by the stack's clock", async () => {
    const isolated = await startFixture();
    const client = new S3Client({
      endpoint: isolated.gateway.endpoint,
      region: REGION,
      credentials: KEYS,
      forcePathStyle: true,
    });
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: "b", Key: "k" }), { expiresIn: 3600 });
    const path = url.slice(new URL(url).origin.length);
    expect((await isolated.send({ path })).status).toBe(200);
    await isolated.clock.advance(3_601_000);
    expect((await isolated.send({ path })).status).toBe(403);
    await isolated.stop();
  });

  it.each<[what: string, change: (url: string) => string, status: number, code: string, text: string]>([
    ["another key", (u) => u.replace("/bucket/k", "/bucket/other"), 403, "SignatureDoesNotMatch", "does not match"],
    ["another bucket", (u) => u.replace("/bucket/k", "/other/k"), 403, "SignatureDoesNotMatch", "does not match"],
    [
      "a longer life",
      (u) => u.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
      403,
      "SignatureDoesNotMatch",
      "does not match",
    ],
    [
      "a life of eight days",
      (u) => u.replace("X-Amz-Expires=60", "X-Amz-Expires=691200"),
      400,
      "AuthorizationQueryParametersError",
      "less than a week",
    ],
    [
      "a negative life",
      (u) => u.replace("X-Amz-Expires=60", "X-Amz-Expires=-1"),
      400,
      "AuthorizationQueryParametersError",
      "must be non-negative",
    ],
    [
      "a life that is no number",
      (u) => u.replace("X-Amz-Expires=60", "X-Amz-Expires=soon"),
      400,
      "AuthorizationQueryParametersError",
      "should be a number",
    ],
    [
      "a missing date",
      (u) => u.replace(/X-Amz-Date=[^&]+&/, ""),
      400,
      "AuthorizationQueryParametersError",
      "requires the X-Amz-Algorithm",
    ],
    [
      "a date of another form",
      (u) => u.replace(/X-Amz-Date=[^&]+/, "X-Amz-Date=2026-01-01"),
      400,
      "AuthorizationQueryParametersError",
      "ISO8601",
    ],
    [
      "another algorithm",
      (u) => u.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
      400,
      "AuthorizationQueryParametersError",
      "X-Amz-Algorithm only supports",
    ],
    [
      "a broken credential",
      (u) => u.replace(/%2Faws4_request/, ""),
      400,
      "AuthorizationQueryParametersError",
      "Credential is mal-formed",
    ],
    [
      "a signature with something behind it",
      (u) => u.replace(/X-Amz-Signature=[0-9a-f]+/, "$&zz"),
      403,
      "SignatureDoesNotMatch",
      "does not match",
    ],
    [
      "a signature that is none",
      (u) => u.replace(/X-Amz-Signature=[0-9a-f]+/, "X-Amz-Signature=zz"),
      403,
      "SignatureDoesNotMatch",
      "does not match",
    ],
    [
      "another key id",
      (u) => u.replace("Credential=test", "Credential=nobody"),
      403,
      "InvalidAccessKeyId",
      "does not exist",
    ],
  ])("is refused with %s", async (_what, change, status, code, text) => {
    const url = await presign("k");
    const changed = change(url);
    expect(changed).not.toBe(url);
    const answer = await get(changed);
    expect(failure(answer)).toEqual([status, code]);
    expect(answer.body).toContain(text);
  });

  it("is refused beside an Authorization header, and with a date in the future", async () => {
    const url = await presign("k");
    const { headers = {} } = await signed(fixture, { method: "PUT", path: "/bucket/key", body: "content" });
    const answer = await fixture.send({ path: url.slice(new URL(url).origin.length), headers });
    expect(failure(answer)).toEqual([400, "InvalidArgument"]);
    const later = await get(await presign("k", 60, KEYS, new Date(Date.now() + 3_600_000)));
    expect(element(later.body, "Message")).toBe("Request is not yet valid");
  });

  it("made by a function verifies in a later process on the same state folder, and in no other", async () => {
    const store = fixture.store();
    const keys = fixture.gateway.credentials.issueSession({
      roleArn: "arn:aws:iam::000000000000:role/r",
      sessionName: "s",
      expiresAtMs: Date.now() + 60_000,
    });
    const later = await startFixture({ store: () => store });
    const elsewhere = await startFixture();
    const client = new S3Client({
      endpoint: "http://127.0.0.1:4566",
      region: REGION,
      credentials: keys,
      forcePathStyle: true,
    });
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: "b", Key: "k" }), { expiresIn: 60 });
    const request = { path: url.slice(new URL(url).origin.length), headers: { host: "127.0.0.1:4566" } };
    expect((await later.send(request)).status).toBe(200);
    expect(failure(await elsewhere.send(request))).toEqual([400, "InvalidToken"]);
    await later.stop();
    await elsewhere.stop();
  });
});
