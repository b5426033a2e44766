import { createServer, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import {
  SecretsManagerClient,
  ListSecretsCommand,
  StopReplicationToReplicaCommand,
} from "@aws-sdk/client-secrets-manager";
import { AppError } from "../../src/shared/errors.js";
import { AwsError } from "../../src/services/kit/aws-error.js";
import type { EmbeddedService, ServiceRequest } from "../../src/services/service.js";
import { element, RecordingService, startFixture, type Fixture } from "./gateway-fixture.js";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture({ hosts: ["aws.test"], origins: ["https://app.test"], version: "1.2.3" });
});
afterAll(() => fixture.stop());

const client = (endpoint = fixture.gateway.endpoint): S3Client =>
  new S3Client({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    forcePathStyle: true,
  });

describe("starting", () => {
  it("opens no state and loads no service", async () => {
    const fresh = await startFixture();
    const { status } = await fresh.send({ path: "/_lambda-run/health" });
    expect([status, fresh.opened()]).toEqual([200, 0]);
    await fresh.stop();
  });

  it("takes the next port when the wished one is taken, and says which", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = other.address() as AddressInfo;
      const fresh = await startFixture({ port, fallbackPorts: true });
      expect(fresh.gateway.port).toBeGreaterThan(port);
      expect(fresh.gateway.endpoint).toBe(`http://127.0.0.1:${fresh.gateway.port}`);
      await fresh.stop();
      await expect(startFixture({ port })).rejects.toThrow(AppError);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it("reports its services to both kinds of health check", async () => {
    const ours = JSON.parse((await fixture.send({ path: "/_lambda-run/health" })).body) as Record<string, unknown>;
    expect(ours).toMatchObject({
      status: "ok",
      version: "1.2.3",
      realm: { region: "us-east-1" },
      services: { s3: "running", sts: "available" },
    });
    const theirs = JSON.parse((await fixture.send({ path: "/_localstack/health" })).body) as Record<string, unknown>;
    expect(theirs).toMatchObject({ version: "1.2.3", services: { s3: "running" } });
  });

  it("offers only the services that are wished", async () => {
    const fresh = await startFixture({ services: ["sqs"] });
    const { services } = JSON.parse((await fresh.send({ path: "/_lambda-run/health" })).body) as { services: object };
    expect(Object.keys(services).toSorted()).toEqual(["s3", "sqs"]);
    await expect(fresh.gateway.service("dynamodb")).rejects.toThrow("no embedded service");
    await fresh.stop();
  });
});

describe("routing", () => {
  const services = new Map<string, RecordingService>();
  beforeAll(() => {
    for (const name of ["sqs", "sts", "lambda", "dynamodb", "cloudwatch", "execute-api"]) {
      const service = new RecordingService();
      services.set(name, service);
      fixture.gateway.addService(name, service, { anonymous: true });
    }
    services.set("s3", fixture.s3);
  });

  it.each<[service: string, method: string, path: string, headers: Record<string, string>, body: string]>([
    ["dynamodb", "POST", "/", { "x-amz-target": "DynamoDB_20120810.GetItem" }, ""],
    ["dynamodb", "POST", "/", { "x-amz-target": "DynamoDBStreams_20120810.ListStreams" }, ""],
    ["lambda", "POST", "/2015-03-31/functions/f/invocations", {}, ""],
    [
      "cloudwatch",
      "POST",
      "/service/GraniteServiceVersion20100801/operation/PutMetricData",
      { "smithy-protocol": "rpc-v2-cbor" },
      "",
    ],
    [
      "sqs",
      "POST",
      "/",
      { "content-type": "application/x-www-form-urlencoded" },
      "Action=ListQueues&Version=2012-11-05",
    ],
    ["sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", {}, ""],
    ["cloudwatch", "GET", "/?Version=2010-08-01&Action=ListMetrics", {}, ""],
    ["sqs", "GET", "/", { host: "sqs.us-east-1.localhost:4566" }, ""],
    ["execute-api", "GET", "/prod/items", { host: "abc123.execute-api.localhost" }, ""],
    ["execute-api", "GET", "/prod/items", { host: "abc123.execute-api.eu-west-1.localhost" }, ""],
    ["s3", "GET", "/bucket/key", {}, ""],
    ["s3", "GET", "/key", { host: "bucket.localhost:4566" }, ""],
    ["s3", "GET", "/key", { host: "bucket.s3.eu-central-1.localhost" }, ""],
    ["s3", "POST", "/bucket", { "content-type": "multipart/form-data; boundary=x" }, ""],
  ])("finds %s for %s %s %j", async (name, method, path, headers, body) => {
    const service = services.get(name);
    const before = service?.received.length ?? 0;
    await fixture.send({ method, path, headers, body });
    expect(service?.received.length).toBe(before + 1);
  });

  it.each<[host: string, path: string]>([
    ["bucket.localhost", "/bucket/a/key"],
    ["my.dotted.bucket.localhost:80", "/my.dotted.bucket/a/key"],
    ["bucket.s3.localhost", "/bucket/a/key"],
    ["bucket.s3.us-east-1.localhost", "/bucket/a/key"],
    ["bucket.s3.localhost.localstack.cloud:4566", "/bucket/a/key"],
    ["bucket.aws.test", "/bucket/a/key"],
    ["s3.localhost", "/a/key"],
    ["s3.us-east-1.localhost", "/a/key"],
    ["localhost:4566", "/a/key"],
    ["127.0.0.1:4566", "/a/key"],
    ["[::1]:4566", "/a/key"],
  ])("reads the bucket from the host %s", async (host, path) => {
    await fixture.send({ path: "/a/key", headers: { host } });
    expect(fixture.s3.last.path).toBe(path);
  });

  it("takes a whole URL in the request line, as proxies send it", async () => {
    await fixture.send({ path: "http://localhost:4566/bucket/key?versions", headers: { host: "localhost" } });
    expect([fixture.s3.last.path, fixture.s3.last.query]).toEqual(["/bucket/key", "versions"]);
  });
});

describe("a service that is not emulated, or only in part", () => {
  it.each<
    [
      protocol: string,
      path: string,
      headers: Record<string, string>,
      body: string,
      expected: [status: number, text: string],
    ]
  >([
    [
      "JSON",
      "/",
      { "x-amz-target": "TrentService.Encrypt", "content-type": "application/x-amz-json-1.1" },
      "{}",
      [400, '"__type":"UnknownOperationException"'],
    ],
    ["an unknown JSON target", "/", { "x-amz-target": "Mystery_2030.Solve" }, "{}", [400, "(operation Solve)"]],
    [
      "Query",
      "/",
      { "content-type": "application/x-www-form-urlencoded" },
      "Action=ListUsers&Version=2010-05-08",
      [400, "<Code>InvalidAction</Code>"],
    ],
    ["REST", "/2015-03-31/functions", {}, "", [404, "is not emulated by lambda-run"]],
  ])("is named, with the operation, in the form of %s", async (_protocol, path, headers, body, [status, text]) => {
    const fresh = await startFixture();
    const answer = await fresh.send({ method: "POST", path, headers, body });
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(text);
    await fresh.send({ method: "POST", path, headers, body });
    expect(fresh.warnings).toHaveLength(1);
    expect(fresh.warnings[0]).toContain("docs/fidelity.md");
    await fresh.stop();
  });

  it("has operations that are not: told once each, with the page of what is", async () => {
    const fresh = await startFixture();
    const secrets = new SecretsManagerClient({
      endpoint: fresh.gateway.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = "Action=AssumeRoleWithSAML&Version=2011-06-15";
    for (let i = 0; i < 2; i++) {
      await expect(secrets.send(new StopReplicationToReplicaCommand({ SecretId: "s" }))).rejects.toMatchObject({
        name: "UnknownOperationException",
      });
      expect((await fresh.send({ method: "POST", path: "/", headers, body })).status).toBe(400);
    }
    expect(fresh.warnings).toEqual([
      "The operation StopReplicationToReplica is not emulated by lambda-run. See docs/fidelity.md",
      "The action AssumeRoleWithSAML is not emulated by lambda-run. See docs/fidelity.md",
    ]);
    secrets.destroy();
    await fresh.stop();
  });

  it("reaches SDK code as an error with a name", async () => {
    const fresh = await startFixture({ services: ["s3"] });
    const secrets = new SecretsManagerClient({
      endpoint: fresh.gateway.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await expect(secrets.send(new ListSecretsCommand({}))).rejects.toMatchObject({
      name: "UnknownOperationException",
      message: expect.stringContaining("ListSecrets") as string,
    });
    await fresh.stop();
  });
});

describe("names and origins", () => {
  it.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "xlocalhost",
    "user@localhost",
    "a b",
    "localhost:99x",
  ])("the host %s is refused: a page may have pointed it here", async (host) => {
    const answer = await fixture.send({ path: "/bucket/key", headers: { host } });
    expect(answer.status).toBe(403);
  });

  it.each(["localhost", "LOCALHOST:1", "localhost.", "aws.test:4566", "192.168.1.5", "[::1]"])(
    "the host %s is taken",
    async (host) => {
      expect((await fixture.send({ path: "/bucket/key", headers: { host } })).status).toBe(200);
    },
  );

  const presigned = async (): Promise<string> => {
    const url = await getSignedUrl(client(), new PutObjectCommand({ Bucket: "b", Key: "k" }), { expiresIn: 60 });
    return url.slice(new URL(url).origin.length);
  };

  it("S3 decides itself on foreign pages, but for forms, which browsers send unasked", async () => {
    const headers = { origin: "https://foreign.example" };
    expect((await fixture.send({ method: "PUT", path: await presigned(), headers, body: "x" })).status).toBe(200);
    expect(
      (
        await fixture.send({
          method: "OPTIONS",
          path: "/b/k",
          headers: { ...headers, "access-control-request-method": "PUT" },
        })
      ).status,
    ).toBe(200);
    expect((await fixture.send({ method: "POST", path: "/b", headers, body: "x" })).status).toBe(403);
    expect(
      (await fixture.send({ method: "POST", path: "/b", headers: { origin: "http://localhost:3000" }, body: "x" }))
        .status,
    ).toBe(200);
    expect(
      (await fixture.send({ method: "POST", path: "/b", headers: { origin: "https://app.test" }, body: "x" })).status,
    ).toBe(200);
  });

  it.each<[headers: Record<string, string>, status: number]>([
    [{ origin: "https://foreign.example" }, 403],
    [{ origin: "null" }, 403],
    [{ origin: "http://localhost.foreign.example" }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ origin: "http://localhost:3000", "sec-fetch-site": "same-site" }, 200],
    [{ origin: "http://127.0.0.1:5173", "sec-fetch-site": "cross-site" }, 200],
    [{ "sec-fetch-site": "none" }, 200],
    [{}, 200],
  ])("other services answer %j with %i", async (headers, status) => {
    const fresh = await startFixture();
    fresh.gateway.addService("sqs", new RecordingService(), { anonymous: true });
    const answer = await fresh.send({ path: "/?Action=ListQueues&Version=2012-11-05", headers });
    expect(answer.status).toBe(status);
    await fresh.stop();
  });
});

describe("anonymous requests", () => {
  it("reach S3 without a caller, and nobody else", async () => {
    await fixture.send({ path: "/bucket/key" });
    expect(fixture.s3.last.caller).toBeUndefined();
    const fresh = await startFixture();
    fresh.gateway.addService("sqs", new RecordingService());
    const answer = await fresh.send({ path: "/?Action=ListQueues&Version=2012-11-05" });
    expect([answer.status, element(answer.body, "Code")]).toEqual([403, "MissingAuthenticationToken"]);
    await fresh.stop();
  });

  it("with a token of another kind reach a front door, which knows what to make of it", async () => {
    const door = new RecordingService();
    fixture.gateway.addService("lambda-url", door, { anonymous: true, answersBrowsers: true });
    const headers = {
      host: "abc.lambda-url.us-east-1.localhost",
      authorization: "Bearer token",
      origin: "https://foreign.example",
    };
    expect((await fixture.send({ method: "POST", path: "/path", headers, body: "x" })).status).toBe(200);
    expect(door.last.body.toString()).toBe("x");
  });
});

const NO_SIGNATURE = "Authorization: AWS4-HMAC-SHA256 nonsense";

/** Writes a request as it stands, and reads until the gateway ends the connection. */
function converse([line = "", ...headers]: readonly string[], body = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(fixture.gateway.port, "127.0.0.1");
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
    socket.write(`${[line, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n${body}`);
  });
}

