/** Routes, cross-origin rules, limits, streams, and what clients should not send. */
import { connect, type Socket } from "node:net";
import { request as httpRequest } from "node:http";
import { serveHttp } from "../../../src/sources/http/serve.js";
import { Doors, eventIn, HEAD, type Answer, type Sent } from "./fixture.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `${HEAD}
Resources:
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: { AllowOrigins: ["https://app.example.com"], AllowMethods: [GET, PUT], AllowHeaders: [x-a], ExposeHeaders: [x-b], MaxAge: 600, AllowCredentials: true }
      AccessLogSettings: { DestinationArn: !GetAtt AccessLog.Arn, Format: '$context.httpMethod $context.routeKey $context.status $context.identity.sourceIp $context.nothing' }
      StageVariables: { color: blue }
  AccessLog: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: access } }
  Plain: { Type: AWS::Serverless::HttpApi, Properties: { StageName: v1 } }
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: Prod, Cors: { AllowOrigin: "'*'", AllowHeaders: "'x-a'", MaxAge: "'60'" } } }
  Bare: { Type: AWS::Serverless::Api, Properties: { StageName: Prod } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      FunctionUrlConfig: { AuthType: NONE, Cors: { AllowOrigins: ["https://*.example.com"], AllowMethods: [GET] } }
      Events:
        Exact: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /pets/dog, Method: GET } }
        Any: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: "/pets/{id}", Method: ANY } }
        Greedy: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: "/{proxy+}", Method: GET } }
        Short: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /short, Method: GET, TimeoutInMillis: 60 } }
        Default: { Type: HttpApi, Properties: { ApiId: !Ref Plain, Path: $default } }
        RestExact: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /pets/dog, Method: GET } }
        RestVariable: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: "/pets/{id}", Method: POST } }
        RestGreedy: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: "/{proxy+}", Method: GET } }
        RestShort: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /short, Method: GET, TimeoutInMillis: 60 } }
        Bare: { Type: Api, Properties: { RestApiId: !Ref Bare, Path: /bare, Method: GET } }
        BareAny: { Type: Api, Properties: { RestApiId: !Ref Bare, Path: /any, Method: ANY } }
  Busy:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      ReservedConcurrentExecutions: 0
      FunctionUrlConfig: { AuthType: NONE }
      Events:
        Rest: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /busy, Method: GET } }
        Http: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /busy, Method: GET } }
  Stream: { Type: AWS::Serverless::Function, Properties: { Handler: stream.handler, FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM } } }
`;

const STREAM = `
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const kind = event.rawPath.slice(1);
  if (kind === "plain") { stream.setContentType("text/plain"); stream.write("one "); stream.end("two"); return; }
  if (kind === "fail") throw new Error("before the first byte");
  const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { "x-a": "1", "content-type": "text/event-stream" }, cookies: ["a=1", "b=2"] });
  http.write("first;");
  await new Promise((wake) => setTimeout(wake, 30));
  if (kind === "cut") throw new Error("in the middle");
  http.end("second");
});`;

let doors: Doors;
const notices: string[] = [];
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE, { "code/stream.js": STREAM }, { onNotice: (text) => notices.push(text) });
});
afterAll(() => doors.close());

const http = (path: string, sent?: Sent): Promise<Answer> => doors.send("Http", path, sent);
const rest = (path: string, sent?: Sent): Promise<Answer> => doors.send("Rest", path, sent);

describe("routes", () => {
  test.each([
    ["GET", "/pets/dog", "GET /pets/dog"],
    ["POST", "/pets/dog", "ANY /pets/{id}"],
    ["GET", "/pets/cat", "ANY /pets/{id}"],
    ["GET", "/pets/cat/tail", "GET /{proxy+}"],
    ["GET", "/anything", "GET /{proxy+}"],
  ])("of an HTTP API: %s %s takes %s", async (method, path, routeKey) => {
    expect(eventIn(await http(path, { method }))["routeKey"]).toBe(routeKey);
  });

  test("of an HTTP API that nothing takes are not found", async () => {
    expect(await http("/anything", { method: "POST" })).toMatchObject({ status: 404, text: '{"message":"Not Found"}' });
    expect((await http("/", {})).status).toBe(404);
    expect((await http("/pets/dog", { method: "TRACE" })).status).toBe(404);
  });

  test("$default takes everything else, under the name of the stage", async () => {
    expect(eventIn(await doors.send("Plain", "/a/b"))).toMatchObject({
      routeKey: "$default",
      rawPath: "/v1/a/b",
      requestContext: { stage: "v1" },
    });
  });

  test("of a REST API: the resource first, then its method", async () => {
    expect(eventIn(await rest("/pets/dog"))["resource"]).toBe("/pets/dog");
    expect(eventIn(await rest("/pets/cat", { method: "POST" }))["resource"]).toBe("/pets/{id}");
    expect(await rest("/pets/dog", { method: "POST" })).toMatchObject({
      status: 403,
      text: '{"message":"Missing Authentication Token"}',
      headers: { "x-amzn-errortype": "MissingAuthenticationTokenException" },
    });
    expect((await rest("/pets/cat")).status).toBe(403);
  });

  test("carry the variables of the stage", async () => {
    expect(eventIn(await http("/pets/dog"))["stageVariables"]).toEqual({ color: "blue" });
  });

  test("are found under the host names of the APIs, too", async () => {
    const { application } = doors.stack.stack;
    const id = application.apis.find(({ logicalId }) => logicalId === "Bare")?.id;
    const { port } = new URL(doors.url("Bare"));
    const status = await new Promise((resolve, reject) => {
      httpRequest(
        { host: "127.0.0.1", port, path: "/Prod/bare", headers: { host: `${id}.execute-api.localhost:${port}` } },
        (response) => resolve(response.resume().statusCode),
      )
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });

  test("on the bare address go to the API that has the route", async () => {
    const { port } = new URL(doors.url("Http"));
    const answer = await fetch(`http://127.0.0.1:${port}/Prod/any`, { method: "POST" });
    const body = (await answer.json()) as { resource: string };
    expect(body.resource).toBe("/any");
  });
});

