/** The API of durable executions by itself: what AWS takes and refuses, and how it pages. Handlers speak the protocol by hand. */
import {
  CheckpointDurableExecutionCommand,
  CreateFunctionCommand,
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  GetDurableExecutionStateCommand,
  GetFunctionConfigurationCommand,
  InvokeAsyncCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  ListDurableExecutionsByFunctionCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
  UpdateFunctionConfigurationCommand,
  type InvokeCommandInput,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import type { ProjectFolder } from "../cli/cli.js";
import { functionInput, ONE } from "../services/lambda/world.js";
import { durableProject, fn, startWorld, template, type DurableWorld } from "./world.js";

/** Sends the batches of updates that it is given, and answers with what came of each. */
const SENDER = `
const { LambdaClient, CheckpointDurableExecutionCommand } = require("@aws-sdk/client-lambda");
const client = new LambdaClient({ maxAttempts: 1 });
exports.handler = async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState }) => {
  const outcomes = [];
  let used;
  for (const { token, arn, again, ...rest } of JSON.parse(InitialExecutionState.Operations[0].ExecutionDetails.InputPayload)) {
    const request = { DurableExecutionArn: arn ?? DurableExecutionArn, CheckpointToken: token ?? (again ? used : CheckpointToken), ...rest };
    used = request.CheckpointToken;
    try {
      const answer = await client.send(new CheckpointDurableExecutionCommand(request));
      CheckpointToken = answer.CheckpointToken;
      outcomes.push((answer.NewExecutionState.Operations ?? []).map(({ Id, Status }) => Id + " " + Status));
    } catch (error) {
      outcomes.push(error.name + ": " + error.message);
    }
  }
  return { Status: "SUCCEEDED", Result: JSON.stringify(outcomes) };
};`;
/** Answers what it is given, whatever that is; the second time it is through. */
const ANSWERER = `
exports.handler = async ({ InitialExecutionState: { Operations } }) => {
  if (Operations.length > 1) return { Status: "SUCCEEDED", Result: "2" };
  return JSON.parse(Operations[0].ExecutionDetails.InputPayload);
};`;
/** Waits for a callback, or as long as it is told. */
const WAITER = `
const { LambdaClient, CheckpointDurableExecutionCommand } = require("@aws-sdk/client-lambda");
exports.handler = async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState: { Operations } }) => {
  const Updates = [{ Id: "w", Type: "WAIT", Action: "START", WaitOptions: { WaitSeconds: 3600 } }];
  for (let at = 0; at < 3; at++) Updates.push({ Id: "c" + at, Type: "CALLBACK", Action: "START", Name: "call " + at });
  if (Operations.length > 1) return { Status: "SUCCEEDED", Result: JSON.stringify(Operations.map(({ Status }) => Status)) };
  await new LambdaClient({}).send(new CheckpointDurableExecutionCommand({ DurableExecutionArn, CheckpointToken, Updates }));
  console.log("TOKEN", CheckpointToken);
  return { Status: "PENDING" };
};`;
const CRASHER = `exports.handler = async () => { console.log("crashing"); throw new EvalError("crashed"); };`;

let project: ProjectFolder;
let world: DurableWorld;
let client: LambdaClient;
beforeAll(async () => {
  project = durableProject({
    "template.yaml": template(
      ...["Sender", "Answerer", "Crasher"].map((name) => fn(name)),
      fn("Waiter", { durable: "ExecutionTimeout: 7200", more: "      AutoPublishAlias: live" }),
      fn("Plain", { durable: "" }),
    ),
    "src/sender.js": SENDER,
    "src/answerer.js": ANSWERER,
    "src/waiter.js": WAITER,
    "src/crasher.js": CRASHER,
    "src/plain.js": "exports.handler = async () => 1;",
  });
  world = await startWorld(project);
  ({ client } = world);
});
afterAll(async () => {
  await world.close();
  project.remove();
});

const invoke = (FunctionName: string, input: unknown, more: Partial<InvokeCommandInput> = {}) =>
  client.send(new InvokeCommand({ FunctionName, Qualifier: "$LATEST", Payload: JSON.stringify(input), ...more }));

/** The execution that an event begins; its first invocation is through. */
async function begin(name: string, input: unknown, more: Partial<InvokeCommandInput> = {}): Promise<string> {
  const { DurableExecutionArn = "", StatusCode } = await invoke(name, input, { InvocationType: "Event", ...more });
  expect(StatusCode).toBe(202);
  await world.stack.stack.activity.quiet();
  return DurableExecutionArn;
}

const execution = (DurableExecutionArn: string) => client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));

