/** Signatures in headers: what the SDKs make verifies, and what was falsified is refused in the words of each service. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { SQSClient, ListQueuesCommand } from "@aws-sdk/client-sqs";
import { LambdaClient, InvokeCommand } from "@aws-sdk/client-lambda";
import { SignatureV4 } from "@smithy/signature-v4";
import {
  element,
  RecordingService,
  Sha256,
  sha256Hex,
  startFixture,
  type Answer,
  type Fixture,
  type RawRequest,
} from "./gateway-fixture.js";
import { failure, KEYS, REGION, s3ClientOf, signed, TITLED_KEYS, type Keys, type SignOptions } from "./signing.js";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture({ keyPairs: [{ accessKeyId: "second", secretAccessKey: "store/secret+key" }] });
});
afterAll(() => fixture.stop());

const s3Client = (keys?: Keys): S3Client => s3ClientOf(fixture, keys);
const put = (path = "/bucket/key", body = "content"): Promise<RawRequest> =>
  signed(fixture, { method: "PUT", path, body });

describe("a header signature made by the SDK", () => {
  it.each(TITLED_KEYS)("verifies for the key %j", async (_title, Key) => {
    await s3Client().send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "content" }));
    expect(decodeURIComponent(fixture.s3.last.path)).toBe(`/bucket/${Key}`);
    expect(fixture.s3.last.body.toString()).toBe("content");
    expect(fixture.s3.last.caller?.accountId).toBe("000000000000");
  });

  it("verifies with metadata, content headers and a query", async () => {
    const command = new PutObjectCommand({
      Bucket: "bucket",
      Key: "k",
      Body: "content",
      Metadata: { one: "a   b", two: " trimmed " },
      ContentType: "text/plain; charset=utf-8",
      Tagging: "a=b&c=d e",
    });
    await s3Client().send(command);
    await s3Client().send(
      new GetObjectCommand({
        Bucket: "bucket",
        Key: "k",
        VersionId: "a/b+c",
        ResponseContentDisposition: 'attachment; filename="ü.pdf"',
      }),
    );
    expect(fixture.s3.last.query).toContain("versionId=a%2Fb%2Bc");
  });

  it("verifies for every pair that was configured", async () => {
    await s3Client({ accessKeyId: "second", secretAccessKey: "store/secret+key" }).send(
      new GetObjectCommand({ Bucket: "b", Key: "k" }),
    );
    expect(fixture.s3.last.caller?.accessKeyId).toBe("second");
  });

  it("verifies in virtual-host style, and the service sees the path style", async () => {
    const { port } = fixture.gateway;
    const host = `my.bucket.s3.localhost:${port}`;
    await fixture.send(await signed(fixture, { method: "PUT", path: "/a/key", body: "x", headers: { host } }));
    expect(fixture.s3.last.path).toBe("/my.bucket/a/key");
  });

  it("verifies for JSON, Query, REST and double-encoded paths", async () => {
    const other = new RecordingService();
    const names = ["dynamodb", "sts", "sqs", "lambda"];
    const isolated = await startFixture();
    for (const name of names) isolated.gateway.addService(name, other);
    const config = { endpoint: isolated.gateway.endpoint, region: REGION, credentials: KEYS, maxAttempts: 1 };
    await new DynamoDBClient(config).send(new ListTablesCommand({})).catch(() => undefined);
    await new STSClient(config).send(new GetCallerIdentityCommand({})).catch(() => undefined);
    await new SQSClient(config).send(new ListQueuesCommand({})).catch(() => undefined);
    const FunctionName = "arn:aws:lambda:us-east-1:000000000000:function:f";
    await new LambdaClient(config).send(
      new InvokeCommand({ FunctionName, Qualifier: "$LATEST", Payload: Buffer.from("{}") }),
    );
    expect(other.received.map(({ path }) => path)).toEqual([
      "/",
      "/",
      "/",
      `/2015-03-31/functions/${encodeURIComponent(FunctionName)}/invocations`,
    ]);
    expect(other.received.every(({ caller }) => caller?.accessKeyId === "test")).toBe(true);
    await isolated.stop();
  });

  it("verifies when the client signs the hash of a body that no header names", async () => {
    const dynamo = new RecordingService();
    fixture.gateway.addService("dynamodb", dynamo);
    const body = '{"TableName":"t"}';
    const request = await signed(
      fixture,
      { method: "POST", path: "/", body, headers: { "x-amz-target": "DynamoDB_20120810.DescribeTable" } },
      { service: "dynamodb" },
    );
    const { "x-amz-content-sha256": named, ...headers } = request.headers as Record<string, string>;
    expect(named).toBe(sha256Hex(body));
    // Signed with the header, so it is missing now; without it the signer does as botocore does.
    const signer = new SignatureV4({
      credentials: KEYS,
      region: REGION,
      service: "dynamodb",
      sha256: Sha256,
      applyChecksum: false,
    });
    const { host } = headers;
    const bare = {
      method: "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      path: "/",
      query: {},
      headers: { host: host ?? "", "x-amz-target": "DynamoDB_20120810.DescribeTable" },
      body,
    };
    const again = await signer.sign(bare as Parameters<typeof signer.sign>[0]);
    expect((await fixture.send({ method: "POST", path: "/", headers: again.headers, body })).status).toBe(200);
    expect(dynamo.last.body.toString()).toBe(body);
    const tampered = await fixture.send({
      method: "POST",
      path: "/",
      headers: again.headers,
      body: body.replace("t", "u"),
    });
    expect(tampered.status).toBe(400);
    expect(tampered.body).toContain("InvalidSignatureException");
  });

  it("verifies when a header is repeated, folded with spaces, or not signed at all", async () => {
    const base = { "content-type": "text/plain", "x-amz-meta-a": "one   two,three" };
    const request = await signed(fixture, { method: "PUT", path: "/bucket/key", body: "x", headers: base });
    const headers = { ...request.headers, "x-amz-meta-a": ["one two", "three"], "x-custom": "unsigned", accept: "*/*" };
    expect((await fixture.send({ ...request, headers })).status).toBe(200);
  });

  it("verifies when path and query are sent in another spelling than they were signed", async () => {
    const request = await signed(
      fixture,
      { method: "GET", path: "/bucket/a%28b%29%20c" },
      { query: { prefix: "a/b c" } },
    );
    expect((await fixture.send({ ...request, path: "/bucket/a(b)%20c?prefix=a/b+c" })).status).toBe(200);
  });
});

