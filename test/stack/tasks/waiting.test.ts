/** Tasks that wait: callback tokens, activities, executions of other machines. */
import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  StopExecutionCommand,
  ListExecutionsCommand,
} from "@aws-sdk/client-sfn";
import type { JsonObject } from "../../../src/config/json.js";
import { ProjectFolder } from "../../cli/cli.js";
import { optimised, sdk, TasksStack } from "./tasks-stack.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work } }
  Answers:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: answers, Runtime: nodejs22.x, CodeUri: code/, Handler: answers.handler, Timeout: 10 }
`;
/** Passes the token on to a queue, where the tests answer it. */
const ANSWERS = `
exports.handler = async ({ token, fails }) => {
  if (fails) throw new Error("not sent");
  const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
  const client = new SQSClient();
  await client.send(new SendMessageCommand({ QueueUrl: process.env.AWS_ENDPOINT_URL + "/000000000000/work", MessageBody: JSON.stringify({ token }) }));
  return "sent";
};`;

let stack: TasksStack;
beforeAll(async () => {
  stack = await TasksStack.start({ "template.yaml": TEMPLATE, "code/answers.js": ANSWERS });
});
afterAll(() => stack.close());

const QueueUrl = "https://sqs.us-east-1.amazonaws.com/000000000000/work";
const TOKEN = { "token.$": "$$.Task.Token" };

const receivedToken = (): Promise<string> =>
  stack.stack.waitFor(async () => {
    const [message] = await stack.stack.sqs.receive("work", 1);
    return message && (JSON.parse(message.body) as { token: string }).token;
  }, PATIENT);

const typesOf = async (execution: string) => (await stack.history(execution)).map(({ type }) => type);

describe("waitForTaskToken", () => {
  const sending = (action: string) =>
    stack.task(action, { Parameters: { QueueUrl, MessageBody: TOKEN } satisfies JsonObject });

  test("the output of SendTaskSuccess is the result; the answer of the call stands in TaskSubmitted", async () => {
    for (const action of [optimised("sqs:sendMessage.waitForTaskToken"), sdk("sqs:sendMessage.waitForTaskToken")]) {
      const execution = await stack.start(await sending(action), {});
      await stack.sfn.send(new SendTaskSuccessCommand({ taskToken: await receivedToken(), output: '{"done":1}' }));
      await expect(stack.end(execution)).resolves.toMatchObject({ status: "SUCCEEDED", output: { done: 1 } });
      const submitted = (await stack.history(execution)).find(({ type }) => type === "TaskSubmitted");
      expect(JSON.parse(submitted?.taskSubmittedEventDetails?.output ?? "")).toHaveProperty("MessageId");
    }
  });

  test("error and cause of SendTaskFailure are those of the task", async () => {
    const execution = await stack.start(await sending(optimised("sqs:sendMessage.waitForTaskToken")), {});
    const taskToken = await receivedToken();
    await stack.sfn.send(new SendTaskFailureCommand({ taskToken, error: "Refused", cause: "no time" }));
    await expect(stack.end(execution)).resolves.toMatchObject({ error: "Refused", cause: "no time" });
  });

  test("lambda:invoke waits for the token when the function has returned", async () => {
    const machine = await stack.task(optimised("lambda:invoke.waitForTaskToken"), {
      Parameters: { FunctionName: "answers", Payload: TOKEN },
    });
    const execution = await stack.start(machine, {});
    await stack.sfn.send(new SendTaskSuccessCommand({ taskToken: await receivedToken(), output: "5" }));
    await expect(stack.end(execution)).resolves.toMatchObject({ output: 5 });
    await expect(typesOf(execution)).resolves.toContain("TaskSubmitted");
  });

  test("a request that fails ends the wait: its token is of no use any more", async () => {
    const machine = await stack.task(optimised("lambda:invoke.waitForTaskToken"), {
      Parameters: { FunctionName: "answers", Payload: { fails: true, ...TOKEN } },
    });
    const execution = await stack.start(machine, {});
    await expect(stack.end(execution)).resolves.toMatchObject({ status: "FAILED", error: "Error" });
    await expect(typesOf(execution)).resolves.not.toContain("TaskSubmitted");
    const scheduled = (await stack.history(execution)).find(({ type }) => type === "TaskScheduled");
    const { Payload } = JSON.parse(scheduled?.taskScheduledEventDetails?.parameters ?? "") as {
      Payload: { token: string };
    };
    const late = new SendTaskSuccessCommand({ taskToken: Payload.token, output: "1" });
    await expect(stack.sfn.send(late)).rejects.toMatchObject({ name: "TaskTimedOut" });
  });
});

test("an activity's worker does the work of the task", async () => {
  const { activityArn = "" } = await stack.sfn.send(new CreateActivityCommand({ name: "by-hand" }));
  const execution = await stack.start(await stack.task(activityArn), { n: 2 });
  const { taskToken, input } = await stack.sfn.send(new GetActivityTaskCommand({ activityArn, workerName: "me" }));
  expect(input).toBe('{"n":2}');
  await stack.sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"n":3}' }));
  await expect(stack.end(execution)).resolves.toMatchObject({ output: { n: 3 } });
});

describe("states:startExecution", () => {
  const inner = (members: JsonObject = {}) =>
    stack.create({ StartAt: "Only", States: { Only: { Type: "Pass", End: true, ...members } } });
  const nested = async (pattern: string, parameters: JsonObject) =>
    stack.run(optimised(`states:startExecution${pattern}`), parameters);

  test("answers with the execution and goes on; dates are milliseconds", async () => {
    const StateMachineArn = await inner();
    const { output } = await nested("", { StateMachineArn, Name: "child", Input: { a: 1 } });
    const ExecutionArn = StateMachineArn.replace(":stateMachine:", ":execution:") + ":child";
    expect(output).toMatchObject({
      ExecutionArn,
      StartDate: expect.any(Number) as number,
      SdkHttpMetadata: { HttpStatusCode: 200, HttpHeaders: { "Content-Type": "application/x-amz-json-1.0" } },
    });
    await expect(stack.end(ExecutionArn)).resolves.toMatchObject({ output: { a: 1 } });
  });

  test(".sync waits for the end and answers with its description: input and output as texts", async () => {
    const { output } = await nested(".sync", { StateMachineArn: await inner(), Name: "waited", Input: '{"a":1}' });
    expect(Object.keys(output)).toEqual([
      "ExecutionArn",
      "Input",
      "InputDetails",
      "Name",
      "Output",
      "OutputDetails",
      "RedriveCount",
      "RedriveStatus",
      "RedriveStatusReason",
      "StartDate",
      "StateMachineArn",
      "Status",
      "StopDate",
    ]);
    expect(output).toMatchObject({ Input: '{"a":1}', Output: '{"a":1}', Status: "SUCCEEDED", Name: "waited" });
  });

  test(".sync:2 has them as JSON", async () => {
    const { output } = await nested(".sync:2", { StateMachineArn: await inner(), Input: { a: 1 } });
    expect(output).toMatchObject({ Input: { a: 1 }, Output: { a: 1 } });
  });

  test("an execution that fails is States.TaskFailed with its description as the cause", async () => {
    const StateMachineArn = await inner({ Type: "Fail", Error: "Broken", Cause: "for good", End: undefined as never });
    const { error, cause = "" } = await nested(".sync", { StateMachineArn });
    expect(error).toBe("States.TaskFailed");
    expect(JSON.parse(cause)).toMatchObject({ Error: "Broken", Cause: "for good", Status: "FAILED", Input: "{}" });
  });

  test("a machine that is not there fails the task by the name of the API's error", async () => {
    const StateMachineArn = "arn:aws:states:us-east-1:000000000000:stateMachine:none";
    await expect(nested("", { StateMachineArn })).resolves.toMatchObject({
      error: "StepFunctions.StateMachineDoesNotExistException",
      cause:
        `State Machine Does Not Exist: '${StateMachineArn}' ` +
        "(Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: ID; Proxy: null)",
    });
  });

  test("when the execution around it is stopped, it is stopped too", async () => {
    const StateMachineArn = await inner({ Type: "Wait", Seconds: 1000 });
    const machine = await stack.task(optimised("states:startExecution.sync"), { Parameters: { StateMachineArn } });
    const execution = await stack.start(machine, {});
    const child = await stack.stack.waitFor(async () => {
      const { executions = [] } = await stack.sfn.send(new ListExecutionsCommand({ stateMachineArn: StateMachineArn }));
      return executions[0]?.executionArn;
    }, PATIENT);
    await stack.sfn.send(new StopExecutionCommand({ executionArn: execution }));
    await expect(stack.end(child)).resolves.toMatchObject({
      status: "ABORTED",
      cause: `The Task state in AWS Step Functions execution [${execution}] which was managing this resource was aborted`,
    });
  });
});

test("an execution inside another goes on, too, when the stack is started again", async () => {
  const project = new ProjectFolder({ "template.yaml": "Resources: {}" });
  const started = await TasksStack.startIn(project, { ephemeral: false });
  const StateMachineArn = await started.create({
    StartAt: "Only",
    States: { Only: { Type: "Wait", Seconds: 1000, End: true } },
  });
  const Parameters = { StateMachineArn, Name: "child" };
  await started.start(await started.task(optimised("states:startExecution.sync"), { Parameters }), {});
  const executionArn = `${StateMachineArn.replace(":stateMachine:", ":execution:")}:child`;
  const statusIn = async ({ sfn }: TasksStack) => {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: StateMachineArn }));
    return executions.find((execution) => execution.executionArn === executionArn)?.status;
  };
  await started.stack.waitFor(async () => (await statusIn(started)) === "RUNNING", PATIENT);
  await started.stop();
  const again = await TasksStack.startIn(project, { ephemeral: false });
  await expect(statusIn(again)).resolves.toBe("RUNNING");
  await again.close();
});