const step = (Id: string, Action: string, more: object = {}) => ({ Id, Type: "STEP", Action, ...more });
const wait = (Id: string, Action: string, more: object = {}) => ({ Id, Type: "WAIT", Action, ...more });
const context = (Id: string, Action: string, more: object = {}) => ({ Id, Type: "CONTEXT", Action, ...more });
const invalid = (message: string): string => `InvalidParameterValueException: ${message}`;
const SECOND = { WaitOptions: { WaitSeconds: 1 } };

describe("Checkpoints", () => {
  it.each<[string, readonly object[], readonly unknown[]]>([
    [
      "a step that begins and ends, in one request and in two",
      [{ Updates: [step("a", "START"), step("a", "SUCCEED", { Payload: "1" })] }, { Updates: [step("b", "START")] }],
      [["a SUCCEEDED"], ["b STARTED"]],
    ],
    [
      "a step that is started again before it is ready",
      [{ Updates: [step("a", "START")] }, { Updates: [step("a", "START")] }],
      [["a STARTED"], invalid("Invalid current STEP state to start.")],
    ],
    [
      "a step that has ended",
      [{ Updates: [step("a", "FAIL", { Error: {} })] }, { Updates: [step("a", "SUCCEED")] }],
      [["a FAILED"], invalid("Invalid current STEP state to close.")],
    ],
    [
      "a retry without its delay, and a delay without a retry",
      [
        { Updates: [step("a", "RETRY")] },
        { Updates: [step("a", "SUCCEED", { StepOptions: { NextAttemptDelaySeconds: 1 } })] },
      ],
      [invalid("Invalid StepOptions for the given action."), invalid("Invalid StepOptions for the given action.")],
    ],
    [
      "an end with what belongs to the other",
      [{ Updates: [step("a", "FAIL", { Payload: "1" })] }, { Updates: [step("a", "SUCCEED", { Error: {} })] }],
      [invalid("Cannot provide a Payload for FAIL action."), invalid("Cannot provide an Error for SUCCEED action.")],
    ],
    [
      "a wait that is cancelled, one that never was, and one without its time",
      [
        { Updates: [wait("a", "START", SECOND)] },
        { Updates: [wait("a", "CANCEL")] },
        { Updates: [wait("b", "CANCEL")] },
        { Updates: [wait("c", "START")] },
      ],
      [
        ["a STARTED"],
        ["a CANCELLED"],
        invalid("Cannot cancel a WAIT that does not exist or has already completed."),
        invalid("Update for WAIT operation requires WaitOptions."),
      ],
    ],
    [
      "what began as something else, or below something else",
      [
        { Updates: [step("a", "START", { Name: "one", SubType: "Step" })] },
        { Updates: [wait("a", "START", SECOND)] },
        { Updates: [step("a", "SUCCEED", { Name: "two" })] },
        { Updates: [step("a", "SUCCEED", { SubType: "Other" })] },
        { Updates: [step("b", "START", { ParentId: "a" })] },
      ],
      [
        ["a STARTED"],
        invalid("Inconsistent operation type."),
        invalid("Inconsistent operation name."),
        invalid("Inconsistent operation subtype."),
        invalid("Invalid parent operation id."),
      ],
    ],
    [
      "a refused update, which takes the others of its request along",
      [
        { Updates: [context("a", "START"), step("b", "START", { ParentId: "a" }), step("c", "CANCEL")] },
        { Updates: [context("a", "SUCCEED")] },
      ],
      [invalid("Invalid action for the given operation type."), invalid("Invalid current CONTEXT state to close.")],
    ],
    [
      "one operation twice, and an end that is not the last",
      [
        { Updates: [step("a", "SUCCEED"), step("a", "SUCCEED")] },
        { Updates: [{ Id: "e", Type: "EXECUTION", Action: "SUCCEED" }, step("a", "START")] },
      ],
      [
        invalid("Cannot update the same operation twice in a single request."),
        invalid("EXECUTION checkpoint must be the last update."),
      ],
    ],
    [
      "a payload that is too large",
      [{ Updates: [step("a", "SUCCEED", { Payload: "x".repeat(1_048_577) })] }],
      [invalid("STEP output payload size must be less than or equal to 1048576 bytes.")],
    ],
    [
      "members that the model bounds",
      [{ Updates: [wait("a", "START", { WaitOptions: { WaitSeconds: 0 } })] }],
      [
        "ValidationException: 1 validation error detected: Value '0' at 'updates.1.member.waitOptions.waitSeconds' failed to satisfy constraint: Member must have value greater than or equal to 1",
      ],
    ],
    [
      "a request that comes again with its ClientToken, and one that comes again without",
      [
        { ClientToken: "t1", Updates: [step("a", "START")] },
        { again: true, ClientToken: "t1", Updates: [step("a", "START")] },
        { again: true, Updates: [step("a", "START")] },
        { Updates: [step("b", "START")] },
      ],
      [["a STARTED"], ["a STARTED"], invalid("Invalid checkpoint token"), ["b STARTED"]],
    ],
    [
      "a token that has been used, one of nobody, and one of another execution",
      [
        { ClientToken: "t1", Updates: [step("a", "START")] },
        { token: "QUJD" },
        {
          arn: "arn:aws:lambda:us-east-1:000000000000:function:sender:$LATEST/durable-execution/other/00000000-0000-0000-0000-000000000000",
        },
      ],
      [
        ["a STARTED"],
        invalid("Invalid checkpoint token"),
        invalid("Checkpoint token is not valid for the durable execution ARN"),
      ],
    ],
  ])("answer %s as AWS does", async (_, batches, outcomes) => {
    const { Payload, FunctionError } = await invoke("sender", batches);
    expect(FunctionError).toBeUndefined();
    expect(JSON.parse(Payload?.transformToString() ?? "")).toEqual(outcomes);
  });

  it("are no more taken once the execution is over, or was told that it is", async () => {
    const end = { Id: "any", Type: "EXECUTION", Action: "SUCCEED", Payload: '"early"' };
    const { Payload, DurableExecutionArn = "" } = await invoke("sender", [{ Updates: [end] }, { Updates: [] }]);
    expect(Payload?.transformToString()).toBe('"early"');
    expect(await execution(DurableExecutionArn)).toMatchObject({ Status: "SUCCEEDED", Result: '"early"' });
    await expect(
      client.send(new CheckpointDurableExecutionCommand({ DurableExecutionArn, CheckpointToken: "QUJD" })),
    ).rejects.toMatchObject({ message: "Invalid checkpoint token" });
  });
});

