/** Express machines through the official SDK, and the logs of any machine. */
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  StartSyncExecutionCommand,
  type LogLevel,
} from "@aws-sdk/client-sfn";
import { PASS, PREFIX, refusal, world, type World } from "./world.js";

const FAILING = JSON.stringify({ StartAt: "No", States: { No: { Type: "Fail", Error: "Never", Cause: "by design" } } });
const WAITING = JSON.stringify({ StartAt: "Wait", States: { Wait: { Type: "Wait", Seconds: 900, End: true } } });
const logging = (level: LogLevel, includeExecutionData = true): object => ({
  loggingConfiguration: {
    level,
    includeExecutionData,
    destinations: [
      { cloudWatchLogsLogGroup: { logGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:/states:*" } },
    ],
  },
});

describe("Express executions and logs", () => {
  let w: World;
  beforeAll(async () => {
    w = await world();
  });
  afterAll(() => w.stop());
  const express = (name: string, definition = PASS, more: object = {}): Promise<string> =>
    w.machine(name, definition, { type: "EXPRESS", ...more });
  const sync = (stateMachineArn: string, input?: string) =>
    w.sfn.send(new StartSyncExecutionCommand({ stateMachineArn, input, name: "one" }));
  const lines = (name: string) =>
    w.logged
      .filter(({ line }) => String(line["execution_arn"]).includes(`:${name}:`))
      .map(({ group, line }): Record<string, unknown> => ({ group, ...line }));

  test("a synchronous execution is answered with its end, and is bill by steps of 100 ms", async () => {
    const arn = await express("sync");
    const answer = await sync(arn, '{"a":1}');
    expect(answer).toMatchObject({
      stateMachineArn: arn,
      name: "one",
      status: "SUCCEEDED",
      input: '{"a":1}',
      inputDetails: { included: true },
      output: '{"a":1}',
      outputDetails: { included: true },
      billingDetails: { billedMemoryUsedInMB: 64, billedDurationInMilliseconds: 100 },
    });
    expect(answer.executionArn).toMatch(new RegExp(`^${PREFIX}express:sync:one:[0-9a-f-]{36}$`));
    expect(await sync(await express("sync-failing", FAILING))).toMatchObject({
      status: "FAILED",
      error: "Never",
      cause: "by design",
    });
  });

  test("it ends after five minutes at the latest", async () => {
    const answer = sync(await express("sync-slow", WAITING));
    while (w.served.service.running().length === 0) await w.served.clock.advance(0);
    await w.served.clock.advance(300_000);
    expect((await answer).status).toBe("TIMED_OUT");
  });

  test("what is for one kind of machine is refused for the other", async () => {
    const unsupported = [
      "StateMachineTypeNotSupported",
      "This operation is not supported by this type of state machine",
    ];
    const arn = await express("kinds");
    expect(await refusal(sync(await w.machine("kinds-standard")))).toEqual(unsupported);
    expect(await refusal(w.sfn.send(new ListExecutionsCommand({ stateMachineArn: arn })))).toEqual(unsupported);
    const executionArn = await w.start(arn);
    expect(await refusal(w.sfn.send(new DescribeExecutionCommand({ executionArn })))).toEqual([
      "InvalidArn",
      "Invalid Arn: 'Resource type not valid in this context: express'",
    ]);
  });

  test("an asynchronous execution is told to its log group, and nothing is kept of it", async () => {
    const arn = await express("async", PASS, logging("ALL"));
    const executionArn = await w.start(arn, '{"a":1}');
    while (lines("async").length < 4) await w.served.clock.advance(0);
    expect(lines("async").at(-1)).toEqual({
      group: "/states",
      id: "4",
      type: "ExecutionSucceeded",
      details: { output: '{"a":1}', outputDetails: { truncated: false } },
      previous_event_id: "3",
      event_timestamp: expect.stringMatching(/^\d{13}$/) as string,
      execution_arn: executionArn,
      redrive_count: "0",
    });
    expect(w.logged.at(-1)?.stream).toMatch(/^states\/async\/\d{4}-\d\d-\d\d-\d\d-\d\d\/[0-9a-f]{8}$/);
    while (w.served.service.running().length > 0) await w.served.clock.advance(0);
    expect(w.served.service.execution(executionArn)).toBeUndefined();
  });

  test("levels choose events, and the data is left out when it is not wanted", async () => {
    const types = async (name: string, level: LogLevel): Promise<unknown[]> => {
      await w.ended(await w.start(await w.machine(name, FAILING, logging(level, false)), '{"secret":1}'));
      return lines(name).map(({ type }) => type);
    };
    expect(await types("log-all", "ALL")).toEqual(["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]);
    expect(await types("log-error", "ERROR")).toEqual(["FailStateEntered", "ExecutionFailed"]);
    expect(await types("log-fatal", "FATAL")).toEqual(["ExecutionFailed"]);
    expect(JSON.stringify(lines("log-all"))).not.toContain("secret");
    expect(lines("log-all").at(-1)?.["details"]).toEqual({ error: "Never", cause: "by design" });
  });
});
