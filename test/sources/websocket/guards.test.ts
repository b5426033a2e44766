/** Who gets through on $connect, what is kept of it, and what the access log tells. */
import { createHmac, createHash } from "node:crypto";
import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  type FilterLogEventsCommandOutput,
} from "@aws-sdk/client-cloudwatch-logs";
import { found } from "../../until.js";
import { Chat, HEAD, type RouteEvent } from "./fixture.js";

const AUTHORIZER = `
exports.handler = async (event) => {
  const { token } = { ...event.queryStringParameters, ...event.headers };
  if (token === "throw") throw new Error("oops");
  if (token === "unauthorized") throw new Error("Unauthorized");
  const Effect = token === "deny" ? "Deny" : "Allow";
  return {
    principalId: token,
    usageIdentifierKey: "key-of-" + token,
    context: { level: 7, asked: JSON.stringify(event) },
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect, Resource: event.methodArn }] },
  };
};`;

const FORMAT = JSON.stringify({
  route: "$context.routeKey",
  type: "$context.eventType",
  status: "$context.status",
  connection: "$context.connectionId",
  error: "$context.error.message",
  why: "$context.integrationErrorMessage",
  who: "$context.authorizer.principalId",
});

const TEMPLATE = `${HEAD}
Resources:
  Asked:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: prod
      RouteSelectionExpression: $request.body.action
      AccessLogSettings: { DestinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:chat", Format: '${FORMAT}' }
      Auth: { AuthType: CUSTOM, AuthArn: !GetAtt Authorizer.Arn, IdentitySource: [route.request.querystring.token] }
      Routes:
        $connect: { FunctionArn: !GetAtt Fn.Arn }
        $default: { FunctionArn: !GetAtt Fn.Arn, RouteResponseSelectionExpression: $default }
  Signed:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Auth: { AuthType: AWS_IAM }
      Routes:
        $connect: { FunctionArn: !GetAtt Fn.Arn }
        $default: { FunctionArn: !GetAtt Fn.Arn, RouteResponseSelectionExpression: $default }
  Keyed:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: v1
      RouteSelectionExpression: $request.body.action
      Routes: { $connect: { FunctionArn: !GetAtt Fn.Arn, ApiKeyRequired: true } }
  KeyedByAuthorizer:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: v1
      RouteSelectionExpression: $request.body.action
      ApiKeySelectionExpression: $context.authorizer.usageIdentifierKey
      Auth: { AuthType: CUSTOM, AuthArn: !GetAtt Authorizer.Arn }
      Routes: { $connect: { FunctionArn: !GetAtt Fn.Arn, ApiKeyRequired: true } }
  AnnKey: { Type: AWS::ApiGateway::ApiKey, Properties: { Value: key-of-ann, Enabled: true } }
  AnnPlan: { Type: AWS::ApiGateway::UsagePlan, Properties: { ApiStages: [{ ApiId: !Ref KeyedByAuthorizer, Stage: v1 }] } }
  AnnInPlan: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { UsagePlanId: !Ref AnnPlan, KeyId: !Ref AnnKey, KeyType: API_KEY } }
  Key: { Type: AWS::ApiGateway::ApiKey, Properties: { Value: key-of-at-least-twenty, Enabled: true } }
  Plan: { Type: AWS::ApiGateway::UsagePlan, Properties: { ApiStages: [{ ApiId: !Ref Keyed, Stage: v1 }], Quota: { Limit: 1, Period: DAY } } }
  InPlan: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { UsagePlanId: !Ref Plan, KeyId: !Ref Key, KeyType: API_KEY } }
  Authorizer: { Type: AWS::Serverless::Function, Properties: { Handler: auth.handler } }
  Fn: { Type: AWS::Serverless::Function }
`;

let chat: Chat;
const notices: string[] = [];
beforeAll(async () => {
  chat = await Chat.open(TEMPLATE, { onNotice: (text) => notices.push(text) }, { "code/auth.js": AUTHORIZER });
});
afterAll(() => chat.close());

