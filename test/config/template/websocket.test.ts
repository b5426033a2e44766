/** WebSocket APIs as templates declare them: SAM's own, which is made into raw resources, and what is told of the others. */
import type { WebSocketApiConfig } from "../../../src/config/api-config.js";
import { errorOf, read, withFunction } from "../support.js";

const sam = (properties: string): string =>
  withFunction("FunctionName: fn", `Chat: { Type: AWS::Serverless::WebSocketApi, Properties: { ${properties} } }`);
const ROUTES = "RouteSelectionExpression: $request.body.action, Routes:";
const TO_FN = "{ FunctionArn: !GetAtt Fn.Arn }";

test("SAM's API has a stage, routes with their functions, and an authorizer of $connect", () => {
  const application = read(
    sam(
      `${ROUTES} { $connect: ${TO_FN}, sendMessage: { FunctionArn: !GetAtt Fn.Arn, IntegrationTimeout: 500, ApiKeyRequired: true, RouteResponseSelectionExpression: $default } }, StageVariables: { a: b }, Auth: { AuthType: CUSTOM, AuthArn: !GetAtt Fn.Arn, IdentitySource: [route.request.header.Auth] }`,
    ),
  );
  const [api] = application.apis as readonly WebSocketApiConfig[];
  expect(api).toMatchObject({
    kind: "websocket",
    name: "Chat",
    stages: ["default"],
    stageVariables: { a: "b" },
    endpoint: expect.stringMatching(/^wss:\/\/[a-z0-9]{10}\.execute-api\.eu-central-1\.amazonaws\.com$/),
    routeSelectionExpression: "$request.body.action",
    apiKeySelectionExpression: "$request.header.x-api-key",
    fixedRoutes: [],
  });
  const [id = ""] = Object.keys(api?.settings.authorizers ?? {});
  expect(api?.settings.authorizers[id]).toMatchObject({
    AuthorizerType: "REQUEST",
    AuthorizerUri: expect.stringContaining(
      "functions/arn:aws:lambda:eu-central-1:123456789012:function:fn/invocations",
    ),
    IdentitySource: ["route.request.header.Auth"],
    Name: "ChatConnectAuthorizer",
  });
  const shared = { kind: "webSocket", functionId: "Fn", apiId: "Chat", takesBinary: false };
  expect(application.eventSources).toEqual([
    {
      ...shared,
      eventId: "ChatConnectRoute",
      routeKey: "$connect",
      timeoutMs: 29_000,
      answers: false,
      apiKeyRequired: false,
      auth: { AuthorizationType: "CUSTOM", AuthorizerId: id, AuthorizationScopes: [] },
    },
    {
      ...shared,
      eventId: "ChatSendmessageRoute",
      routeKey: "sendMessage",
      timeoutMs: 500,
      answers: true,
      apiKeyRequired: true,
      auth: { AuthorizationType: "NONE", ApiKeyRequired: true },
    },
  ]);
});

test("SAM's API gives its parts to those that name them", () => {
  const { outputs } = read(
    `${sam(`StageName: prod, ${ROUTES} { $default: ${TO_FN} }`)}
Outputs:
  All: { Value: !Sub "\${Chat} \${Chat.ApiEndpoint} \${Chat.Stage} \${ChatprodStage}" }
  Route: { Value: !Ref ChatDefaultRoute }
`,
  );
  expect(outputs["All"]).toMatch(/^([a-z0-9]{10}) wss:\/\/\1\.execute-api\.eu-central-1\.amazonaws\.com prod prod$/);
  expect(outputs["Route"]).toMatch(/^[a-z0-9]{7}$/);
});

test("functions beside it trust this machine's port, and others do not", () => {
  expect(read(sam(`${ROUTES} { $default: ${TO_FN} }`)).functions[0]).toMatchObject({ trustsThisMachine: true });
  expect(read(withFunction("FunctionName: fn")).functions[0]).not.toHaveProperty("trustsThisMachine");
});

test("Globals count for it", () => {
  const template = `Globals: { WebSocketApi: { RouteSelectionExpression: $request.body.kind } }\n${sam(`Routes: { $default: ${TO_FN} }`)}`;
  expect(read(template).apis[0]).toMatchObject({ routeSelectionExpression: "$request.body.kind" });
});

test.each([
  ["no route", `${ROUTES} {}`, "A WebSocket API has at least one route"],
  ["a key that SAM cannot make an id of", `${ROUTES} { send.it: ${TO_FN} }`, 'SAM takes no route key "send.it"'],
  [
    "Auth without $connect",
    `${ROUTES} { $default: ${TO_FN} }, Auth: { AuthType: AWS_IAM }`,
    "Auth guards $connect, and there is no such route",
  ],
  [
    "an unknown AuthType",
    `${ROUTES} { $connect: ${TO_FN} }, Auth: { AuthType: JWT }`,
    "AuthType of a WebSocket API is NONE, AWS_IAM or CUSTOM",
  ],
  [
    "CUSTOM without a function",
    `${ROUTES} { $connect: ${TO_FN} }, Auth: { AuthType: CUSTOM }`,
    "AuthType CUSTOM needs AuthArn",
  ],
  ["no selection expression", `Routes: { $default: ${TO_FN} }`, "Chat has no RouteSelectionExpression"],
])("%s is refused as SAM refuses it", (_what, properties, what) => {
  expect(errorOf(() => read(sam(properties)))).toMatchObject({ code: "LR2004", what });
});

test("what is not evaluated is told", () => {
  const { notices } = read(
    sam(
      `${ROUTES} { $connect: { FunctionArn: !GetAtt Fn.Arn, RequestParameters: { route.request.header.X: { Required: true } } } }`,
    ),
  );
  expect(notices).toContain(
    "Chat: RequestParameters of the route $connect are not evaluated; every message reaches its function.",
  );
});
