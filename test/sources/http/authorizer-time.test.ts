/** How long an API waits for its authorizer. The function is one that never answers, the time Jest's. */
import { LambdaAuthorizers, type AuthorizerCall } from "../../../src/sources/http/auth/lambda-authorizer.js";
import { VirtualClock } from "../../../src/shared/clock.js";

const callOf = (payload: "rest" | "2.0"): AuthorizerCall => ({
  authorizer: {
    kind: "lambda",
    name: "Gate",
    functionArn: "arn:aws:lambda:us-east-1:000000000000:function:gate",
    type: "REQUEST",
    payload,
    simpleResponses: false,
    identitySources: [],
    validation: undefined,
    ttlSeconds: 0,
  },
  event: {
    request: {
      method: "GET",
      path: "/x",
      query: "",
      headers: [],
      body: Buffer.alloc(0),
      sourceIp: "127.0.0.1",
      protocol: "HTTP/1.1",
      receivedAtMs: 0,
      requestId: "1",
    },
    api: { accountId: "0", apiId: "a", domainName: "a.example.com", stage: "v1", stageVariables: {} },
    resource: "/x",
    parameters: {},
    binaryMediaTypes: [],
  },
  routeKey: "GET /x",
  methodArn: "arn:aws:execute-api:us-east-1:0:a/v1/GET/x",
  context: {},
});

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test.each([
  ["an HTTP API", "2.0", 10_000],
  ["a REST API", "rest", 29_000],
] as const)("%s waits for its authorizer so long, and fails then", async (_, payload, limitMs) => {
  const authorizers = new LambdaAuthorizers(new VirtualClock(), () => new Promise(() => undefined));
  let outcome: unknown;
  const asked = authorizers.ask(callOf(payload)).then((result) => {
    outcome = result;
  });
  await jest.advanceTimersByTimeAsync(limitMs - 1);
  expect(outcome).toBeUndefined();
  await jest.advanceTimersByTimeAsync(1);
  await asked;
  expect(outcome).toEqual({ refused: "authorizer-failed" });
});