describe("a Lambda authorizer", () => {
  test("is asked with the handshake, and what it says stays with the connection", async () => {
    const client = await chat.connect("Asked", "?token=ann");
    const event = JSON.parse(await client.ask("hello")) as RouteEvent;
    const { asked, ...said } = event.requestContext["authorizer"] as { asked: string };
    expect(said).toEqual({ principalId: "ann", level: "7", integrationLatency: expect.any(Number) });
    expect(JSON.parse(asked)).toEqual({
      type: "REQUEST",
      methodArn: expect.stringMatching(/^arn:aws:execute-api:us-east-1:000000000000:[a-z0-9]{10}\/prod\/\$connect$/),
      headers: expect.objectContaining({ Connection: "upgrade", Upgrade: "websocket", "content-length": "0" }),
      multiValueHeaders: expect.objectContaining({ Upgrade: ["websocket"] }),
      queryStringParameters: { token: "ann" },
      multiValueQueryStringParameters: { token: ["ann"] },
      stageVariables: {},
      requestContext: expect.objectContaining({ routeKey: "$connect", eventType: "CONNECT" }),
    });
    const connected = await chat.event("Fn", "$connect");
    expect(connected.requestContext["authorizer"]).toMatchObject({ principalId: "ann" });
    await client.close();
  });

  test.each([
    ["its source is missing", "", 401, "Unauthorized"],
    ["it says Unauthorized", "?token=unauthorized", 401, "Unauthorized"],
    [
      "its policy denies",
      "?token=deny",
      403,
      "User is not authorized to access this resource with an explicit deny in an identity-based policy",
    ],
    ["it fails", "?token=throw", 500, "Internal server error"],
  ])("refuses the client when %s, and $connect is not run", async (_what, query, status, message) => {
    const before = chat.events("Fn").length;
    const refused = await chat.refused(`${chat.url("Asked")}${query}`);
    expect([refused.status, (JSON.parse(refused.body) as { message: string }).message]).toEqual([status, message]);
    expect(chat.events("Fn")).toHaveLength(before);
    expect(notices).toContain(`a connection to Asked is refused with ${status}: ${message}`);
  });
});

test("AWS_IAM takes a presigned address, and names the caller", async () => {
  const refused = await chat.refused(chat.url("Signed"));
  expect(refused.status).toBe(403);
  const url = presigned(chat.url("Signed"));
  const client = await chat.dial(url);
  const event = JSON.parse(await client.ask("x")) as RouteEvent;
  expect(event.requestContext["identity"]).toMatchObject({
    accountId: "000000000000",
    accessKey: "test",
    sourceIp: "127.0.0.1",
  });
  await client.close();
  expect((await chat.refused(url.replace(/Signature=..../, "Signature=0000"))).status).toBe(403);
});

test("an API key is asked for where the route says so, and its quota counts connections", async () => {
  expect((await chat.refused(chat.url("Keyed"))).status).toBe(403);
  const headers = { "x-api-key": "key-of-at-least-twenty" };
  await (await chat.connect("Keyed", "", { headers })).close();
  const refused = await chat.refused(chat.url("Keyed"), { headers });
  expect([refused.status, refused.body]).toEqual([429, expect.stringContaining("Limit Exceeded")]);
});

test("an API key is what the authorizer says where the selection expression names that", async () => {
  await (await chat.connect("KeyedByAuthorizer", "?token=ann")).close();
  const headers = { "x-api-key": "key-of-ann" };
  expect((await chat.refused(`${chat.url("KeyedByAuthorizer")}?token=bob`, { headers })).status).toBe(403);
});

test("the access log has a line for each run of a route, and for each refusal", async () => {
  const client = await chat.connect("Asked", "?token=log");
  await client.ask("x");
  await client.ask({ throw: "oops" });
  await client.close();
  const logs = new CloudWatchLogsClient(chat.stack.clientConfig);
  const lines = await found(async () => {
    const { events = [] } = await logs
      .send(new FilterLogEventsCommand({ logGroupName: "chat" }))
      .catch(() => ({}) as FilterLogEventsCommandOutput);
    const all = events.map(({ message = "" }) => JSON.parse(message) as Record<string, string>);
    const own = all.filter(({ who }) => who === "log");
    return own.length >= 3 ? { all, own } : undefined;
  });
  logs.destroy();
  expect(lines.own.map(({ connection: _id, ...line }) => line)).toEqual([
    { route: "$connect", type: "CONNECT", status: "200", error: "-", why: "-", who: "log" },
    { route: "$default", type: "MESSAGE", status: "200", error: "-", why: "-", who: "log" },
    {
      route: "$default",
      type: "MESSAGE",
      status: "502",
      error: "Internal server error",
      why: "The Lambda function returned the following error: Unhandled",
      who: "log",
    },
  ]);
  expect(lines.all).toContainEqual(
    expect.objectContaining({ route: "$connect", status: "401", error: "Unauthorized" }),
  );
});

/** As AWS's documentation has it for browsers, which cannot send headers. */
function presigned(address: string): string {
  const url = new URL(address.replace("ws:", "http:"));
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${now.slice(0, 8)}/us-east-1/execute-api/aws4_request`;
  const query = new URLSearchParams({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `test/${scope}`,
    "X-Amz-Date": now,
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
  }).toString();
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = ["GET", url.pathname, query, `host:${url.host}`, "", "host", hash("")].join("\n");
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const key = [now.slice(0, 8), "us-east-1", "execute-api", "aws4_request"].reduce<string | Buffer>(hmac, "AWS4test");
  const signature = hmac(key, ["AWS4-HMAC-SHA256", now, scope, hash(canonical)].join("\n")).toString("hex");
  return `${address}?${query}&X-Amz-Signature=${signature}`;
}