describe("cross-origin requests", () => {
  const preflight = {
    method: "OPTIONS",
    headers: {
      origin: "https://app.example.com",
      "access-control-request-method": "PUT",
      "access-control-request-headers": "x-a",
    },
  };

  test("an HTTP API answers preflight itself", async () => {
    expect(await http("/pets/dog", preflight)).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": "https://app.example.com",
        "access-control-allow-methods": "GET,PUT",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "600",
        "access-control-allow-credentials": "true",
      },
    });
    const other = await http("/pets/dog", {
      ...preflight,
      headers: { ...preflight.headers, origin: "https://evil.example.org" },
    });
    expect(other.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("an HTTP API's own headers take the place of the function's", async () => {
    const result = JSON.stringify({
      statusCode: 200,
      headers: { "access-control-allow-origin": "*", "access-control-allow-methods": "X" },
    });
    const { headers } = await http("/pets/dog", { headers: { origin: "https://app.example.com", "x-result": result } });
    expect(headers).toMatchObject({
      "access-control-allow-origin": "https://app.example.com",
      "access-control-expose-headers": "x-b",
      vary: "Origin",
    });
    expect(headers["access-control-allow-methods"]).toBeUndefined();
  });

  test("a REST API with Cors answers OPTIONS, and leaves the other answers to the function", async () => {
    expect(await rest("/pets/dog", { method: "OPTIONS" })).toMatchObject({
      status: 200,
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET,OPTIONS",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "60",
      },
    });
    expect(
      (await rest("/pets/dog", { headers: { origin: "https://app.example.com" } })).headers[
        "access-control-allow-origin"
      ],
    ).toBeUndefined();
  });

  test("a function URL takes origins by pattern", async () => {
    const asked = { origin: "https://a.example.com", "access-control-request-method": "GET" };
    expect(await doors.send("Echo", "/", { method: "OPTIONS", headers: asked })).toMatchObject({
      status: 200,
      headers: { "access-control-allow-origin": "https://a.example.com", "access-control-allow-methods": "GET" },
    });
    const answer = await doors.send("Echo", "/", { headers: { origin: "https://a.example.com" } });
    expect(answer.headers["access-control-allow-origin"]).toBe("https://a.example.com");
    expect((await doors.send("Echo", "/", { headers: { origin: "https://example.org" } })).status).toBe(403);
  });

  test("a page of a foreign site cannot run functions that nobody opened to it", async () => {
    const foreign = { origin: "https://evil.example.org" };
    expect((await doors.send("Bare", "/bare", { headers: foreign })).status).toBe(403);
    expect((await doors.send("Bare", "/bare", { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
    expect((await doors.send("Bare", "/bare", { headers: { origin: "http://localhost:5173" } })).status).toBe(200);
    expect((await doors.send("Bare", "/any", { headers: foreign })).status).toBe(200);
  });
});

test("a result that a function URL cannot answer with is told", async () => {
  const headers = { "x-result": '{"statusCode":200,"body":{"a":1}}' };
  expect(await doors.send("Echo", "/", { headers })).toMatchObject({ status: 502, text: "Internal Server Error" });
  expect(notices.filter((text) => /: its URL answers 502/.test(text))).toHaveLength(1);
});

describe("limits", () => {
  test("an integration has its own timeout", async () => {
    expect(await http("/short", { headers: { "x-sleep": "9000" } })).toMatchObject({
      status: 503,
      text: '{"message":"Service Unavailable"}',
    });
    expect(await rest("/short", { headers: { "x-sleep": "9000" } })).toMatchObject({
      status: 504,
      text: '{"message":"Endpoint request timed out"}',
    });
  });

  test("a body over 10 MB is refused, and one over 6 MB by Lambda", async () => {
    const post = (size: number): Promise<Answer> =>
      rest("/pets/cat", { method: "POST", body: Buffer.alloc(size, "a") });
    const front = await post(11 * 1024 * 1024);
    expect(front).toMatchObject({ status: 413, text: "HTTP content length exceeded 10485760 bytes." });
    // It did not get as far as the API.
    expect(front.headers).not.toHaveProperty("x-amzn-requestid");
    const lambda = { status: 413, text: '{"message":"Request Entity Too Large"}' };
    expect(await post(7 * 1024 * 1024)).toMatchObject(lambda);
    expect((await rest("/pets/dog")).status).toBe(200);
  });

  test.each([
    ["an HTTP API", "Plain", "/a", '{"message":"Request Entity Too Large"}'],
    ["a function URL", "Echo", "/", '{"Message":"Request Entity Too Large"}'],
  ])("so they are before %s, and binary bodies grow by a third on their way", async (_, door, path, text) => {
    const post = (size: number, type = "text/plain"): Promise<Answer> =>
      doors.send(door, path, { method: "POST", body: Buffer.alloc(size, "a"), headers: { "content-type": type } });
    const large = { status: 413, text };
    expect(await post(11 * 1024 * 1024)).toMatchObject(large);
    expect(await post(7 * 1024 * 1024)).toMatchObject(large);
    expect(await post(5 * 1024 * 1024, "image/png")).toMatchObject(large);
    // The echo is larger than its event: what comes back is a function that failed, not a request that is too large.
    expect((await post(5 * 1024 * 1024)).status).not.toBe(413);
  });

  test("an answer over 6 MB is a function that failed", async () => {
    const headers = { "x-size": String(7 * 1024 * 1024) };
    expect(await rest("/pets/dog", { headers })).toMatchObject({
      status: 502,
      text: '{"message":"Internal server error"}',
    });
    expect(await http("/pets/dog", { headers })).toMatchObject({
      status: 500,
      text: '{"message":"Internal Server Error"}',
    });
    expect(await doors.send("Echo", "/", { headers })).toMatchObject({ status: 502, text: "Internal Server Error" });
  });

  test("headers over 10,240 bytes are refused", async () => {
    expect((await http("/pets/dog", { headers: { "x-a": "a".repeat(11_000) } })).status).toBe(431);
  });

  test("a throttled function gives each door's own error", async () => {
    expect(await rest("/busy")).toMatchObject({ status: 500, text: '{"message":"Internal server error"}' });
    expect(await http("/busy")).toMatchObject({ status: 503, text: '{"message":"Service Unavailable"}' });
    expect(await doors.send("Busy", "/")).toMatchObject({
      status: 429,
      text: '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
    });
  });
});

describe("a streaming function URL", () => {
  test("sends prelude, cookies and body", async () => {
    expect(await doors.send("Stream", "/http")).toMatchObject({
      status: 201,
      text: "first;second",
      headers: { "x-a": "1", "content-type": "text/event-stream", "set-cookie": ["a=1", "b=2"] },
    });
  });

  test("sends what has no prelude as it is", async () => {
    expect(await doors.send("Stream", "/plain")).toMatchObject({
      status: 200,
      text: "one two",
      headers: { "content-type": "text/plain" },
    });
  });

  test("answers an error before the first byte, and cuts the connection after it", async () => {
    expect(await doors.send("Stream", "/fail")).toMatchObject({ status: 502, text: "Internal Server Error" });
    await expect(doors.send("Stream", "/cut")).rejects.toThrow(/aborted|hang up|reset/i);
    expect((await doors.send("Stream", "/plain")).status).toBe(200);
  });
});

test("access logs have the declared form", async () => {
  await http("/pets/dog");
  const { CloudWatchLogsClient, FilterLogEventsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const client = new CloudWatchLogsClient(doors.stack.clientConfig);
  const messages = await doors.stack.waitFor(async () => {
    const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName: "access" }));
    const found = events.map(({ message }) => message);
    return found.includes("GET GET /pets/dog 200 127.0.0.1 -") && found;
  }, PATIENT);
  expect(messages).toContain("GET GET /pets/dog 200 127.0.0.1 -");
  client.destroy();
});

describe("what clients should not send", () => {
  /** Speaks raw HTTP, and gives back what comes until the server closes. */
  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(doors.url("Http"));
      let received = "";
      const socket = connect(Number(port), "127.0.0.1", () => socket.end(text));
      socket.on("data", (data) => (received += data.toString("latin1")));
      socket.on("close", () => resolve(received));
      socket.on("error", reject);
    });
  const host = "Host: 127.0.0.1\r\n";

  test.each([
    ["two lengths", `POST /pets/dog HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    [
      "a length and chunks",
      `POST /pets/dog HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["chunks under another name", `POST /pets/dog HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ["a space before the colon", `GET /pets/dog HTTP/1.1\r\n${host}X-A : 1\r\n\r\n`],
    ["a folded header", `GET /pets/dog HTTP/1.1\r\n${host}X-A: 1\r\n 2\r\n\r\n`],
    ["two hosts", `GET /pets/dog HTTP/1.1\r\n${host}Host: evil.example.org\r\n\r\n`],
    ["no host", "GET /pets/dog HTTP/1.1\r\n\r\n"],
    ["nonsense", "what is this\r\n\r\n"],
  ])("%s is refused, and the server stays up", async (_, text) => {
    expect(await raw(text)).toMatch(/^(HTTP\/1\.1 400 |$)/);
    expect((await http("/pets/dog")).status).toBe(200);
  });

  test("a host name that could have been rebound", async () => {
    expect((await http("/pets/dog", { headers: { host: "evil.example.org" } })).status).toBe(403);
  });

  test("dots and encoded slashes reach the function as they are", async () => {
    expect(eventIn(await rest("/a/../b/%2e%2e%2fc"))).toMatchObject({
      path: "/a/../b/%2e%2e%2fc",
      pathParameters: { proxy: "a/../b/%2e%2e%2fc" },
    });
    expect((await http("/%zz%")).status).toBe(200);
  });

  test("invalid UTF-8 in a body reaches the function as text with replacements", async () => {
    expect(
      eventIn(
        await rest("/pets/cat", {
          method: "POST",
          body: Buffer.from([0x61, 0xff]),
          headers: { "content-type": "text/plain" },
        }),
      )["body"],
    ).toBe("a\ufffd");
  });

  test("many slow bodies and headers hold nobody else up", async () => {
    const { port } = new URL(doors.url("Http"));
    const slow = await Promise.all(
      Array.from(
        { length: 200 },
        (_, index) =>
          new Promise<Socket>((resolve, reject) => {
            const socket = connect(Number(port), "127.0.0.1", () => {
              socket.write(
                `POST /pets/dog HTTP/1.1\r\n${index % 2 === 0 ? `${host}Content-Length: 1000\r\n\r\na` : "X-A"}`,
                () => resolve(socket),
              );
            });
            socket.once("error", reject);
          }),
      ),
    );
    expect((await http("/pets/dog")).status).toBe(200);
    for (const socket of slow) socket.destroy();
    expect((await http("/pets/dog")).status).toBe(200);
  });

  test("a body that does not come to its end in time gets 408, and its connection is closed", async () => {
    const server = await serveHttp((message) => message.resume(), { host: "127.0.0.1", port: 0, requestTimeoutMs: 50 });
    const received = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(server.port, "127.0.0.1", () => {
        socket.write(`POST / HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\nabc`);
      });
      socket.on("data", (data) => (text += data.toString("latin1")));
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
    await server.close();
  });

  test("a client that goes away", async () => {
    const { port } = new URL(doors.url("Http"));
    for (const text of [
      `POST /pets/dog HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nabc`,
      `GET /pets/dog HTTP/1.1\r\n${host}x-sleep: 100\r\n\r\n`,
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), "127.0.0.1", () => {
          socket.write(text, () => socket.destroy());
        });
        socket.on("close", () => resolve());
      });
    }
    expect((await http("/pets/dog")).status).toBe(200);
  });
});

test("every door is named with its address", () => {
  expect(doors.stack.stack.doors.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "http Http",
    "http Plain",
    "rest Rest",
    "rest Bare",
    "function URL Echo",
    "function URL Busy",
    "function URL Stream",
  ]);
});