describe("a header signature that does not hold", () => {
  it("is refused with the text that S3 calculated", async () => {
    const request = await signed(
      fixture,
      { method: "PUT", path: "/bucket/key", body: "x" },
      { keys: { ...KEYS, secretAccessKey: "other" } },
    );
    const answer = await fixture.send(request);
    expect(failure(answer)).toEqual([403, "SignatureDoesNotMatch"]);
    expect(element(answer.body, "AWSAccessKeyId")).toBe("test");
    expect(element(answer.body, "StringToSign")).toMatch(
      /^AWS4-HMAC-SHA256\n\d{8}T\d{6}Z\n\d{8}\/us-east-1\/s3\/aws4_request\n[0-9a-f]{64}$/,
    );
    expect(element(answer.body, "CanonicalRequest")).toMatch(/^PUT\n\/bucket\/key\n\n/);
    expect(element(answer.body, "RequestId")).toMatch(/^[0-9A-F]{16}$/);
    expect(element(answer.body, "HostId")).toBeDefined();
  });

  it.each<[what: string, change: (request: RawRequest) => RawRequest]>([
    ["another key", (r) => ({ ...r, path: "/bucket/other" })],
    ["another bucket", (r) => ({ ...r, path: "/other/key" })],
    ["another method", (r) => ({ ...r, method: "DELETE" })],
    ["a query that was not there", (r) => ({ ...r, path: `${r.path}?acl` })],
    ["a changed header", (r) => ({ ...r, headers: { ...r.headers, "x-amz-meta-a": "changed" } })],
    ["another host", (r) => ({ ...r, headers: { ...r.headers, host: "localhost" } })],
  ])("is refused for %s", async (_what, change) => {
    const request = await signed(fixture, {
      method: "PUT",
      path: "/bucket/key",
      body: "content",
      headers: { "x-amz-meta-a": "value" },
    });
    expect(failure(await fixture.send(change(request)))).toEqual([403, "SignatureDoesNotMatch"]);
  });

  it("is refused for a body that is not the signed one", async () => {
    const request = await put();
    const before = fixture.s3.received.length;
    expect(failure(await fixture.send({ ...request, body: "CONTENT" }))).toEqual([400, "XAmzContentSHA256Mismatch"]);
    const long = await put("/bucket/key", "x".repeat(100_000));
    const answer = await fixture.send({ ...long, body: "y".repeat(100_000) });
    expect(failure(answer)).toEqual([400, "XAmzContentSHA256Mismatch"]);
    expect(fixture.s3.received.length).toBe(before);
  });

  it("is refused for an x-amz header that nobody signed", async () => {
    const request = await put();
    const answer = await fixture.send({ ...request, headers: { ...request.headers, "x-amz-acl": "public-read" } });
    expect(failure(answer)).toEqual([403, "AccessDenied"]);
    expect(element(answer.body, "HeadersNotSigned")).toBe("x-amz-acl");
  });

  it.each([-16, 16])("is refused %i minutes off the clock", async (minutes) => {
    const signingDate = new Date(Date.now() + minutes * 60_000);
    const answer = await fixture.send(await signed(fixture, { method: "GET", path: "/b/k" }, { signingDate }));
    expect(failure(answer)).toEqual([403, "RequestTimeTooSkewed"]);
    expect(element(answer.body, "MaxAllowedSkewMilliseconds")).toBe("900000");
  });

  it.each([-14, 14])("is good %i minutes off the clock", async (minutes) => {
    const signingDate = new Date(Date.now() + minutes * 60_000);
    expect((await fixture.send(await signed(fixture, { method: "GET", path: "/b/k" }, { signingDate }))).status).toBe(
      200,
    );
  });

  it("is refused for a key that nobody has", async () => {
    const request = await signed(
      fixture,
      { method: "GET", path: "/b/k" },
      { keys: { ...KEYS, accessKeyId: "AKIANOBODY" } },
    );
    const answer = await fixture.send(request);
    expect(failure(answer)).toEqual([403, "InvalidAccessKeyId"]);
    expect(element(answer.body, "AWSAccessKeyId")).toBe("AKIANOBODY");
  });

  it("has no body in the answer to a HEAD", async () => {
    const answer = await fixture.send(
      await signed(fixture, { method: "HEAD", path: "/b/k" }, { keys: { ...KEYS, secretAccessKey: "x" } }),
    );
    expect([answer.status, answer.body]).toEqual([403, ""]);
  });

  it.each<[credential: string, code: string, text: string]>([
    ["test/20260101/us-east-1/s3", "AuthorizationHeaderMalformed", "the Credential is mal-formed"],
    ["test/2026-01/us-east-1/s3/aws4_request", "AuthorizationHeaderMalformed", "incorrect date format"],
    ["test/20260101//s3/aws4_request", "AuthorizationHeaderMalformed", "non-empty region"],
    ["test/20260101/us-east-1/s3/aws4_reque", "AuthorizationHeaderMalformed", "incorrect terminal"],
    ["test/20200101/us-east-1/s3/aws4_request", "AuthorizationHeaderMalformed", "Date is not the same as X-Amz-Date"],
  ])("is refused for the credential %s", async (credential, code, text) => {
    const request = await put();
    const authorization = String(request.headers?.["authorization"]).replace(
      /Credential=[^,]+/,
      `Credential=${credential}`,
    );
    const answer = await fixture.send({ ...request, headers: { ...request.headers, authorization } });
    expect(failure(answer)).toEqual([400, code]);
    expect(answer.body).toContain(text);
  });
});

