/** `http:invoke` through the API of Step Functions, against a server of somebody else's. */
import { CreateConnectionCommand, EventBridgeClient, type CreateConnectionRequest } from "@aws-sdk/client-eventbridge";
import { SFNClient, TestStateCommand } from "@aws-sdk/client-sfn";
import { startOutside, status, type Asked, type Outside } from "../../sources/eventbridge/outside.js";
import { optimised, TasksStack } from "./tasks-stack.js";

const HTTP = optimised("http:invoke");

let outside: Outside;
let stack: TasksStack;
let events: EventBridgeClient;
let connections = 0;

beforeAll(async () => {
  outside = await startOutside();
  stack = await TasksStack.start({ "template.yaml": "Resources: {}" });
  events = new EventBridgeClient(stack.stack.clientConfig);
});
afterAll(async () => {
  events.destroy();
  await stack.close();
  await outside.stop();
});
beforeEach(() => {
  outside.asked.length = 0;
  outside.answer((response) => response.setHeader("Content-Type", "application/json").end('{"id":7}'));
});

const BASIC = {
  AuthorizationType: "BASIC",
  AuthParameters: { BasicAuthParameters: { Username: "me", Password: "pass" } },
} as const;

async function connect(more: Partial<CreateConnectionRequest> = {}): Promise<string> {
  const Name = `c${(connections += 1)}`;
  const { ConnectionArn = "" } = await events.send(new CreateConnectionCommand({ Name, ...BASIC, ...more }));
  return ConnectionArn;
}

const WITH_PARAMETERS = {
  AuthParameters: {
    ...BASIC.AuthParameters,
    InvocationHttpParameters: {
      HeaderParameters: [{ Key: "X-Both", Value: "connection" }],
      QueryStringParameters: [{ Key: "both", Value: "connection" }],
      BodyParameters: [{ Key: "both", Value: "connection", IsValueSecret: true }],
    },
  },
};

const parameters = (ConnectionArn: string, more: object = {}): object => ({
  ApiEndpoint: `${outside.url}/api`,
  Method: "POST",
  InvocationConfig: { ConnectionArn },
  ...more,
});
const first = (): Asked => outside.asked[0] as Asked;

test("a call has what the task and the connection say, and its answer is the result", async () => {
  const ConnectionArn = await connect();
  const end = await stack.run(HTTP, {
    ApiEndpoint: `${outside.url}/api`,
    Method: "PUT",
    Authentication: { ConnectionArn },
    Headers: { "X-One": "1", "X-Two": ["a", "b"] },
    QueryParameters: { q: "ä b", list: ["1", "2"] },
    RequestBody: { deep: { n: 1 } },
  });
  expect(end).toMatchObject({
    status: "SUCCEEDED",
    output: {
      Headers: { "content-type": ["application/json"] },
      ResponseBody: { id: 7 },
      StatusCode: 200,
      StatusText: "OK",
    },
  });
  const { method, path, headers, body } = first();
  expect([method, path, body]).toEqual(["PUT", "/api?q=%C3%A4+b&list=1&list=2", '{"deep":{"n":1}}']);
  expect(headers).toMatchObject({
    authorization: `Basic ${Buffer.from("me:pass").toString("base64")}`,
    "content-type": "application/json; charset=UTF-8",
    "x-one": "1",
    "x-two": "a, b",
    "user-agent": "Amazon|StepFunctions|HttpInvoke|us-east-1",
    range: "bytes=0-262144",
  });
});

test("where both say something, the connection has the last word", async () => {
  const more = {
    Headers: { "x-both": "task" },
    QueryParameters: { both: "task" },
    RequestBody: { both: "task", own: 1 },
  };
  await stack.run(HTTP, parameters(await connect(WITH_PARAMETERS), more));
  const { path, headers, body } = first();
  expect([path, headers["x-both"], JSON.parse(body)]).toEqual([
    "/api?both=connection",
    "connection",
    { both: "connection", own: 1 },
  ]);
  await expect(
    stack.run(HTTP, parameters(await connect(WITH_PARAMETERS), { RequestBody: "a text" })),
  ).resolves.toMatchObject({ error: "States.Runtime" });
});

test.each([
  ["as is the rule", {}, "a%5B0%5D=1&a%5B1%5D%5Bb%5D=2&c%20d=x%26y"],
  ["repeated", { ArrayFormat: "REPEAT" }, "a=1&a%5Bb%5D=2&c%20d=x%26y"],
  ["in brackets", { ArrayFormat: "BRACKETS" }, "a%5B%5D=1&a%5B%5D%5Bb%5D=2&c%20d=x%26y"],
])("a body is written as a form, its lists %s", async (_how, RequestEncodingOptions, wanted) => {
  const Transform = { RequestBodyEncoding: "URL_ENCODED", RequestEncodingOptions };
  const Headers = { "content-type": "application/x-www-form-urlencoded" };
  const RequestBody = { a: [1, { b: 2 }], "c d": "x&y" };
  await stack.run(HTTP, parameters(await connect(), { Headers, RequestBody, Transform }));
  expect([first().headers["content-type"], first().body]).toEqual(["application/x-www-form-urlencoded", wanted]);
});