describe("Invoke of a durable function", () => {
  it("needs a qualifier, and no more than fifteen minutes where somebody waits", async () => {
    const unqualified = "You cannot invoke a durable function using an unqualified ARN.";
    for (const InvocationType of ["RequestResponse", "Event", "DryRun"] as const)
      await expect(invoke("sender", [], { Qualifier: undefined, InvocationType })).rejects.toMatchObject({
        name: "InvalidParameterValueException",
        message: unqualified,
      });
    // In the oldest form of the call, too.
    const old = { FunctionName: "sender", InvokeArgs: "{}" };
    await expect(client.send(new InvokeAsyncCommand(old))).rejects.toMatchObject({ message: unqualified });
    await expect(invoke("waiter", {})).rejects.toMatchObject({
      message: "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.",
    });
    await expect(
      client.send(new InvokeWithResponseStreamCommand({ FunctionName: "sender", Qualifier: "$LATEST" })),
    ).rejects.toMatchObject({ name: "InvalidParameterValueException" });
  });

  it("tells the execution that it began, by a name of its own or one that was given", async () => {
    const made = await invoke("sender", []);
    const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    const arn = "arn:aws:lambda:us-east-1:000000000000:function:";
    expect(made.DurableExecutionArn).toMatch(new RegExp(`^${arn}sender:\\$LATEST/durable-execution/${uuid}/${uuid}$`));
    const named = await begin("waiter", {}, { Qualifier: "live", DurableExecutionName: "order-1" });
    expect(named).toMatch(new RegExp(`^${arn}waiter:1/durable-execution/order-1/${uuid}$`));
    expect(await execution(named)).toMatchObject({
      DurableExecutionName: "order-1",
      FunctionArn: `${arn}waiter:1`,
      Version: "1",
      Status: "RUNNING",
      InputPayload: "{}",
      DurableConfig: { ExecutionTimeout: 7200, RetentionPeriodInDays: 14 },
    });
    const compact = await client.send(
      new GetDurableExecutionCommand({ DurableExecutionArn: named, IncludeExecutionData: false }),
    );
    expect(compact).toMatchObject({ Status: "RUNNING", ExecutionDataIncluded: false });
    expect(compact.InputPayload).toBeUndefined();
    await expect(invoke("sender", [], { DurableExecutionName: "a b" })).rejects.toMatchObject({
      message: expect.stringContaining("at 'durableExecutionName' failed to satisfy constraint"),
    });
  });

  it("begins nothing new for a name that is known with the same event, and is refused with another", async () => {
    const DurableExecutionName = "once";
    const first = await invoke("sender", [{ Updates: [step("a", "START")] }], { DurableExecutionName });
    const again = await invoke("sender", [{ Updates: [step("a", "START")] }], { DurableExecutionName });
    expect(again.DurableExecutionArn).toBe(first.DurableExecutionArn);
    expect(again.Payload?.transformToString()).toBe(first.Payload?.transformToString());
    const invocations = (await historyOf(first.DurableExecutionArn ?? "")).filter(
      ({ EventType }) => EventType === "InvocationCompleted",
    );
    expect(invocations).toHaveLength(1);
    await expect(invoke("sender", [], { DurableExecutionName })).rejects.toMatchObject({
      name: "DurableExecutionAlreadyStartedException",
      message: `Execution already started: ${first.DurableExecutionArn}`,
    });
    // A name is one of the function's.
    expect((await invoke("answerer", { Status: "SUCCEEDED", Result: "1" }, { DurableExecutionName })).StatusCode).toBe(
      200,
    );
  });

  it.each([
    [{ Status: "SUCCEEDED", Result: '{"a":1}' }, undefined, '{"a":1}'],
    [{ Status: "SUCCEEDED" }, undefined, "null"],
    [
      { Status: "FAILED", Error: { ErrorType: "E", ErrorMessage: "m" } },
      "Unhandled",
      '{"errorMessage":"m","errorType":"E"}',
    ],
    [
      { statusCode: 200 },
      "Unhandled",
      '{"errorMessage":"Invalid Status in invocation output.","errorType":"InvalidParameterValueException"}',
    ],
    [
      { Status: "PENDING" },
      "Unhandled",
      '{"errorMessage":"Cannot return PENDING status with no pending operations.","errorType":"InvalidParameterValueException"}',
    ],
  ])("makes of the answer %j what its caller gets", async (answer, error, payload) => {
    const { FunctionError, Payload } = await invoke("answerer", answer);
    expect(FunctionError).toBe(error);
    expect(Payload?.transformToString()).toBe(payload);
  });

  it("is made again when the function fails, later each time, until the execution does", async () => {
    const arn = await begin("crasher", {});
    const crashes = (): number => world.stack.invocations("crasher").length;
    expect(crashes()).toBe(1);
    await world.stack.clock.advance("1s");
    expect(crashes()).toBe(2);
    await world.stack.clock.advance("14s");
    expect(crashes()).toBe(5);
    expect(await execution(arn)).toMatchObject({
      Status: "FAILED",
      Error: { ErrorType: "EvalError", ErrorMessage: "crashed" },
    });
  });
});