describe("bodies", () => {
  const uploads = async (body: Buffer): Promise<Buffer> => {
    await client().send(
      new PutObjectCommand({
        Bucket: "b",
        Key: "k",
        Body: Readable.from([body.subarray(0, 70_000), body.subarray(70_000)], { objectMode: false }),
        ContentLength: body.length,
      }),
    );
    return fixture.s3.last.body;
  };

  it("streamed by the SDK arrive decoded, with the checksum as a trailer", async () => {
    const body = Buffer.alloc(150_000, "data");
    expect((await uploads(body)).equals(body)).toBe(true);
    expect(Object.keys(fixture.s3.last.trailers)).toEqual(["x-amz-checksum-crc32"]);
  });

  it("larger than 2 MiB are asked for leave first, and refused before they are sent", async () => {
    const body = Buffer.alloc(3 * 1024 * 1024, "x");
    expect((await uploads(body)).equals(body)).toBe(true);
    const answer = await converse([
      "PUT /b/k HTTP/1.1",
      "Expect: 100-continue",
      "Content-Length: 1000000000",
      NO_SIGNATURE,
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain("Connection: close");
  });

  it.each<[when: string, header: string]>([
    ["before they were read", NO_SIGNATURE],
    [
      "while they were read",
      "X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nX-Amz-Decoded-Content-Length: 5",
    ],
  ])("that are refused %s leave the connection usable", async (_when, header) => {
    const body = "x".repeat(300_000);
    const next = "GET /_lambda-run/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const answers = await converse(["PUT /b/k HTTP/1.1", header, `Content-Length: ${body.length}`], body + next);
    expect(answers).toMatch(/^HTTP\/1\.1 400 /);
    expect(answers).toContain('"status":"ok"');
  });

  it("that a service left half read leave the connection usable", async () => {
    const service: EmbeddedService = {
      reset: () => Promise.resolve(),
      close: () => Promise.resolve(),
      async handle({ body }, response) {
        await new Promise((resolve) => body.once("data", resolve));
        body.pause();
        response.writeHead(400, { "Content-Length": 0 });
        response.end();
      },
    };
    fixture.gateway.addService("half", service, { anonymous: true, paths: ["/half/"] });
    const next = "GET /_lambda-run/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const head = ["PUT /half/read HTTP/1.1", "Content-Length: 300000"];
    const answers = await converse(head, "x".repeat(300_000) + next);
    expect(answers).toMatch(/^HTTP\/1\.1 400 /);
    expect(answers).toContain('"status":"ok"');
  });

  it("that end too early are never taken for whole", async () => {
    const before = fixture.s3.received.length;
    await new Promise<void>((resolve) => {
      const socket = connect(fixture.gateway.port, "127.0.0.1");
      socket.on("close", () => resolve());
      socket.on("error", () => undefined);
      socket.resume();
      socket.end("PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nonly this");
    });
    expect(fixture.s3.received.length).toBe(before);
  });
});

describe("a service that fails", () => {
  const failing = (thrown: unknown): EmbeddedService => ({
    handle: () => Promise.reject(thrown),
    reset: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });

  it("is answered with 500 in its own form, and the log has the reason", async () => {
    const fresh = await startFixture();
    fresh.gateway.addService("s3", failing(new Error("our fault")));
    const answer = await fresh.send({ path: "/b/k" });
    expect([answer.status, element(answer.body, "Code")]).toEqual([500, "InternalFailure"]);
    expect(answer.body).not.toContain("our fault");
    expect(fresh.warnings.join()).toContain("internal error");
    fresh.gateway.addService(
      "s3",
      failing(new AwsError("SlowDown", "Please reduce your request rate.", { statusCode: 503 })),
    );
    expect((await fresh.send({ path: "/b/k" })).status).toBe(503);
    await fresh.stop();
  });

  it("after it began to answer has its connection cut", async () => {
    const fresh = await startFixture();
    fresh.gateway.addService("s3", {
      ...failing(undefined),
      async handle(_request: ServiceRequest, response: ServerResponse) {
        response.writeHead(200, { "Content-Length": 100 });
        response.write("half");
        await Promise.reject(new Error("our fault"));
      },
    });
    await expect(fresh.send({ path: "/b/k" })).rejects.toThrow();
    await fresh.stop();
  });
});

describe("closing and forgetting", () => {
  it("closes the services and ends open connections", async () => {
    const fresh = await startFixture();
    const socket = connect(fresh.gateway.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.resume();
    await fresh.stop();
    await ended;
    expect(fresh.s3.closed).toBe(true);
  });

  it("resets what is loaded", async () => {
    await fixture.send({ path: "/b/k" });
    await fixture.gateway.reset();
    expect(fixture.s3.received).toEqual([]);
  });
});
