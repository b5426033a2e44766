/** What access logs tell of requests through both kinds of API, in the formats that people declare. */
import { accessLine } from "../../../src/sources/http/access-log.js";
import { Doors, HEAD } from "./fixture.js";
import { PATIENT } from "../../until.js";

const CLF =
  '$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId';
const JSON_FORMAT = JSON.stringify({
  requestId: "$context.requestId",
  extendedRequestId: "$context.extendedRequestId",
  ip: "$context.identity.sourceIp",
  agent: "$context.identity.userAgent",
  route: "$context.routeKey",
  path: "$context.path",
  stage: "$context.stage",
  protocol: "$context.protocol",
  domain: "$context.domainName",
  api: "$context.apiId",
  account: "$context.accountId",
  epoch: "$context.requestTimeEpoch",
  status: "$context.status",
  length: "$context.responseLength",
  data: "$context.dataProcessed",
  latency: "$context.responseLatency",
  integrationLatency: "$context.integrationLatency",
  lambda: "$context.integrationStatus",
  fn: "$context.integration.status",
  fnRequest: "$context.integration.requestId",
  fnError: "$context.integrationErrorMessage",
  who: "$context.authorizer.who",
  authorizer: "$context.authorizer.status",
  refusal: "$context.authorizer.error",
  error: "$context.error.message",
  kind: "$context.error.responseType",
  trace: "$context.xrayTraceId",
  none: "$context.customDomain.basePathMatched",
});
const XML =
  '<request id="$context.requestId"><status>$context.status</status><who>$context.authorizer.principalId</who><error>$context.error.messageString</error></request>';
const CSV =
  "$context.status,$context.httpMethod,$context.resourcePath,$context.error.responseType,$context.authorizer.principalId";

const log = (name: string, format: string): string =>
  `{ DestinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:${name}", Format: '${format}' }`;
const events = (api: string, property: string, id: string): string => `
        ${api}Echo: { Type: ${property}, Properties: { ${id}: !Ref ${api}, Path: /echo, Method: ANY } }`;

const TEMPLATE = `${HEAD}
Resources:
  Common: { Type: AWS::Serverless::Api, Properties: { StageName: Prod, AccessLogSetting: ${log("clf", CLF)} } }
  Markup: { Type: AWS::Serverless::Api, Properties: { StageName: Prod, AccessLogSetting: ${log("xml", XML)}, Auth: { DefaultAuthorizer: Asked, Authorizers: { Asked: { FunctionArn: !GetAtt Asked.Arn } } } } }
  Comma: { Type: AWS::Serverless::Api, Properties: { StageName: Prod, AccessLogSetting: ${log("csv", CSV)}, Auth: { ApiKeyRequired: true } } }
  Objects:
    Type: AWS::Serverless::HttpApi
    Properties:
      AccessLogSettings: ${log("json", JSON_FORMAT)}
      Auth: { DefaultAuthorizer: Simple, Authorizers: { Simple: { FunctionArn: !GetAtt Asked.Arn, EnableSimpleResponses: true, AuthorizerPayloadFormatVersion: "2.0", Identity: { Headers: [x-who] } } } }
  Streamed: { Type: AWS::Serverless::Api, Properties: { StageName: Prod, AccessLogSetting: { DestinationArn: "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-logs", Format: $context.requestId } } }
  Asked: { Type: AWS::Serverless::Function, Properties: { Handler: auth.handler } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      Events:${events("Common", "Api", "RestApiId")}${events("Markup", "Api", "RestApiId")}${events("Comma", "Api", "RestApiId")}${events("Objects", "HttpApi", "ApiId")}${events("Streamed", "Api", "RestApiId")}
`;
const AUTH = `
exports.handler = async (event) => event.type === "TOKEN"
  ? { principalId: "ann", policyDocument: { Statement: [{ Action: "execute-api:Invoke", Effect: event.authorizationToken === "yes" ? "Allow" : "Deny", Resource: "*" }] } }
  : { isAuthorized: event.headers["x-who"] === "ann", context: { who: event.headers["x-who"] } };`;

let doors: Doors;
const notices: string[] = [];
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE, { "code/auth.js": AUTH }, { onNotice: (text) => notices.push(text) });
});
afterAll(() => doors.close());

