/** Who may connect, what functions are told of it, and how connections end. */
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { until } from "../../until.js";
import { Chat, HEAD, withGate } from "./fixture.js";

const TEMPLATE = `${HEAD}
Resources:
  Rooms:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: prod
      StageVariables: { colour: blue }
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: { FunctionArn: !GetAtt Fn.Arn }
        $disconnect: { FunctionArn: !GetAtt Fn.Arn }
        $default: { FunctionArn: !GetAtt Fn.Arn, RouteResponseSelectionExpression: $default }
  Open:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes: { $default: { FunctionArn: !GetAtt Fn.Arn } }
  Web: { Type: AWS::Serverless::HttpApi }
  Fn: { Type: AWS::Serverless::Function, Properties: { Events: { Web: { Type: HttpApi, Properties: { ApiId: !Ref Web, Path: /web, Method: ANY } } } } }
`;

let chat: Chat;
beforeAll(async () => {
  chat = await Chat.open(TEMPLATE);
});
afterAll(() => chat.close());

const ID = /^[A-Za-z0-9_-]{15}=$/;
const port = (): string => new URL(chat.url("Rooms")).port;

test("tells $connect of the handshake, in AWS's shape", async () => {
  const client = await chat.connect("Rooms", "?user=ann&user=bob&q=a%20b", {
    headers: { "X-Token": "t1", "User-Agent": "test" },
  });
  const event = await chat.event("Fn", "$connect", (one) => one["queryStringParameters"] !== undefined);
  const { connectedAt, requestTimeEpoch } = event.requestContext;
  expect(event).toEqual({
    headers: {
      Host: `127.0.0.1:${port()}`,
      "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
      "Sec-WebSocket-Key": expect.any(String),
      "Sec-WebSocket-Version": "13",
      "User-Agent": "test",
      "X-Amzn-Trace-Id": expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
      "X-Forwarded-For": "127.0.0.1",
      "X-Forwarded-Port": "443",
      "X-Forwarded-Proto": "https",
      "X-Token": "t1",
    },
    multiValueHeaders: expect.objectContaining({ "X-Token": ["t1"] }),
    queryStringParameters: { user: "bob", q: "a b" },
    multiValueQueryStringParameters: { user: ["ann", "bob"], q: ["a b"] },
    stageVariables: { colour: "blue" },
    requestContext: {
      routeKey: "$connect",
      eventType: "CONNECT",
      extendedRequestId: expect.stringMatching(ID),
      requestTime: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      messageDirection: "IN",
      stage: "prod",
      connectedAt,
      requestTimeEpoch,
      identity: { userAgent: "test", sourceIp: "127.0.0.1" },
      requestId: event.requestContext["extendedRequestId"],
      domainName: `127.0.0.1:${port()}`,
      connectionId: expect.stringMatching(ID),
      apiId: expect.stringMatching(/^[a-z0-9]{10}$/),
    },
    isBase64Encoded: false,
  });
  expect(typeof connectedAt).toBe("number");
  expect(Object.keys(event["headers"] as object)).not.toContain("Upgrade");
  await client.close();
});

