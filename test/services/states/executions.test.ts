/** Standard executions through the official SDK: begun, described, listed, stopped, redriven. */
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  RedriveExecutionCommand,
  StartExecutionCommand,
  StopExecutionCommand,
  type ExecutionStatus,
} from "@aws-sdk/client-sfn";
import { CALLBACK, PREFIX, refusal, world, type World } from "./world.js";

const INVOKE = JSON.stringify({
  StartAt: "First",
  States: {
    First: { Type: "Pass", Result: { from: "first" }, ResultPath: "$.first", Next: "Work" },
    Work: {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Parameters: { FunctionName: "f", "Payload.$": "$" },
      OutputPath: "$.Payload",
      End: true,
    },
  },
});

describe("Standard executions", () => {
  let w: World;
  beforeAll(async () => {
    w = await world();
  });
  afterAll(() => w.stop());
  const history = async (input: object, executionArn: string) =>
    (await w.sfn.send(new GetExecutionHistoryCommand({ executionArn, ...input }))).events ?? [];

  test("an execution is described with its input and output, and its history is there", async () => {
    const arn = await w.machine("described");
    const executionArn = await w.start(arn, '{ "a": 1 }', "one");
    expect(executionArn).toBe(`${PREFIX}execution:described:one`);
    expect(await w.ended(executionArn)).toMatchObject({
      stateMachineArn: arn,
      name: "one",
      status: "SUCCEEDED",
      input: '{ "a": 1 }',
      inputDetails: { included: true },
      output: '{"a":1}',
      outputDetails: { included: true },
      redriveCount: 0,
      redriveStatus: "NOT_REDRIVABLE",
      redriveStatusReason: "Execution is SUCCEEDED and cannot be redriven",
    });
    const bare = await w.sfn.send(new DescribeExecutionCommand({ executionArn, includedData: "METADATA_ONLY" }));
    expect([bare.status, bare.input, bare.output]).toEqual(["SUCCEEDED", undefined, undefined]);
    const events = await w.history(executionArn);
    expect(events.map(({ id, previousEventId, type }) => [id, previousEventId, type])).toEqual([
      [1, 0, "ExecutionStarted"],
      [2, 0, "PassStateEntered"],
      [3, 2, "PassStateExited"],
      [4, 3, "ExecutionSucceeded"],
    ]);
    expect(events[3]?.executionSucceededEventDetails?.output).toBe('{"a":1}');
  });

  test("a history comes in pages, in either order, with or without the data", async () => {
    const executionArn = await w.start(await w.machine("paged"));
    await w.ended(executionArn);
    const ids: (number | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await w.sfn.send(
        new GetExecutionHistoryCommand({ executionArn, maxResults: 3, reverseOrder: true, nextToken }),
      );
      ids.push(...(page.events ?? []).map(({ id }) => id));
      ({ nextToken } = page);
    } while (nextToken !== undefined);
    expect(ids).toEqual([4, 3, 2, 1]);
    const [started] = await history({ includeExecutionData: false }, executionArn);
    expect(started?.executionStartedEventDetails).toMatchObject({ roleArn: expect.any(String) as string });
    expect(started?.executionStartedEventDetails?.input).toBeUndefined();
  });

  test("the same name again is the same execution while it runs with the same input, and refused otherwise", async () => {
    const arn = await w.machine("named", CALLBACK);
    const executionArn = await w.start(arn, '{"a":1}', "once");
    await w.nextCall();
    expect(await w.start(arn, '{"a":1}', "once")).toBe(executionArn);
    const exists = ["ExecutionAlreadyExists", `Execution Already Exists: '${executionArn}'`];
    expect(await refusal(w.start(arn, '{"a":2}', "once"))).toEqual(exists);
    await w.sfn.send(new StopExecutionCommand({ executionArn }));
    expect(await refusal(w.start(arn, '{"a":1}', "once"))).toEqual(exists);
  });

  test("what cannot be an input or a name is refused", async () => {
    const arn = await w.machine("refusing");
    const why = async (input: string): Promise<unknown> => refusal(w.start(arn, input));
    expect(await why("no json")).toEqual([
      "InvalidExecutionInput",
      "Invalid State Machine Execution Input: 'Unrecognized token 'no': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')'",
    ]);
    expect(await why("")).toEqual([
      "InvalidExecutionInput",
      "Invalid State Machine Execution Input: 'Invalid execution input.'",
    ]);
    expect(await why(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toEqual([
      "InvalidExecutionInput",
      "Invalid State Machine Execution Input: 'Document nesting depth (1001) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNestingDepth()`)'",
    ]);
    expect(await why(`"${"x".repeat(262_143)}"`)).toEqual([
      "ValidationException",
      "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144",
    ]);
    expect(await refusal(w.start(arn, "{}", "a/b"))).toEqual(["InvalidName", "Invalid Name: 'a/b'"]);
    // At the limit it is taken.
    expect(await why(`"${"x".repeat(262_142)}"`)).toMatch(/^arn:/);
  });

  test("a stopped execution is ABORTED with what was said, and a second stop changes nothing", async () => {
    const executionArn = await w.start(await w.machine("stopped", CALLBACK));
    await w.nextCall();
    await w.sfn.send(new StopExecutionCommand({ executionArn, error: "Enough", cause: "it was" }));
    await w.sfn.send(new StopExecutionCommand({ executionArn, error: "Again" }));
    expect(await w.ended(executionArn)).toMatchObject({ status: "ABORTED", error: "Enough", cause: "it was" });
    expect((await w.history(executionArn)).at(-1)).toMatchObject({
      type: "ExecutionAborted",
      executionAbortedEventDetails: { error: "Enough", cause: "it was" },
    });
    expect(w.served.service.running()).toEqual([]);
  });

  test("EventBridge is told of every change of a status", async () => {
    const arn = await w.machine("told");
    const executionArn = await w.start(arn, '{"a":1}', "one");
    await w.ended(executionArn);
    const mine = w.told.filter(({ resources }) => (resources as string[]).includes(executionArn));
    expect(mine.map(({ detail }) => (detail as { status: string }).status)).toEqual(["RUNNING", "SUCCEEDED"]);
    expect(mine[1]).toMatchObject({
      source: "aws.states",
      "detail-type": "Step Functions Execution Status Change",
      detail: {
        executionArn,
        stateMachineArn: arn,
        name: "one",
        startDate: w.served.clock.now(),
        stopDate: w.served.clock.now(),
        input: '{"a":1}',
        output: '{"a":1}',
        error: null,
      },
    });
    // What is too large is left out.
    const large = JSON.stringify("x".repeat(256_000));
    await w.ended(await w.start(arn, large, "large"));
    expect(w.told.at(-1)?.["detail"]).toMatchObject({
      input: null,
      inputDetails: { included: false },
      output: null,
      outputDetails: { included: false },
    });
  });

  test("executions are listed newest first, by pages and by status", async () => {
    const arn = await w.machine("listed");
    for (const name of ["a", "b", "c"]) {
      await w.ended(await w.start(arn, "{}", name));
      await w.served.clock.advance(1000);
    }
    const list = async (input: object): Promise<(string | undefined)[]> =>
      ((await w.sfn.send(new ListExecutionsCommand({ stateMachineArn: arn, ...input }))).executions ?? []).map(
        ({ name }) => name,
      );
    expect(await list({})).toEqual(["c", "b", "a"]);
    const { nextToken } = await w.sfn.send(new ListExecutionsCommand({ stateMachineArn: arn, maxResults: 2 }));
    expect(await list({ nextToken })).toEqual(["a"]);
    expect(await list({ statusFilter: "FAILED" })).toEqual([]);
    expect(await list({ statusFilter: "SUCCEEDED", maxResults: 1 })).toEqual(["c"]);
    expect(await refusal(list({ statusFilter: "gone" as ExecutionStatus }))).toEqual([
      "ValidationException",
      "1 validation error detected: Value 'gone' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
    ]);
  });

  test("a redrive goes on with the state that failed, and counts", async () => {
    w.work = () => Promise.reject(new Error("never mind"));
    const executionArn = await w.start(await w.machine("redriven", INVOKE));
    expect(await w.ended(executionArn)).toMatchObject({ status: "FAILED", redriveStatus: "REDRIVABLE" });
    const before = await w.history(executionArn);
    w.work = () => Promise.resolve({ Payload: "at last" });
    const { redriveDate } = await w.sfn.send(new RedriveExecutionCommand({ executionArn }));
    expect(await w.ended(executionArn)).toMatchObject({
      status: "SUCCEEDED",
      output: '"at last"',
      redriveCount: 1,
      redriveDate,
    });
    const after = await w.history(executionArn);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after[before.length]).toMatchObject({
      type: "ExecutionRedriven",
      executionRedrivenEventDetails: { redriveCount: 1 },
    });
    expect(after.slice(before.length).filter(({ type }) => type === "PassStateEntered")).toEqual([]);
    expect(await refusal(w.sfn.send(new RedriveExecutionCommand({ executionArn })))).toEqual([
      "ExecutionNotRedrivable",
      "Execution is SUCCEEDED and cannot be redriven",
    ]);
  });

  test("an execution whose time is up is TIMED_OUT", async () => {
    const definition = JSON.stringify({ TimeoutSeconds: 5, ...(JSON.parse(CALLBACK) as object) });
    const executionArn = await w.start(await w.machine("slow", definition));
    await w.nextCall();
    await w.served.clock.advance(5000);
    const ended = await w.ended(executionArn);
    expect([ended.status, ended.error]).toEqual(["TIMED_OUT", undefined]);
  });

  test("an execution that never was, and ARNs of other kinds, are refused", async () => {
    const describe_ = (executionArn: string): Promise<unknown> =>
      refusal(w.sfn.send(new DescribeExecutionCommand({ executionArn })));
    const never = `${PREFIX}execution:listed:never`;
    expect(await describe_(never)).toEqual(["ExecutionDoesNotExist", `Execution Does Not Exist: '${never}'`]);
    expect(await describe_(`${PREFIX}express:m:n:o`)).toEqual([
      "InvalidArn",
      "Invalid Arn: 'Resource type not valid in this context: express'",
    ]);
    expect(
      await refusal(w.sfn.send(new StartExecutionCommand({ stateMachineArn: `${PREFIX}stateMachine:no` }))),
    ).toEqual(["StateMachineDoesNotExist", `State Machine Does Not Exist: '${PREFIX}stateMachine:no'`]);
  });

  test("executions are forgotten 90 days after their end", async () => {
    const arn = await w.machine("forgetting");
    const executionArn = await w.start(arn);
    await w.ended(executionArn);
    await w.served.clock.advance(90 * 24 * 60 * 60 * 1000 + 1);
    // Each start forgets some, the oldest first.
    for (let left = 10; left > 0; left--) await w.ended(await w.start(arn));
    expect(w.served.service.execution(executionArn)).toBeUndefined();
  });
});