test("lists of a form may stand behind commas", async () => {
  const Transform = { RequestBodyEncoding: "URL_ENCODED", RequestEncodingOptions: { ArrayFormat: "COMMAS" } };
  await stack.run(HTTP, parameters(await connect(), { RequestBody: { array: ["a", "b", "c"] }, Transform }));
  expect(decodeURIComponent(first().body)).toBe("array=a,b,c");
});

test("a status that is none of success fails the task under its number, with the body as cause", async () => {
  outside.answer((response) => response.writeHead(404).end("nothing here"));
  await expect(stack.run(HTTP, parameters(await connect()))).resolves.toMatchObject({
    error: "States.Http.StatusCode.404",
    cause: "nothing here",
  });
});

test("a server that cannot be reached, and a connection that is of no use, have names to catch them by", async () => {
  const ConnectionArn = await connect();
  const gone = await startOutside();
  await gone.stop();
  await expect(stack.run(HTTP, parameters(ConnectionArn, { ApiEndpoint: gone.url }))).resolves.toMatchObject({
    error: "States.Http.Socket",
  });
  await expect(stack.run(HTTP, parameters(`${ConnectionArn.slice(0, -4)}0000`))).resolves.toMatchObject({
    error: "Events.ConnectionResource.ResourceNotFound",
  });
});

test.each([
  ["what is no text", "application/octet-stream", Buffer.from("x"), "States.Runtime"],
  ["bytes that are no UTF-8", "text/plain", Buffer.from([0xff, 0xfe]), "States.Runtime"],
  ["more than 256 KiB", "text/plain", Buffer.alloc(300_000, "a"), "States.DataLimitExceeded"],
])("an answer with %s fails the task", async (_what, type, bytes, error) => {
  outside.answer((response) => response.setHeader("Content-Type", type).end(bytes));
  await expect(stack.run(HTTP, parameters(await connect()))).resolves.toMatchObject({ status: "FAILED", error });
});

test.each([
  [{ Headers: { Authorization: "mine" } }, "The value of the field 'Headers' has an invalid format"],
  [{ Headers: { "X-Amz-Date": "x" } }, "The value of the field 'Headers' has an invalid format"],
  [{ Method: "TRACE" }, "The value of the field 'Method' has an invalid format"],
  [{ ApiEndpoint: "http://example.com" }, "The value of the field 'ApiEndpoint' has an invalid format"],
  [{ InvocationConfig: {} }, "The field 'ConnectionArn' is required but was missing"],
  [{ Body: {} }, 'The field "Body" is not supported by Step Functions'],
])("a task that says %j is not started", async (more, sentence) => {
  const end = await stack.run(HTTP, parameters(await connect(), more));
  expect([end.error, end.cause]).toEqual(["States.Runtime", expect.stringContaining(sentence)]);
  expect(outside.asked).toEqual([]);
});

test("TestState shows request and answer, and what the connection adds only when it is to be revealed", async () => {
  const definition = JSON.stringify({
    Type: "Task",
    Resource: HTTP,
    Parameters: parameters(await connect(WITH_PARAMETERS), { Headers: { "X-Own": "1" }, RequestBody: { own: 1 } }),
    End: true,
  });
  const roleArn = "arn:aws:iam::000000000000:role/r";
  const sfn = new SFNClient({ ...stack.stack.clientConfig, disableHostPrefix: true });
  const shown = async (more: object) =>
    (await sfn.send(new TestStateCommand({ definition, roleArn, ...more }))).inspectionData;
  const revealed = await shown({ inspectionLevel: "TRACE", revealSecrets: true });
  expect(revealed?.request).toMatchObject({
    protocol: "http",
    method: "POST",
    url: `${outside.url}/api?both=connection`,
    headers: expect.stringContaining("Authorization: Basic") as string,
    body: '{"own":1,"both":"connection"}',
  });
  expect(revealed?.response).toMatchObject({ statusCode: "200", statusMessage: "OK", body: '{"id":7}' });
  const hidden = await shown({ inspectionLevel: "TRACE" });
  expect(hidden?.request).toMatchObject({ url: `${outside.url}/api`, body: '{"own":1}' });
  expect(JSON.stringify(hidden?.request)).not.toContain("connection");
  expect(JSON.stringify(hidden?.request)).not.toContain("Authorization");
  expect((await shown({ inspectionLevel: "DEBUG" }))?.request).toBeUndefined();
  outside.answer(status(500));
  expect((await shown({ inspectionLevel: "TRACE" }))?.response).toMatchObject({ statusCode: "500" });
  sfn.destroy();
});