test("tells $disconnect how the client left", async () => {
  const idOf = async (close: [number?, string?]): Promise<Record<string, unknown>> => {
    const client = await chat.connect("Rooms");
    const { connectionId } = (
      JSON.parse(await client.ask({ hello: 1 })) as { requestContext: { connectionId: string } }
    ).requestContext;
    await client.close(...close);
    const event = await chat.event("Fn", "$disconnect", (one) => one.requestContext["connectionId"] === connectionId);
    expect(event).toMatchObject({
      headers: { "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
      stageVariables: { colour: "blue" },
      isBase64Encoded: false,
    });
    return event.requestContext;
  };
  expect(await idOf([])).toMatchObject({
    eventType: "DISCONNECT",
    disconnectStatusCode: 1005,
    disconnectReason: "Client-side close frame status not set",
  });
  expect(await idOf([4001, "bored"])).toMatchObject({ disconnectStatusCode: 4001, disconnectReason: "bored" });
});

test("tells $disconnect of a client that is cut off", async () => {
  const client = await chat.connect("Rooms");
  const { requestContext } = JSON.parse(await client.ask("x")) as { requestContext: { connectionId: string } };
  client.socket.terminate();
  const event = await chat.event(
    "Fn",
    "$disconnect",
    (one) => one.requestContext["connectionId"] === requestContext.connectionId,
  );
  expect(event.requestContext).toMatchObject({ disconnectStatusCode: 1006 });
});

test("tells $disconnect of a client that is gone when $connect answers", async () => {
  await withGate(async ({ url, arrived, open }) => {
    const socket = new WebSocket(`${chat.url("Rooms")}?fetch=${encodeURIComponent(url)}`);
    socket.on("error", () => undefined);
    await arrived();
    socket.terminate();
    // A way there and back: what the first one did is known by then.
    await (await chat.connect("Rooms")).close();
    await open();
    const { requestContext } = await chat.event(
      "Fn",
      "$connect",
      ({ queryStringParameters: query }) => (query as { fetch?: string } | undefined)?.fetch === url,
    );
    const { connectionId } = requestContext;
    const event = await chat.event("Fn", "$disconnect", (one) => one.requestContext["connectionId"] === connectionId);
    expect(event.requestContext).toMatchObject({ disconnectStatusCode: 1006 });
  });
});

test.each([
  ["says 401", "?result=%7B%22statusCode%22%3A401%7D", 401],
  ["says 403", "?result=%7B%22statusCode%22%3A403%2C%22body%22%3A%22secret%22%7D", 403],
  ["says 500", "?result=%7B%22statusCode%22%3A500%7D", 500],
  ["throws", "?throw=oops", 502],
  ["answers something of another shape", "?result=%22ok%22", 502],
  ["answers nothing", "?nothing=1", 502],
])("refuses the client when $connect %s", async (_what, query, status) => {
  const refused = await chat.refused(`${chat.url("Rooms")}${query}`);
  expect(refused.status).toBe(status);
  expect(JSON.parse(refused.body)).toEqual({
    message: expect.any(String),
    connectionId: expect.stringMatching(ID),
    requestId: expect.stringMatching(ID),
  });
  expect(refused.body).not.toContain("secret");
});

test("hangs up on a client that is refused and does not hang up itself", async () => {
  const socket = connect({ host: "127.0.0.1", port: Number(port()), allowHalfOpen: true });
  const handshake = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const key = Buffer.alloc(16).toString("base64");
  const lines = [`GET /prod/deeper HTTP/1.1`, `Host: 127.0.0.1:${port()}`, ...handshake, `Sec-WebSocket-Key: ${key}`];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await once(socket.resume(), "end");
  let fault: Error | undefined;
  socket.on("error", (error) => (fault = error));
  // Nobody takes it any more.
  await until(() => {
    socket.write("x");
    return fault !== undefined;
  });
  expect(fault).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
});

test("lets clients in without a $connect route, and runs no $disconnect that is not there", async () => {
  const client = await chat.connect("Open");
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  await client.close();
});

describe("a subprotocol", () => {
  const result = (protocol: string): string =>
    `?result=${encodeURIComponent(JSON.stringify({ statusCode: 200, headers: { "Sec-WebSocket-Protocol": protocol } }))}`;

  test("is the one that $connect names", async () => {
    const client = await chat.connect("Rooms", result("b"), {}, ["a", "b"]);
    expect(client.socket.protocol).toBe("b");
    await client.close();
  });

  test("is none when $connect names none", async () => {
    await expect(chat.connect("Rooms", "", {}, ["a"])).rejects.toThrow("Server sent no subprotocol");
  });
});

test.each([
  ["a stage that is not there", (url: string) => url.replace("/prod", "/dev")],
  ["a path below the stage", (url: string) => `${url}/deeper`],
])("refuses %s with 403", async (_what, change) => {
  expect(await chat.refused(change(chat.url("Rooms")))).toMatchObject({ status: 403 });
});

test.each(["/prod", "/prod/", "/"])(
  "finds an API by its host name, and the stage that it names or the only one, at %s",
  async (path) => {
    const client = await chat.dial(`ws://127.0.0.1:${port()}${path}`, {
      headers: { host: "rooms.execute-api.localhost" },
    });
    expect(JSON.parse(await client.ask("x"))).toMatchObject({ requestContext: { stage: "prod" } });
    await client.close();
  },
);

test("refuses pages of foreign sites and names that may be rebound", async () => {
  const url = chat.url("Rooms");
  const foreign = await chat.refused(url, { headers: { origin: "https://evil.example.com" } });
  expect(foreign).toMatchObject({ status: 403, body: expect.stringContaining('"origins\\"') as string });
  expect(await chat.refused(url, { headers: { host: "evil.example.com" } })).toMatchObject({ status: 403 });
  const local = await chat.connect("Rooms", "", { headers: { origin: "http://localhost:5173" } });
  await local.close();
});

test("answers 426 to whoever asks for no upgrade, and 400 to a handshake that is none: nobody connects", async () => {
  const address = chat.url("Rooms").replace("ws:", "http:");
  const plain = await fetch(address);
  expect([plain.status, await plain.json()]).toEqual([426, { message: "Upgrade Required" }]);
  // Clients of other tests are still leaving: what counts are those who come.
  const connected = (): number =>
    chat.events("Fn").filter(({ requestContext }) => requestContext["eventType"] === "CONNECT").length;
  const before = connected();
  const status = await new Promise((resolve, reject) => {
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "x",
    };
    request(address, { headers })
      .on("response", (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
  expect(status).toBe(400);
  expect(connected()).toBe(before);
});

test("leaves requests of an HTTP API alone that would like to become something else, and their bodies", async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABk" };
    request(`${chat.url("Web")}/web`, { method: "POST", headers })
      .on("response", (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve(`${response.statusCode} ${text}`));
      })
      .on("error", reject)
      .end("mine");
  });
  expect(answer).toMatch(/^200 .*"rawPath":"\/web".*"body":"mine"/);
});