const historyOf = async (DurableExecutionArn: string) =>
  (await client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn }))).Events ?? [];

describe("Executions", () => {
  it("are listed newest first, by status, name, version and time, in pages", async () => {
    const FunctionName = "waiter";
    const names: (string | undefined)[] = [];
    const from = new Date(world.stack.clock.now());
    await world.stack.clock.advance("1s");
    for (const name of ["l1", "l2", "l3"])
      await begin(FunctionName, {}, { Qualifier: "live", DurableExecutionName: name });
    let Marker: string | undefined;
    do {
      const page = await client.send(
        new ListDurableExecutionsByFunctionCommand({ FunctionName, StartedAfter: from, MaxItems: 2, Marker }),
      );
      names.push(...(page.DurableExecutions ?? []).map(({ DurableExecutionName }) => DurableExecutionName), "|");
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    expect(names).toEqual(["l3", "l2", "|", "l1", "|"]);
    const list = async (more: object): Promise<unknown> =>
      (
        await client.send(new ListDurableExecutionsByFunctionCommand({ FunctionName, StartedAfter: from, ...more }))
      ).DurableExecutions?.map(({ DurableExecutionName }) => DurableExecutionName);
    expect(await list({ ReverseOrder: true })).toEqual(["l1", "l2", "l3"]);
    expect(await list({ DurableExecutionName: "l2" })).toEqual(["l2"]);
    expect(await list({ Statuses: ["SUCCEEDED"] })).toEqual([]);
    expect(await list({ Qualifier: "$LATEST" })).toEqual([]);
    expect(await list({ Qualifier: "live", StartedBefore: new Date(world.stack.clock.now() + 1000) })).toHaveLength(3);
    await expect(list({ Marker: "bm90aGluZw==" })).rejects.toMatchObject({ message: "Invalid Marker" });
    await expect(list({ FunctionName: "nobody" })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  it("are stopped with an error, once, and answer nothing any more", async () => {
    const DurableExecutionArn = await begin("waiter", {});
    const [{ CallbackStartedDetails } = {}] = (await historyOf(DurableExecutionArn)).filter(
      ({ EventType }) => EventType === "CallbackStarted",
    );
    const Error = { ErrorType: "Operator", ErrorMessage: "enough" };
    const { StopTimestamp } = await client.send(new StopDurableExecutionCommand({ DurableExecutionArn, Error }));
    await world.stack.clock.advance("5s");
    expect(await client.send(new StopDurableExecutionCommand({ DurableExecutionArn }))).toMatchObject({
      StopTimestamp,
    });
    expect(await execution(DurableExecutionArn)).toMatchObject({
      Status: "STOPPED",
      Error,
      EndTimestamp: StopTimestamp,
    });
    const CallbackId = CallbackStartedDetails?.CallbackId;
    await expect(client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId }))).rejects.toMatchObject({
      name: "CallbackTimeoutException",
    });
    await expect(
      client.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId: "QUJD" })),
    ).rejects.toMatchObject({ name: "InvalidParameterValueException", message: "Invalid callback id" });
  });

  it("run out of time, and are forgotten when their retention is over", async () => {
    const arn = await begin("waiter", {});
    await world.stack.clock.advance("2h");
    // The wait of an hour has ended it before its time was up.
    expect(await execution(arn)).toMatchObject({ Status: "SUCCEEDED" });
    await world.stack.clock.advance(`${14 * 24}h`);
    await expect(execution(arn)).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Durable Execution does not exist",
    });
  });

  it("show their history in pages, both ways, and without what went through them", async () => {
    const DurableExecutionArn = await begin("waiter", {});
    const page = (more: object) =>
      client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn, MaxItems: 4, ...more }));
    const first = await page({});
    const { Events: rest = [] } = await page({ Marker: first.NextMarker });
    expect([...(first.Events ?? []), ...rest].map(({ EventId, EventType }) => `${EventId} ${EventType}`)).toEqual([
      "1 ExecutionStarted",
      "2 WaitStarted",
      "3 CallbackStarted",
      "4 CallbackStarted",
      "5 CallbackStarted",
      "6 InvocationCompleted",
    ]);
    const { Events: [last] = [] } = await page({ ReverseOrder: true });
    expect(last?.EventType).toBe("InvocationCompleted");
    const { Events: [started] = [] } = await page({ IncludeExecutionData: false });
    expect(started?.ExecutionStartedDetails).toEqual({ Input: { Truncated: true }, ExecutionTimeout: 7200 });
    expect(first.Events?.[0]?.ExecutionStartedDetails?.Input).toEqual({ Payload: "{}", Truncated: false });
  });

  it("give their state to the invocation under way alone", async () => {
    const DurableExecutionArn = await begin("waiter", {});
    const tokens = world.stack
      .invocations("waiter")
      .flatMap(({ logs }) => logs.filter((line) => line.includes("TOKEN")));
    const CheckpointToken = tokens.at(-1)?.split("TOKEN ")[1];
    await expect(
      client.send(new GetDurableExecutionStateCommand({ DurableExecutionArn, CheckpointToken })),
    ).rejects.toMatchObject({ name: "InvalidParameterValueException", message: "Invalid checkpoint token" });
  });
});

