/** Asynchronous invocation with real handlers on a virtual clock: retries, ages, throttles, dead letters, destinations. */
import {
  InvokeCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  DeleteFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { loadApplication } from "../../../src/config/load-application.js";
import { createStack, type TestStack } from "../../../src/index.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { Stack } from "../../../src/stack/stack.js";
import { ProjectFolder } from "../../cli/cli.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs20.x, CodeUri: code/, Timeout: 5 } }
Resources:
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Told: { Type: AWS::SQS::Queue, Properties: { QueueName: told } }
  Plain: { Type: AWS::Serverless::Function, Properties: { FunctionName: plain, Handler: index.handler } }
  WithDeadLetters: { Type: AWS::Serverless::Function, Properties: { FunctionName: with-dead-letters, Handler: index.handler, DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn } } }
  Listener: { Type: AWS::Serverless::Function, Properties: { FunctionName: listener, Handler: index.handler } }
  Telling:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: telling
      Handler: index.handler
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig: { OnSuccess: { Type: SQS, Destination: !GetAtt Told.Arn }, OnFailure: { Type: Lambda, Destination: !GetAtt Listener.Arn } }
  Impatient:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: impatient
      Handler: index.handler
      EventInvokeConfig: { MaximumEventAgeInSeconds: 90, DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Told.Arn } } }
