/** Where messages go, what comes back, and which are refused. */
import { found } from "../../until.js";
import { Chat, HEAD, withGate, type Client } from "./fixture.js";

const route = (key: string, api: string, more = ""): string => `
  ${api}${key.replace(/\W/g, "")}Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref ${api}, RouteKey: ${key}, Target: !Sub "integrations/\${${api}Integration}"${more} } }`;

const TEMPLATE = `${HEAD}
Resources:
  Rooms: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: rooms, ProtocolType: WEBSOCKET, RouteSelectionExpression: "\${request.body.kind}.\${request.body.to.name}" } }
  RoomsDeployment: { Type: AWS::ApiGatewayV2::Deployment, Properties: { ApiId: !Ref Rooms, StageName: prod } }
  RoomsIntegration: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Rooms, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Fn.Arn } }
${route("send.ann", "Rooms", ", RouteResponseSelectionExpression: $default")}${route('"7.true"', "Rooms", ", RouteResponseSelectionExpression: $default")}${route("silent.ann", "Rooms")}
  Plain: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: plain, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action } }
  PlainStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Plain, StageName: v1, DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 1000 }, RouteSettings: { slow: { ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 2 } } } }
  PlainIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Plain
      IntegrationType: AWS_PROXY
      ContentHandlingStrategy: CONVERT_TO_TEXT
      IntegrationUri: !Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Fn.Arn}/invocations"
${route("$default", "Plain")}${route("$connect", "Plain")}${route("slow", "Plain")}
  PlaindefaultResponse: { Type: AWS::ApiGatewayV2::RouteResponse, Properties: { ApiId: !Ref Plain, RouteId: !Ref PlaindefaultRoute, RouteResponseKey: $default } }
  LateIntegration: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Plain, IntegrationType: AWS_PROXY, TimeoutInMillis: 300, IntegrationUri: !GetAtt Fn.Arn } }
  LateRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Plain, RouteKey: late, Target: !Sub "integrations/\${LateIntegration}" } }
  MockIntegration: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Plain, IntegrationType: MOCK, RequestTemplates: { "200": '{"statusCode":200}' } } }
  MockAnswer: { Type: AWS::ApiGatewayV2::IntegrationResponse, Properties: { ApiId: !Ref Plain, IntegrationId: !Ref MockIntegration, IntegrationResponseKey: /2\\d\\d/, ResponseTemplates: { "200": '{"pong":true}' } } }
  MockRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Plain, RouteKey: ping, RouteResponseSelectionExpression: $default, Target: !Sub "integrations/\${MockIntegration}" } }
  QueueIntegration: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Plain, IntegrationType: AWS, IntegrationUri: "arn:aws:apigateway:us-east-1:sqs:path/000000000000/q" } }
  QueueRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Plain, RouteKey: queue, Target: !Sub "integrations/\${QueueIntegration}" } }
  Fn: { Type: AWS::Serverless::Function }
`;

let chat: Chat;
let rooms: Client;
let plain: Client;
const notices: string[] = [];
beforeAll(async () => {
  chat = await Chat.open(TEMPLATE, { onNotice: (text) => notices.push(text) });
  rooms = await chat.connect("Rooms");
  plain = await chat.connect("Plain");
});
afterAll(() => chat.close());

const ID = "[A-Za-z0-9_-]{15}=";
const refusal = (words: string): unknown =>
  expect.stringMatching(new RegExp(`^\\{"message": "${words}", "connectionId":"${ID}", "requestId":"${ID}"\\}$`));

test("reach the route whose key the expression gives, and two-way routes answer", async () => {
  const message = { kind: "send", to: { name: "ann" }, text: "hi" };
  const event = JSON.parse(await rooms.ask(message)) as Record<string, unknown>;
  expect(event).toEqual({
    requestContext: expect.objectContaining({
      routeKey: "send.ann",
      eventType: "MESSAGE",
      messageDirection: "IN",
      messageId: expect.stringMatching(ID),
      stage: "prod",
    }),
    body: JSON.stringify(message),
    isBase64Encoded: false,
  });
  expect(JSON.parse(await rooms.ask({ kind: 7, to: { name: true } }))).toMatchObject({
    requestContext: { routeKey: "7.true" },
  });
});

test("are answered by nobody where a route is one-way, whatever the function says", async () => {
  rooms.send({ kind: "silent", to: { name: "ann" }, result: '{"statusCode":500,"body":"no"}' });
  expect(await rooms.ask({ kind: "send", to: { name: "ann" }, answer: "next" })).toBe("next");
});

