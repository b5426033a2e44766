/** The management API: by handlers that make its endpoint of their event, and by clients beside the stack. */
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { once } from "node:events";
import { connect } from "node:net";
import { Chat, HEAD, type Client } from "./fixture.js";

/** Not every Python has boto3, which goes by the same variable. */
const PYTHON = `
import os, ssl, urllib.error, urllib.parse, urllib.request
def handler(event, context):
    where = event["requestContext"]
    path = where["stage"] + "/@connections/" + urllib.parse.quote(where["connectionId"])
    trusted = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    try:
        urllib.request.urlopen("https://" + where["domainName"] + "/" + path, context=trusted)
    except urllib.error.HTTPError as error:
        return {"statusCode": 200, "body": str(error.code) + " " + error.headers["x-amzn-errortype"]}
`;
const FROM_VARIABLES = `
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");
exports.handler = async (event) => {
  const { connectionId: ConnectionId } = event.requestContext;
  for (const [name, endpoint] of [["default", undefined], ["url", process.env.URL], ["bare", \`https://\${process.env.BARE}\`]])
    await new ApiGatewayManagementApiClient({ endpoint }).send(new PostToConnectionCommand({ ConnectionId, Data: name }));
  await new ApiGatewayManagementApiClient({}).send(
    new PostToConnectionCommand({ ConnectionId, Data: String(process.env.NODE_EXTRA_CA_CERTS) }));
  return { statusCode: 200 };
};`;

const TEMPLATE = `${HEAD}
Resources:
  Rooms:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: prod
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: { FunctionArn: !GetAtt Fn.Arn }
        $disconnect: { FunctionArn: !GetAtt Fn.Arn }
        $default: { FunctionArn: !GetAtt Fn.Arn, RouteResponseSelectionExpression: $default }
        python: { FunctionArn: !GetAtt Py.Arn, RouteResponseSelectionExpression: $default }
        variables: { FunctionArn: !GetAtt FromVariables.Arn }
  Other:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes: { $default: { FunctionArn: !GetAtt Fn.Arn, RouteResponseSelectionExpression: $default } }
  Fn: { Type: AWS::Serverless::Function }
  Py: { Type: AWS::Serverless::Function, Properties: { Runtime: python3.12, Handler: app.handler } }
  FromVariables:
    Type: AWS::Serverless::Function
    Properties:
      Handler: variables.handler
      Environment:
        Variables:
          URL: !Sub https://\${Rooms}.execute-api.\${AWS::Region}.amazonaws.com/prod
          BARE: !Sub "\${Rooms}.execute-api.\${AWS::Region}.amazonaws.com/prod"
`;

let chat: Chat;
let client: Client;
let connectionId: string;
beforeAll(async () => {
  chat = await Chat.open(TEMPLATE, {}, { "code/app.py": PYTHON, "code/variables.js": FROM_VARIABLES });
  client = await chat.connect("Rooms", "", { headers: { "User-Agent": "manager" } });
  connectionId = await idOf(client);
});
afterAll(() => chat.close());

async function idOf(connected: Client): Promise<string> {
  const event = JSON.parse(await connected.ask("x")) as { requestContext: { connectionId: string } };
  return event.requestContext.connectionId;
}

/** At an endpoint of its own; at the gateway, as `AWS_ENDPOINT_URL` leads there, where none is named. */
const at = (endpoint = chat.stack.endpoint, secret = "test"): ApiGatewayManagementApiClient =>
  new ApiGatewayManagementApiClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: secret },
    maxAttempts: 1,
  });
const http = (name: string): string => chat.url(name).replace("ws:", "http:");
const post = (Data: string | Uint8Array, ConnectionId = connectionId): PostToConnectionCommand =>
  new PostToConnectionCommand({ ConnectionId, Data: Buffer.from(Data) });

test("is reached by a handler at the https endpoint of its event, in Node", async () => {
  expect(await client.ask({ post: "hello", answer: "done" })).toBe("hello");
  expect(await client.next()).toBe("done");
});

test("is reached by a handler through AWS_ENDPOINT_URL and the addresses that templates put together", async () => {
  expect(await client.ask({ action: "variables" })).toBe("default");
  expect(await client.next()).toBe("url");
  expect(await client.next()).toBe("bare");
  // Lambda sets none, and the certificate counts all the same.
  expect(await client.next()).toBe("undefined");
});

test("is reached by a handler at the https endpoint of its event, in Python", async () => {
  expect(await client.ask({ action: "python" })).toBe("403 MissingAuthenticationTokenException");
});

