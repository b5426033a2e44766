/** Map Runs through the official SDK. */
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineForExecutionCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  StopExecutionCommand,
  UpdateMapRunCommand,
} from "@aws-sdk/client-sfn";
import { PREFIX, refusal, world, type World } from "./world.js";

const mapping = (States: object, more: object = {}): string =>
  JSON.stringify({
    StartAt: "Each",
    States: {
      Each: {
        Type: "Map",
        Label: "all",
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
          StartAt: Object.keys(States)[0],
          States,
        },
        ...more,
        End: true,
      },
    },
  });
const WAITING = mapping({
  Ask: {
    Type: "Task",
    Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    Parameters: { QueueUrl: "u", "MessageBody.$": "$$.Task.Token" },
    End: true,
  },
});

describe("Map Runs", () => {
  let w: World;
  beforeAll(async () => {
    w = await world();
  });
  afterAll(() => w.stop());
  const mapRunOf = async (executionArn: string): Promise<string> =>
    (await w.sfn.send(new ListMapRunsCommand({ executionArn }))).mapRuns?.[0]?.mapRunArn ?? "";
  const children = async (mapRunArn: string) =>
    (await w.sfn.send(new ListExecutionsCommand({ mapRunArn }))).executions ?? [];

  test("a Map Run counts its items and executions, and each child is an execution of its own", async () => {
    const choose = {
      Pick: { Type: "Choice", Choices: [{ Variable: "$", NumericEquals: 2, Next: "No" }], Default: "Yes" },
      No: { Type: "Fail", Error: "Two" },
      Yes: { Type: "Succeed" },
    };
    const arn = await w.machine("counted", mapping(choose, { ToleratedFailureCount: 1 }));
    const told: string[] = [];
    const quiet = w.served.bus.on("ExecutionEnded", ({ machineName }) => told.push(machineName));
    const executionArn = await w.start(arn, "[1,2,3]");
    expect((await w.ended(executionArn)).status).toBe("SUCCEEDED");
    quiet();
    // Thousands of children would push everything else out of the history.
    expect(told).toEqual(["counted"]);
    const mapRunArn = await mapRunOf(executionArn);
    expect(mapRunArn).toMatch(new RegExp(`^${PREFIX}mapRun:counted/all:[0-9a-f-]{36}$`));
    const counts = { pending: 0, running: 0, succeeded: 2, failed: 1, timedOut: 0, aborted: 0, total: 3 };
    expect(await w.sfn.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
      mapRunArn,
      executionArn,
      status: "SUCCEEDED",
      toleratedFailureCount: 1,
      itemCounts: counts,
      executionCounts: counts,
    });
    const rows = await children(mapRunArn);
    expect(rows.map(({ status }) => String(status)).toSorted()).toEqual(["FAILED", "SUCCEEDED", "SUCCEEDED"]);
    const failed = rows.find(({ status }) => status === "FAILED");
    expect(failed).toMatchObject({ mapRunArn, itemCount: 1, stateMachineArn: `${arn}/all` });
    const child = { executionArn: failed?.executionArn };
    expect(await w.sfn.send(new DescribeExecutionCommand(child))).toMatchObject({
      input: "2",
      error: "Two",
      mapRunArn,
      redriveStatus: "REDRIVABLE_BY_MAP_RUN",
    });
    expect(await w.sfn.send(new DescribeStateMachineForExecutionCommand(child))).toMatchObject({
      mapRunArn,
      label: "all",
    });
    // They are not among the machine's own.
    const { executions } = await w.sfn.send(new ListExecutionsCommand({ stateMachineArn: arn }));
    expect(executions?.map((row) => row.executionArn)).toEqual([executionArn]);
  });

  test("its limits can be changed while it runs, and stopping its execution aborts it with its children", async () => {
    const executionArn = await w.start(await w.machine("stopped", WAITING), "[1,2]");
    await w.nextCall();
    await w.nextCall();
    const mapRunArn = await mapRunOf(executionArn);
    await w.sfn.send(new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 1, toleratedFailureCount: 5 }));
    expect(await w.sfn.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
      status: "RUNNING",
      maxConcurrency: 1,
      toleratedFailureCount: 5,
      itemCounts: { running: 2 },
    });
    await w.sfn.send(new StopExecutionCommand({ executionArn }));
    while (w.served.service.running().length > 0) await w.served.clock.advance(0);
    expect((await children(mapRunArn)).map(({ status }) => status)).toEqual(["ABORTED", "ABORTED"]);
    expect(await w.sfn.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
      status: "ABORTED",
      itemCounts: { running: 0, aborted: 2 },
    });
  });

  test("a Map Run that is not there is refused", async () => {
    const mapRunArn = `${PREFIX}mapRun:counted/all:none`;
    expect(await refusal(w.sfn.send(new DescribeMapRunCommand({ mapRunArn })))).toEqual([
      "ResourceNotFound",
      `Resource not found: '${mapRunArn}'`,
    ]);
  });
});