/** The newest line of a log. */
async function lastLine(group: string): Promise<string> {
  const { CloudWatchLogsClient, FilterLogEventsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const client = new CloudWatchLogsClient(doors.stack.clientConfig);
  try {
    const before = seen.get(group) ?? 0;
    const lines = await doors.stack.waitFor(async () => {
      const found = await client.send(new FilterLogEventsCommand({ logGroupName: group })).catch(() => undefined);
      return (found?.events?.length ?? 0) > before && found?.events?.map(({ message = "" }) => message);
    }, PATIENT);
    seen.set(group, lines.length);
    return lines.at(-1) ?? "";
  } finally {
    client.destroy();
  }
}
const seen = new Map<string, number>();

test("the common log format of a REST API", async () => {
  const answer = await doors.send("Common", "/echo?a=1", {
    headers: { "x-result": '{"statusCode":201,"body":"12345"}' },
  });
  expect(await lastLine("clf")).toMatch(
    new RegExp(
      `^127\\.0\\.0\\.1 - - \\[\\d\\d/\\w{3}/\\d{4}:[\\d:]{8} \\+0000\\]"GET /echo HTTP/1\\.1" 201 5 ${String(answer.headers["x-amzn-requestid"])}$`,
    ),
  );
});

test("JSON of an HTTP API: the integration, the authorizer and the ids", async () => {
  const answer = await doors.send("Objects", "/echo", {
    method: "POST",
    body: "12345",
    headers: { "x-who": "ann", "user-agent": "test/1", "x-result": '{"statusCode":404,"body":"gone"}' },
  });
  const line = JSON.parse(await lastLine("json")) as Record<string, string>;
  expect(line).toMatchObject({
    ip: "127.0.0.1",
    agent: "test/1",
    requestId: answer.headers["apigw-requestid"],
    route: "ANY /echo",
    path: "/echo",
    stage: "$default",
    protocol: "HTTP/1.1",
    account: "000000000000",
    status: "404",
    length: "4",
    data: "9",
    lambda: "200",
    fn: "404",
    fnError: "-",
    who: "ann",
    authorizer: "200",
    refusal: "-",
    error: "-",
    none: "-",
  });
  for (const member of ["latency", "integrationLatency", "epoch"]) expect(line[member]).toMatch(/^\d+$/);
  expect(line["fnRequest"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(line["trace"]).toMatch(/^Root=1-/);
});

test("JSON of an HTTP API: what was refused, and what failed", async () => {
  await doors.send("Objects", "/echo", { headers: { "x-who": "bob" } });
  expect(JSON.parse(await lastLine("json"))).toMatchObject({
    status: "403",
    authorizer: "403",
    refusal: "Forbidden",
    error: "Forbidden",
    kind: "ACCESS_DENIED",
    lambda: "-",
    fn: "-",
  });
  await doors.send("Objects", "/echo", { headers: { "x-who": "ann", "x-throw": "no" } });
  expect(JSON.parse(await lastLine("json"))).toMatchObject({
    status: "500",
    lambda: "200",
    fnError: "The Lambda function returned the following error: Unhandled",
    kind: "INTEGRATION_FAILURE",
  });
  await doors.send("Objects", "/nowhere");
  expect(JSON.parse(await lastLine("json"))).toMatchObject({ status: "404", error: "Not Found", route: "$default" });
});

test("XML of a REST API, with who was let through and who was not", async () => {
  await doors.send("Markup", "/echo", { headers: { authorization: "yes" } });
  expect(await lastLine("xml")).toMatch(/<status>200<\/status><who>ann<\/who><error>-<\/error>/);
  await doors.send("Markup", "/echo", { headers: { authorization: "no" } });
  expect(await lastLine("xml")).toContain(
    '<status>403</status><who>-</who><error>"User is not authorized to access this resource with an explicit deny in an identity-based policy"</error>',
  );
});

test("CSV of a REST API", async () => {
  await doors.send("Comma", "/echo");
  expect(await lastLine("csv")).toBe("403,GET,/echo,INVALID_API_KEY,-");
});

test("a log for Firehose is refused by name when the stack starts", async () => {
  const text = await doors.stack.waitFor(() => notices.find((notice) => notice.includes("Streamed")), PATIENT);
  expect(text).toBe(
    "Access logs of the API Streamed are dropped: arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-logs is no log group.",
  );
});

test.each([
  ["$context.status-$context.path", "200-/a"],
  ["$context.authorizer.x-team.", "core."],
  ["$context.identity.sourceIp|$context.authorizer.claims|$context.nothing", "-|-|-"],
  ["$contextual $context", "$contextual $context"],
])("%s becomes %s", (format, line) => {
  expect(accessLine(format, { status: 200, path: "/a", authorizer: { "x-team": "core", claims: { a: 1 } } })).toBe(
    line,
  );
});