test("posts texts from beside the stack: below the stage, and at the gateway without one", async () => {
  for (const endpoint of [http("Rooms"), chat.stack.endpoint]) {
    await at(endpoint).send(post(`hällo ${endpoint}`));
    expect(await client.next()).toBe(`hällo ${endpoint}`);
  }
});

test("tells when a connection began, when it was last active, and whose it is", async () => {
  const before = new Date();
  await at().send(post("now"));
  await client.next();
  const { ConnectedAt, Identity, LastActiveAt } = await at().send(
    new GetConnectionCommand({ ConnectionId: connectionId }),
  );
  expect(Identity).toEqual({ SourceIp: "127.0.0.1", UserAgent: "manager" });
  expect(ConnectedAt?.getTime()).toBeLessThanOrEqual(before.getTime());
  expect(LastActiveAt?.getTime()).toBeGreaterThanOrEqual(before.getTime() - 1000);
});

test("ends a connection, which is gone then", async () => {
  const other = await chat.connect("Rooms");
  const id = await idOf(other);
  await at().send(new DeleteConnectionCommand({ ConnectionId: id }));
  expect(await other.closed).toMatchObject({ code: 1000 });
  for (const command of [
    post("x", id),
    new GetConnectionCommand({ ConnectionId: id }),
    new DeleteConnectionCommand({ ConnectionId: id }),
  ])
    await expect(at().send(command as PostToConnectionCommand)).rejects.toMatchObject({
      name: "GoneException",
      $metadata: { httpStatusCode: 410 },
    });
  const event = await chat.event("Fn", "$disconnect", (one) => one.requestContext["connectionId"] === id);
  expect(event.requestContext).toMatchObject({ disconnectStatusCode: 1000 });
});

test("counts a connection as gone once its client has closed it, though it has not hung up", async () => {
  const { hostname, pathname, port } = new URL(chat.url("Rooms"));
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const handshake = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "User-Agent: raw"];
  const key = `Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}`;
  socket.write([`GET ${pathname} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...handshake, key, "", ""].join("\r\n"));
  expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 101 /);
  // An empty, masked close frame, which the server answers.
  socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
  await once(socket.resume(), "end");
  const { requestContext } = await chat.event("Fn", "$connect", ({ headers }) =>
    JSON.stringify(headers).includes('"User-Agent":"raw"'),
  );
  await expect(at().send(post("x", String(requestContext["connectionId"])))).rejects.toMatchObject({
    name: "GoneException",
  });
  socket.destroy();
});

test("does not know a connection before $connect has answered", async () => {
  await expect(chat.connect("Rooms", "?post=too-early")).rejects.toThrow("Unexpected server response: 502");
});

test.each([
  ["an id that is none", () => at().send(post("x", "nonsense")), "BadRequestException", 400],
  ["a message over 128 KB", () => at().send(post("a".repeat(128 * 1024 + 1))), "PayloadTooLargeException", 413],
  ["the connection of another API", () => at(http("Other")).send(post("x")), "GoneException", 410],
  [
    "a connection of another stage",
    () => at(http("Rooms").replace("/prod", "/dev")).send(post("x")),
    "GoneException",
    410,
  ],
  ["a wrong key", () => at(http("Rooms"), "wrong").send(post("x")), "InvalidSignatureException", 403],
])("refuses %s", async (_what, call, name, httpStatusCode) => {
  await expect(call()).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
});

test("takes a message of exactly 128 KB, which clients get whole", async () => {
  await at().send(post("a".repeat(128 * 1024)));
  expect(await client.next()).toHaveLength(128 * 1024);
});

test("refuses whoever signs nothing, and pages of foreign sites", async () => {
  const url = `${http("Rooms")}/@connections/${encodeURIComponent(connectionId)}`;
  const unsigned = await fetch(url, { method: "POST", body: "x" });
  expect([unsigned.status, unsigned.headers.get("x-amzn-errortype")]).toEqual([
    403,
    "MissingAuthenticationTokenException",
  ]);
  const foreign = await fetch(url, { method: "POST", body: "x", headers: { origin: "https://evil.example.com" } });
  expect(await foreign.json()).toEqual({ message: "Requests from the pages of other sites are refused." });
});

test("does not keep what a client never reads", async () => {
  const slow = await chat.connect("Rooms");
  const id = await idOf(slow);
  slow.socket.pause();
  const flood = async (): Promise<void> => {
    for (let sent = 0; sent < 200; sent++) await at().send(post("a".repeat(128 * 1024), id));
  };
  await expect(flood()).rejects.toMatchObject({ name: "LimitExceededException", $metadata: { httpStatusCode: 429 } });
  slow.socket.terminate();
});
