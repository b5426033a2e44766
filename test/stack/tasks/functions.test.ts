/** Functions as the work of Task states: real handlers, started through the API of Step Functions. */
import { functionArn, optimised, TasksStack } from "./tasks-stack.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Timeout: 10 } }
Resources:
  Echo: { Type: AWS::Serverless::Function, Properties: { FunctionName: echo, Handler: echo.handler, AutoPublishAlias: live } }
  Context: { Type: AWS::Serverless::Function, Properties: { FunctionName: context, Handler: context.handler } }
  Fails: { Type: AWS::Serverless::Function, Properties: { FunctionName: fails, Handler: fails.handler } }
`;
const FAILS = `
class TooWet extends Error { constructor() { super("it rains"); this.name = "TooWet"; } }
exports.handler = async ({ how }) => {
  if (how === "exit") process.exit(3);
  if (how === "nameless") throw Object.assign(new Error("no name"), { name: "" });
  throw new TooWet();
};`;

let stack: TasksStack;
beforeAll(async () => {
  stack = await TasksStack.start({
    "template.yaml": TEMPLATE,
    "code/echo.js": "exports.handler = async (event) => event;",
    "code/context.js":
      "exports.handler = async (event, context) => ({ arn: context.invokedFunctionArn, client: context.clientContext });",
    "code/fails.js": FAILS,
  });
});
afterAll(() => stack.close());

const invoke = (parameters: unknown) => stack.run(optimised("lambda:invoke"), parameters);

test("the ARN of a function as the resource passes input and result through as they are", async () => {
  await expect(stack.run(functionArn("echo"), { a: [1, null] })).resolves.toMatchObject({ output: { a: [1, null] } });
  await expect(stack.run(functionArn("context:$LATEST"), {})).resolves.toMatchObject({
    output: { arn: functionArn("context:$LATEST") },
  });
});

test("a function's own error is the error of the task, and its payload the cause", async () => {
  for (const end of [await stack.run(functionArn("fails"), {}), await invoke({ FunctionName: "fails", Payload: {} })]) {
    expect(end).toMatchObject({ status: "FAILED", error: "TooWet" });
    expect(JSON.parse(end.cause ?? "")).toMatchObject({ errorType: "TooWet", errorMessage: "it rains" });
  }
  await expect(stack.run(functionArn("fails"), { how: "exit" })).resolves.toMatchObject({ error: "Runtime.ExitError" });
});

test("a function that is not there is named in the words of Lambda", async () => {
  const cause =
    `Function not found: ${functionArn("nobody")} ` +
    "(Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: ID; Proxy: null)";
  const expected = { error: "Lambda.ResourceNotFoundException", cause };
  await expect(stack.run(functionArn("nobody"), {})).resolves.toMatchObject(expected);
  await expect(invoke({ FunctionName: "nobody" })).resolves.toMatchObject(expected);
});

test("lambda:invoke shows version, status and headers beside the payload", async () => {
  const { output } = await invoke({ FunctionName: functionArn("echo"), Payload: { n: 1 } });
  expect(Object.keys(output)).toEqual([
    "ExecutedVersion",
    "Payload",
    "SdkHttpMetadata",
    "SdkResponseMetadata",
    "StatusCode",
  ]);
  const requestId = (output["SdkResponseMetadata"] as { RequestId: string }).RequestId;
  expect(output).toMatchObject({
    ExecutedVersion: "$LATEST",
    Payload: { n: 1 },
    StatusCode: 200,
    SdkHttpMetadata: {
      HttpStatusCode: 200,
      HttpHeaders: { "Content-Length": "7", "x-amzn-RequestId": requestId, "X-Amz-Executed-Version": "$LATEST" },
      AllHttpHeaders: { "x-amzn-Remapped-Content-Length": ["0"], "Content-Type": ["application/json"] },
    },
  });
});

test("lambda:invoke takes qualifier, log type and client context", async () => {
  const client = Buffer.from(JSON.stringify({ custom: { from: "machine" } })).toString("base64");
  const { output } = await invoke({ FunctionName: "context", ClientContext: client, LogType: "Tail" });
  expect(output["Payload"]).toMatchObject({ client: { custom: { from: "machine" } } });
  expect(Buffer.from(output["LogResult"] as string, "base64").toString()).toMatch(/REPORT RequestId/);
  await expect(invoke({ FunctionName: "echo", Qualifier: "live", Payload: {} })).resolves.toMatchObject({
    output: { ExecutedVersion: "1" },
  });
});

test("a payload that is JSON in a string is the event itself; any other string is a string", async () => {
  await expect(invoke({ FunctionName: "echo", Payload: '{"a":1}' })).resolves.toMatchObject({
    output: { Payload: { a: 1 } },
  });
  await expect(invoke({ FunctionName: "echo", Payload: "plain" })).resolves.toMatchObject({
    output: { Payload: "plain" },
  });
  await expect(invoke({ FunctionName: "echo", Payload: null })).resolves.toMatchObject({ output: { Payload: {} } });
});

test("lambda:invoke with the type Event goes on at once, and the function runs", async () => {
  const { output } = await invoke({ FunctionName: "echo", InvocationType: "Event", Payload: { later: true } });
  expect(output).toMatchObject({ StatusCode: 202, SdkHttpMetadata: { HttpStatusCode: 202 } });
  expect(output).not.toHaveProperty("ExecutedVersion");
  await stack.stack.waitFor(
    () => stack.stack.invocations("echo").some(({ event }) => JSON.stringify(event) === '{"later":true}'),
    PATIENT,
  );
});

test("values that Invoke refuses fail the task in Lambda's words", async () => {
  await expect(invoke({ FunctionName: "echo", InvocationType: "Later" })).resolves.toMatchObject({
    error: "Lambda.AWSLambdaException",
    cause: expect.stringContaining("failed to satisfy constraint: Member must satisfy enum value set") as string,
  });
});

test("unknown and missing parameters fail the execution before the task is scheduled", async () => {
  const execution = await stack.start(await stack.task(optimised("lambda:invoke")), { TaskToken: "t" });
  await expect(stack.end(execution)).resolves.toMatchObject({
    error: "States.Runtime",
    cause:
      "An error occurred while executing the state 'Work' (entered at the event id #2). The Parameters '{\"TaskToken\":\"t\"}' " +
      'could not be used to start the Task: [The field "TaskToken" is not supported by Step Functions, ' +
      "The field 'FunctionName' is required but was missing]",
  });
  const types = (await stack.history(execution)).map(({ type }) => type);
  expect(types).not.toContain("TaskScheduled");
});