test.each([
  ["no route has the key", { kind: "send", to: { name: "bob" } }],
  ["the expression finds no value", { kind: "send" }],
  ["a value is no scalar", { kind: "send", to: { name: {} } }],
  ["it is no JSON", "hello"],
])("are Forbidden where %s and there is no $default", async (_what, message) => {
  expect(await rooms.ask(message)).toEqual(refusal("Forbidden"));
});

test("that are refused are told at the terminal, with the reason", async () => {
  await rooms.ask({ kind: "send", to: { name: "bob\u001b[2J" } });
  expect(notices).toContain(
    'a message to Rooms is refused: no route has the key "send.bob\\u001b[2J", and there is no $default',
  );
});

test("reach $default where no other route takes them, and never $connect", async () => {
  for (const message of ["hello", { action: "unknown" }, { action: "$connect" }, { no: 1 }])
    expect(JSON.parse(await plain.ask(message))).toMatchObject({ requestContext: { routeKey: "$default" } });
});

test.each([
  ["throws", { throw: "oops" }],
  ["answers nothing", { nothing: true }],
  ["answers in another shape", { result: "[]" }],
])("get an error with both ids when the function %s", async (_what, message) => {
  expect(await plain.ask(message)).toEqual(refusal("Internal server error"));
  expect(await rooms.ask({ kind: "silent", to: { name: "ann" }, ...message })).toEqual(
    refusal("Internal server error"),
  );
});

test("get an error when the function takes longer than the integration waits", async () => {
  await withGate(async ({ url }) => {
    expect(await plain.ask({ action: "late", fetch: url })).toEqual(refusal("Endpoint request timed out"));
  });
});

test("get an error over the rate of their route, the last that came", async () => {
  for (let n = 0; n < 3; n++) plain.send({ action: "slow", n });
  expect(await plain.next()).toEqual(refusal("Too Many Requests"));
  const begun = await found(() => {
    const events = chat.events("Fn").filter(({ requestContext: { routeKey } }) => routeKey === "slow");
    return events.length < 2 ? undefined : events.map(({ body }) => (JSON.parse(body as string) as { n: number }).n);
  });
  expect(begun.sort((a, b) => a - b)).toEqual([0, 1]);
});

test("run side by side", async () => {
  await withGate(async ({ url, open }) => {
    const to = { name: "ann" };
    rooms.send({ kind: "send", to, answer: "0", fetch: url });
    rooms.send({ kind: "send", to, answer: "1" });
    expect(await rooms.next()).toBe("1");
    rooms.send({ kind: "send", to, answer: "2" });
    expect(await rooms.next()).toBe("2");
    await open();
    expect(await rooms.next()).toBe("0");
  });
});

test("reach the function in base64 as binary where the integration converts them", async () => {
  expect(JSON.parse(await plain.ask(Buffer.from([0, 255, 1])))).toMatchObject({ body: "AP8B", isBase64Encoded: true });
});

test("are answered by a MOCK integration, and told by name where nothing here runs the integration", async () => {
  expect(await plain.ask({ action: "ping" })).toBe('{"pong":true}');
  expect(await plain.ask({ action: "queue" })).toContain(
    "queue of Plain is an integration of type AWS, which is not emulated by lambda-run.",
  );
  expect(chat.stack.stack.application.notices).toContain(
    "Plain: queue is an integration of type AWS, which is not emulated; whoever sends to it is told.",
  );
});

describe("that are too large", () => {
  test("close the connection with 1009 from 32 KB a frame on", async () => {
    const client = await chat.connect("Plain");
    expect(await client.ask({ answer: "fits", pad: "a".repeat(32 * 1024 - 31) })).toBe("fits");
    client.send("a".repeat(32 * 1024 + 1));
    expect(await client.closed).toEqual({ code: 1009, reason: "Message too big" });
  });

  test("close it from 128 KB a message on, in however many frames", async () => {
    const client = await chat.connect("Plain");
    const piece = "a".repeat(30_000);
    client.socket.send('{"answer":"whole","pad":"', { fin: false });
    for (let sent = 0; sent < 4; sent++) client.socket.send(piece, { fin: false });
    client.socket.send('"}', { fin: true });
    expect(await client.next()).toBe("whole");
    for (let sent = 0; sent < 5; sent++) client.socket.send(piece, { fin: false });
    expect(await client.closed).toEqual({ code: 1009, reason: "Message too big" });
  });

  test("as binary ones close it with 1003 where nothing converts them", async () => {
    const client = await chat.connect("Rooms");
    client.send(Buffer.from([1, 2, 3]));
    expect(await client.closed).toMatchObject({ code: 1003 });
  });
});