describe("DurableConfig", () => {
  it("is shown and changed where a function was made with it, and refused where it was not", async () => {
    const made = (FunctionName: string, change: object) =>
      client.send(new CreateFunctionCommand(functionInput(FunctionName, { Code: { ZipFile: ONE }, ...change })));
    await made("own", { DurableConfig: { ExecutionTimeout: 60 } });
    const shown = async (): Promise<unknown> =>
      (await client.send(new GetFunctionConfigurationCommand({ FunctionName: "own" }))).DurableConfig;
    expect(await shown()).toEqual({ ExecutionTimeout: 60, RetentionPeriodInDays: 14 });
    const update = (FunctionName: string, DurableConfig: object) =>
      client.send(new UpdateFunctionConfigurationCommand({ FunctionName, DurableConfig }));
    await update("own", { RetentionPeriodInDays: 30 });
    expect(await shown()).toEqual({ ExecutionTimeout: 60, RetentionPeriodInDays: 30 });
    await made("other", {});
    await expect(update("other", { ExecutionTimeout: 60 })).rejects.toMatchObject({
      name: "InvalidParameterValueException",
    });
    await expect(made("long", { DurableConfig: { ExecutionTimeout: 31_622_401 } })).rejects.toMatchObject({
      message: expect.stringContaining(
        "at 'durableConfig.executionTimeout' failed to satisfy constraint: Member must have value less than or equal to 31622400",
      ),
    });
  });
});
