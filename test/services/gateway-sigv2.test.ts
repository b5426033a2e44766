import { createHmac } from "node:crypto";
import { element, RecordingService, startFixture, type Answer, type Fixture } from "./gateway-fixture.js";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

/** Signature of a string to sign, as the published algorithm says: base64 of HMAC-SHA1. */
const signatureOf = (lines: readonly string[], secret = "test"): string =>
  createHmac("sha1", secret).update(lines.join("\n")).digest("base64");
const failure = ({ status, body }: Answer): [number, string | undefined] => [status, element(body, "Code")];
const inSeconds = (seconds: number): string => String(Math.floor(fixture.clock.now() / 1000) + seconds);
const now = (): string => new Date(fixture.clock.now()).toUTCString();

function url(
  path: string,
  lines: (expires: string) => string[],
  options: { expires?: string; secret?: string; key?: string } = {},
): string {
  const { expires = inSeconds(60), secret = "test", key = "test" } = options;
  const signature = encodeURIComponent(signatureOf(lines(expires), secret));
  return `${path}${path.includes("?") ? "&" : "?"}AWSAccessKeyId=${key}&Signature=${signature}&Expires=${expires}`;
}

describe("a URL presigned with Signature Version 2", () => {
  it.each<[what: string, path: string, resource: string]>([
    ["a plain key", "/bucket/key.pdf", "/bucket/key.pdf"],
    ["an awkward key", "/bucket/a%20b%2Bc/%C3%BC%25.pdf", "/bucket/a%20b%2Bc/%C3%BC%25.pdf"],
    ["a sub-resource", "/bucket/key?versionId=v1&acl&other=1", "/bucket/key?acl&versionId=v1"],
    [
      "an overridden header",
      "/bucket/key?response-content-type=text%2Fplain",
      "/bucket/key?response-content-type=text/plain",
    ],
  ])("is good for %s", async (_what, path, resource) => {
    const answer = await fixture.send({ path: url(path, (expires) => ["GET", "", "", expires, resource]) });
    expect(answer.status).toBe(200);
    expect(fixture.s3.last.caller?.accessKeyId).toBe("test");
  });

  it("uploads, with type, checksum and metadata signed", async () => {
    const headers = {
      "content-type": "text/plain",
      "content-md5": "mgNkuembtIDdJeHwKEyFVQ==",
      "x-amz-meta-b": "2",
      "x-amz-acl": "private",
    };
    const path = url("/bucket/key", (expires) => [
      "PUT",
      headers["content-md5"],
      "text/plain",
      expires,
      "x-amz-acl:private",
      "x-amz-meta-b:2",
      "/bucket/key",
    ]);
    expect((await fixture.send({ method: "PUT", path, headers, body: "content" })).status).toBe(200);
    expect(fixture.s3.last.body.toString()).toBe("content");
    expect(
      failure(
        await fixture.send({ method: "PUT", path, headers: { ...headers, "x-amz-meta-b": "3" }, body: "content" }),
      ),
    ).toEqual([403, "SignatureDoesNotMatch"]);
  });

  it("names the bucket in the signature also when it stands in the host", async () => {
    const path = url("/key", (expires) => ["GET", "", "", expires, "/bucket/key"]);
    expect((await fixture.send({ path, headers: { host: "bucket.localhost" } })).status).toBe(200);
    expect(fixture.s3.last.path).toBe("/bucket/key");
  });

  it("of a session signs its token among the headers", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = fixture.gateway.credentials.issueSession({
      roleArn: "arn:aws:iam::000000000000:role/r",
      sessionName: "s",
      expiresAtMs: fixture.clock.now() + 60_000,
    });
    const withToken = `/b/k?x-amz-security-token=${encodeURIComponent(sessionToken)}`;
    const path = url(withToken, (expires) => ["GET", "", "", expires, `x-amz-security-token:${sessionToken}`, "/b/k"], {
      key: accessKeyId,
      secret: secretAccessKey,
    });
    expect((await fixture.send({ path })).status).toBe(200);
  });

  const plain = (expires: string): string[] => ["GET", "", "", expires, "/b/k"];
  it.each<[what: string, path: () => string, status: number, code: string]>([
    ["another key", () => url("/b/k", plain).replace("/b/k", "/b/other"), 403, "SignatureDoesNotMatch"],
    ["another secret", () => url("/b/k", plain, { secret: "x" }), 403, "SignatureDoesNotMatch"],
    [
      "something behind the signature",
      () => url("/b/k", plain).replace("%3D&Expires", "%3D%3D&Expires"),
      403,
      "SignatureDoesNotMatch",
    ],
    ["an unknown key id", () => url("/b/k", plain, { key: "nobody" }), 403, "InvalidAccessKeyId"],
    ["a time that is over", () => url("/b/k", plain, { expires: inSeconds(-2) }), 403, "AccessDenied"],
    ["a time that is none", () => url("/b/k", plain, { expires: "soon" }), 403, "AccessDenied"],
    ["no time", () => url("/b/k", plain).replace(/&Expires=\d+/, ""), 403, "AccessDenied"],
  ])("is refused for %s", async (_what, path, status, code) => {
    expect(failure(await fixture.send({ path: path() }))).toEqual([status, code]);
  });
});

describe("an Authorization header of Signature Version 2", () => {
  const send = (authorization: string, headers: Record<string, string> = {}): Promise<Answer> =>
    fixture.send({ path: "/bucket/key", headers: { ...headers, authorization } });

  it("is good with the date in Date, and with the date in x-amz-date", async () => {
    const date = now();
    expect((await send(`AWS test:${signatureOf(["GET", "", "", date, "/bucket/key"])}`, { date })).status).toBe(200);
    const lines = ["GET", "", "", "", `x-amz-date:${date}`, "/bucket/key"];
    expect((await send(`AWS test:${signatureOf(lines)}`, { "x-amz-date": date })).status).toBe(200);
  });

  it("is no signature for other services", async () => {
    fixture.gateway.addService("dynamodb", new RecordingService());
    const date = now();
    const headers = { date, "x-amz-target": "DynamoDB_20120810.ListTables" };
    const authorization = `AWS test:${signatureOf(["POST", "", "", date, "x-amz-target:DynamoDB_20120810.ListTables", "/"])}`;
    const answer = await fixture.send({
      method: "POST",
      path: "/",
      headers: { ...headers, authorization },
      body: "{}",
    });
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining("IncompleteSignatureException")]);
  });

  it("is refused when it is not of that form, not of this time, or not right", async () => {
    const date = now();
    const old = new Date(fixture.clock.now() - 20 * 60_000).toUTCString();
    expect(failure(await send("AWS test", { date }))).toEqual([400, "InvalidArgument"]);
    expect(failure(await send("AWS test:a:b", { date }))).toEqual([400, "InvalidArgument"]);
    expect(failure(await send("AWS test:abc"))).toEqual([403, "AccessDenied"]);
    expect(failure(await send(`AWS test:${signatureOf(["GET", "", "", old, "/bucket/key"])}`, { date: old }))).toEqual([
      403,
      "RequestTimeTooSkewed",
    ]);
    expect(failure(await send("AWS test:AAAA", { date }))).toEqual([403, "SignatureDoesNotMatch"]);
  });
});
