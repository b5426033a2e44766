/** How long connections last, by the clock of the stack; and what becomes of them when it stops. */
import { Chat, HEAD } from "./fixture.js";

const TEMPLATE = `${HEAD}
Resources:
  Rooms:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes:
        $disconnect: { FunctionArn: !GetAtt Fn.Arn }
        $default: { FunctionArn: !GetAtt Fn.Arn, RouteResponseSelectionExpression: $default }
  Fn: { Type: AWS::Serverless::Function }
`;
const GOING_AWAY = { code: 1001, reason: "Going away" };
const TOLD = { disconnectStatusCode: 1001, disconnectReason: "Going away" };

let chat: Chat;
beforeEach(async () => {
  chat = await Chat.open(TEMPLATE, { clock: "virtual" });
});
afterEach(() => chat.close());

test("a connection that is idle for ten minutes is closed, and one with messages is not", async () => {
  const idle = await chat.connect("Rooms");
  const talking = await chat.connect("Rooms");
  await chat.stack.clock.advance("9m");
  expect(await talking.ask({ answer: "still here" })).toBe("still here");
  await chat.stack.clock.advance("61s");
  expect(await idle.closed).toEqual(GOING_AWAY);
  expect((await chat.event("Fn", "$disconnect")).requestContext).toMatchObject(TOLD);
  expect(await talking.ask({ answer: "and here" })).toBe("and here");
  await chat.stack.clock.advance("10m");
  expect(await talking.closed).toEqual(GOING_AWAY);
});

test("pings keep a connection", async () => {
  const client = await chat.connect("Rooms");
  await chat.stack.clock.advance("9m");
  const answered = new Promise((resolve) => client.socket.once("pong", resolve));
  client.socket.ping();
  await answered;
  await chat.stack.clock.advance("9m");
  expect(await client.ask({ answer: "here" })).toBe("here");
});

test("a connection ends after two hours, however busy it is", async () => {
  const client = await chat.connect("Rooms");
  // 119 minutes.
  for (let talked = 0; talked < 17; talked++) {
    await chat.stack.clock.advance("7m");
    expect(await client.ask({ answer: String(talked) })).toBe(String(talked));
  }
  await chat.stack.clock.advance("61s");
  expect(await client.closed).toEqual(GOING_AWAY);
});

test("a stack that stops ends its connections, and $disconnect runs for each", async () => {
  const clients = [await chat.connect("Rooms"), await chat.connect("Rooms")];
  const { stack } = chat;
  await stack.stack.activity.quiet();
  await stack.close();
  for (const client of clients) expect(await client.closed).toEqual(GOING_AWAY);
  expect(chat.events("Fn").map(({ requestContext }) => requestContext)).toEqual([
    expect.objectContaining(TOLD),
    expect.objectContaining(TOLD),
  ]);
});