`;
const CODE = `
exports.handler = async (event, context) => {
  if (event.trace) console.log("trace " + process.env._X_AMZN_TRACE_ID);
  if (event.fail) throw new Error("no luck with " + event.fail);
  if (event.exit) process.exit(1);
  return { id: context.awsRequestId, event };
};`;

let project: ProjectFolder;
let stack: TestStack;
let lambda: LambdaClient;
let sqs: SQSClient;

beforeAll(() => (project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE })));
beforeEach(async () => {
  stack = await createStack({ folder: project.folder, clock: "virtual" });
  lambda = new LambdaClient(stack.clientConfig);
  sqs = new SQSClient(stack.clientConfig);
});
afterEach(async () => {
  lambda.destroy();
  sqs.destroy();
  await stack.close();
});
afterAll(() => project.remove());

async function send(FunctionName: string, event: unknown = {}): Promise<string> {
  const { StatusCode, $metadata } = await lambda.send(
    new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: JSON.stringify(event) }),
  );
  expect(StatusCode).toBe(202);
  return $metadata.requestId ?? "";
}

const rootOf = (text: string | undefined): string | undefined => /Root=([^;]*)/.exec(text ?? "")?.[1];

/** Runs of a function so far, once nothing runs any more. */
async function runs(name: string, advance = "1 ms"): Promise<number> {
  await stack.clock.advance(advance);
  return stack.invocations().filter(({ functionName }) => functionName === name).length;
}

async function messageIn(queue: string): Promise<{ body: Record<string, unknown>; attributes: unknown }> {
  const QueueUrl = `${stack.endpoint}/000000000000/${queue}`;
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"] }));
  return {
    body: JSON.parse(Messages[0]?.Body ?? "null") as Record<string, unknown>,
    attributes: Messages[0]?.MessageAttributes,
  };
}

test("an event runs once when the function succeeds", async () => {
  const id = await send("plain", { n: 1 });
  expect(await runs("plain")).toBe(1);
  expect(await runs("plain", "1 h")).toBe(1);
  expect(stack.invocations()[0]).toMatchObject({ requestId: id, event: { n: 1 }, payload: { id } });
});

test("a failure is tried again after one minute, then after two, then given up", async () => {
  const id = await send("plain", { fail: "it" });
  expect(await runs("plain")).toBe(1);
  expect(await runs("plain", "59 s")).toBe(1);
  expect(await runs("plain", "1 s")).toBe(2);
  expect(await runs("plain", "119 s")).toBe(2);
  expect(await runs("plain", "1 s")).toBe(3);
  expect(await runs("plain", "7 h")).toBe(3);
  expect(new Set(stack.invocations().map(({ requestId }) => requestId))).toEqual(new Set([id]));
});

test("the answer names the trace that all tries belong to", async () => {
  const roots: (string | undefined)[] = [];
  lambda.middlewareStack.add(
    (next) => async (input) => {
      const output = await next(input);
      const { headers } = output.response as { readonly headers: Readonly<Record<string, string>> };
      roots.push(rootOf(headers["x-amzn-trace-id"]));
      return output;
    },
    { step: "deserialize", priority: "low" },
  );
  await send("plain", { fail: "it", trace: true });
  expect(await runs("plain", "10 m")).toBe(3);
  const seen = stack.invocations("plain").map(({ logs }) => rootOf(logs.find((line) => line.includes("trace Root="))));
  expect(seen).toEqual([roots[0], roots[0], roots[0]]);
  expect(roots[0]).toMatch(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/);
});

test("a process that exits counts as a failure", async () => {
  await send("plain", { exit: true });
  expect(await runs("plain", "4 m")).toBe(3);
});

test("what fails to the end goes to the dead-letter queue with its attributes", async () => {
  const id = await send("with-dead-letters", { fail: "a letter" });
  await runs("with-dead-letters", "10 m");
  expect(await messageIn("dead")).toEqual({
    body: { fail: "a letter" },
    attributes: {
      RequestID: { DataType: "String", StringValue: id },
      ErrorCode: { DataType: "Number", StringValue: "200" },
      ErrorMessage: { DataType: "String", StringValue: "no luck with a letter" },
    },
  });
});

test("a success is told to its destination with the record that AWS sends", async () => {
  const id = await send("telling", { n: 1 });
  await runs("telling");
  const { body } = await messageIn("told");
  expect(body).toEqual({
    version: "1.0",
    timestamp: expect.stringMatching(/^2026-\d\d-\d\dT[\d:]+\.\d{3}Z$/) as string,
    requestContext: {
      requestId: id,
      functionArn: "arn:aws:lambda:us-east-1:000000000000:function:telling:$LATEST",
      condition: "Success",
      approximateInvokeCount: 1,
    },
    requestPayload: { n: 1 },
    responseContext: { statusCode: 200, executedVersion: "$LATEST" },
    responsePayload: { id, event: { n: 1 } },
  });
});

test("a failure is told to a function, after as many retries as configured", async () => {
  await send("telling", { fail: "again" });
  expect(await runs("telling", "10 m")).toBe(2);
  const told = stack.invocations().find(({ functionName }) => functionName === "listener");
  expect(told?.event).toMatchObject({
    requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 2 },
    responseContext: { statusCode: 200, functionError: "Unhandled" },
    responsePayload: { errorType: "Error", errorMessage: "no luck with again" },
  });
});

test("an event whose next try would be too late is given up at once", async () => {
  await send("impatient", { fail: "time" });
  expect(await runs("impatient", "61 s")).toBe(2);
  const { body } = await messageIn("told");
  expect(body).toMatchObject({ requestContext: { condition: "EventAgeExceeded", approximateInvokeCount: 2 } });
});

test("a function with no concurrency at all gives its events up unrun", async () => {
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: "impatient", ReservedConcurrentExecutions: 0 }));
  await send("impatient", { n: 1 });
  expect(await runs("impatient")).toBe(0);
  const { body } = await messageIn("told");
  expect(body).toMatchObject({ requestContext: { condition: "ZeroReservedConcurrency", approximateInvokeCount: 0 } });
  expect(body).not.toHaveProperty("responseContext");
  await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: "impatient" }));
});

test("throttled events wait for their turn and are none of the retries", async () => {
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: "plain", ReservedConcurrentExecutions: 1 }));
  await Promise.all([1, 2, 3, 4, 5].map((n) => send("plain", { n })));
  await runs("plain", "1 h");
  const seen = stack.invocations().map(({ event }) => (event as { n: number }).n);
  expect(seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
});

test("settings of the API hold from the next attempt on", async () => {
  await lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: "plain", MaximumRetryAttempts: 0 }));
  await send("plain", { fail: "once" });
  expect(await runs("plain", "1 h")).toBe(1);
});

test("a payload over 1 MB and a function that is not there are refused before the 202", async () => {
  await expect(send("plain", "a".repeat(1024 * 1024))).rejects.toThrow(
    "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
  );
  await expect(send("nobody")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("what got a 202 runs in the next process when this one ended before", async () => {
  const state = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
  const clock = new VirtualClock();
  const finished: string[] = [];
  const start = async (): Promise<Stack> => {
    const { application, config } = await loadApplication({
      folder: state.folder,
      flags: { ports: { gateway: 0, http: 0 } },
    });
    return Stack.start({
      application,
      config,
      projectRoot: state.folder,
      kind: "stack",
      clock,
      standby: false,
      observers: [
        { started: () => undefined, ended: (_fn, _id, { payload }) => void finished.push(payload.toString()) },
      ],
    });
  };
  const first = await start();
  const client = new LambdaClient({ ...stack.clientConfig, endpoint: first.endpoint });
  await client.send(new InvokeCommand({ FunctionName: "plain", InvocationType: "Event", Payload: '{"fail":"first"}' }));
  client.destroy();
  await first.activity.quiet();
  await first.close();
  const before = finished.length;
  const second = await start();
  await clock.advance(61_000);
  await second.activity.quiet();
  for (let turn = 0; finished.length === before && turn < 1000; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  await second.close();
  state.remove();
  expect(finished.length).toBeGreaterThan(before);
  expect(new Set(finished)).toEqual(new Set(['{"fail":"first"}']));
});