describe("the refusal of a service that is not S3", () => {
  const bad = { ...KEYS, accessKeyId: "AKIANOBODY" };
  const call = async (
    service: string,
    headers: Record<string, string>,
    options: SignOptions = {},
    path = "/",
  ): Promise<Answer> => {
    fixture.gateway.addService(service, new RecordingService());
    return fixture.send(await signed(fixture, { method: "POST", path, body: "{}", headers }, { service, ...options }));
  };

  it("has the JSON form of the request's version", async () => {
    const answer = await call(
      "dynamodb",
      { "x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0" },
      { keys: bad },
    );
    expect(answer.status).toBe(400);
    expect(answer.headers["content-type"]).toBe("application/x-amz-json-1.0");
    expect(JSON.parse(answer.body)).toEqual({
      __type: "com.amazon.coral.service#UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    });
  });

  it("has the Query form for forms", async () => {
    const answer = await call(
      "sts",
      { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      { keys: bad },
    );
    expect([answer.status, element(answer.body, "Code"), element(answer.body, "Type")]).toEqual([
      403,
      "InvalidClientTokenId",
      "Sender",
    ]);
  });

  it("has the REST form for Lambda", async () => {
    const answer = await call("lambda", {}, { keys: bad }, "/2015-03-31/functions/f/invocations");
    expect([answer.status, answer.headers["x-amzn-errortype"]]).toEqual([403, "UnrecognizedClientException"]);
  });

  it("has the CBOR form for CBOR", async () => {
    const path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    fixture.gateway.addService("cloudwatch", new RecordingService());
    const answer = await fixture.send(
      await signed(
        fixture,
        { method: "POST", path, body: "", headers: { "smithy-protocol": "rpc-v2-cbor" } },
        { service: "monitoring", keys: bad },
      ),
    );
    expect([answer.status, answer.headers["content-type"]]).toEqual([400, "application/cbor"]);
    expect(answer.body).toContain("UnrecognizedClientException");
  });

  it("says by how much the clocks differ", async () => {
    const signingDate = new Date(Date.now() - 20 * 60_000);
    const answer = await call("dynamodb", { "x-amz-target": "DynamoDB_20120810.ListTables" }, { signingDate });
    expect(answer.body).toMatch(
      /InvalidSignatureException.*Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)/,
    );
  });

  it("names everything that an Authorization header lacks, its date included", async () => {
    fixture.gateway.addService("lambda", new RecordingService());
    const path = "/2015-03-31/functions/f/invocations";
    const authorization = "AWS4-HMAC-SHA256 Credential=x";
    const answer = await fixture.send({ method: "POST", path, headers: { authorization }, body: "{}" });
    expect([answer.status, answer.headers["x-amzn-errortype"]]).toEqual([403, "IncompleteSignatureException"]);
    expect(answer.body).toContain(
      "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Credential=x",
    );
    // Also where its date is long past.
    const old = { authorization, "x-amz-date": "20150101T000000Z" };
    expect((await fixture.send({ method: "POST", path, headers: old, body: "{}" })).body).toContain(
      "requires 'SignedHeaders' parameter. Authorization=",
    );
  });

  it("asks for a token when there is none", async () => {
    fixture.gateway.addService("dynamodb", new RecordingService());
    const answer = await fixture.send({
      method: "POST",
      path: "/",
      headers: { "x-amz-target": "DynamoDB_20120810.ListTables" },
      body: "{}",
    });
    expect(answer.body).toContain("MissingAuthenticationTokenException");
  });
});

describe("session credentials", () => {
  const session = (lifeMs = 3_600_000): Required<Keys> =>
    fixture.gateway.credentials.issueSession({
      roleArn: "arn:aws:iam::000000000000:role/service-role/reader",
      sessionName: "manifest",
      expiresAtMs: fixture.clock.now() + lifeMs,
    });

  it("sign requests of the assumed role", async () => {
    await s3Client(session()).send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
    expect(fixture.s3.last.caller?.arn).toBe("arn:aws:sts::000000000000:assumed-role/reader/manifest");
    expect(fixture.s3.last.caller?.userId).toMatch(/^AROA[A-Z2-7]{17}:manifest$/);
  });

  it("are refused without their token, with another one, and after their time", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = session();
    const request = { method: "GET", path: "/b/k" };
    const send = async (keys: Keys): Promise<[number, string | undefined]> =>
      failure(await fixture.send(await signed(fixture, request, { keys })));
    expect(await send({ accessKeyId, secretAccessKey })).toEqual([403, "InvalidAccessKeyId"]);
    expect(await send({ accessKeyId, secretAccessKey, sessionToken: "garbage" })).toEqual([400, "InvalidToken"]);
    expect(await send({ accessKeyId, secretAccessKey, sessionToken: session().sessionToken })).toEqual([
      400,
      "InvalidToken",
    ]);
    expect(await send({ ...KEYS, sessionToken })).toEqual([400, "InvalidToken"]);
    expect(await send(session(-1))).toEqual([400, "ExpiredToken"]);
  });
});

describe("a malformed Authorization header", () => {
  it("is always the client's fault", async () => {
    const good = String((await put()).headers?.["authorization"]);
    // A fixed seed: a run that fails can be run again.
    let seed = 20_260_131;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const junk = [" ", ",", "=", "/", ";", "%", "AWS4-HMAC-SHA256", "AWS", "Credential=", "\t", "é", '"', "test", "//"];
    const request = await put();
    for (let i = 0; i < 400; i++) {
      let authorization = good;
      for (let edits = 1 + random(3); edits > 0; edits--) {
        const at = random(authorization.length);
        authorization =
          authorization.slice(0, at) + (junk[random(junk.length)] ?? "") + authorization.slice(at + random(40));
      }
      const answer = await fixture.send({ ...request, headers: { ...request.headers, authorization } });
      // White space in some places changes nothing; what was signed still counts.
      const unchanged = answer.status === 200;
      expect([authorization, unchanged || (answer.status >= 400 && answer.status < 500)]).toEqual([
        authorization,
        true,
      ]);
    }
  });

  it.each([
    "Basic dGVzdDp0ZXN0",
    "Bearer x",
    "AWS4-ECDSA-P256-SHA256 Credential=x",
    "nonsense",
    "AWS4-HMAC-SHA256 Credential=x",
  ])("%s is refused by S3 with 400", async (authorization) => {
    const { headers } = await put();
    expect((await fixture.send({ method: "PUT", path: "/b/k", headers: { ...headers, authorization } })).status).toBe(
      400,
    );
  });
});
