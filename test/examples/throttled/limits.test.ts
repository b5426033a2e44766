/** One bound for all: the lock of the machine, the scaler, the time for which a message is ours, and redrives that end. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { GetFunctionConcurrencyCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { DescribeExecutionCommand, StopExecutionCommand } from "@aws-sdk/client-sfn";
import { machineArn, mostAtOnce, outputOf, System } from "./system.js";
import { PATIENT } from "../../until.js";

jest.setTimeout(180_000);

let system: System;
beforeAll(async () => {
  // Executions are started by the tests; the scaler works.
  system = await System.start({
    DrainSchedule: "rate(1 day)",
    TickSchedule: "rate(1 minute)",
    MessagesPerFunction: "2",
  });
});
beforeEach(() => system.mark());
afterAll(() => system.close());

const jobsUrl = (): string => `${system.stack.endpoint}/000000000000/csv-jobs`;

it("the DLQ processor puts messages back, edited where it is asked to, and gives up after three times", async () => {
  const { stack, sqs } = system;
  const drain = async (): Promise<void> => {
    await system.startExecution();
    await stack.clock.advance("90s");
  };
  await system.upload("down.csv", "1,down");
  await system.upload("good.csv", "1,a");
  await stack.s3.put("csv-uploads", "broken.csv", "nothing");
  await drain();
  expect(await system.parked()).toMatchObject([
    { key: "broken.csv", error: "Rejected", redrives: "0" },
    { key: "down.csv", error: "RetryableError", redrives: "0" },
  ]);
  // As by its schedule: what was refused as it is stays, the other goes round three times and then to the last queue.
  const again = { redriven: 1, exhausted: 0, left: 1 };
  for (const expected of [again, again, again, { redriven: 0, exhausted: 1, left: 1 }]) {
    expect((await stack.invoke("dlq-processor", { queue: "parked" })).payload).toEqual(expected);
    await drain();
  }
  expect(await system.parked()).toMatchObject([{ key: "broken.csv", error: "Rejected" }]);
  expect(await stack.sqs.depth("csv-exhausted")).toMatchObject({ visible: 1 });
  // Three tries in each of four rounds.
  expect(system.processed().filter(({ error }) => error?.errorType === "RetryableError")).toHaveLength(12);

  // Somebody has mended the file under another name.
  const edit = { detail: { object: { key: "good.csv", etag: null, size: null } } };
  const edited = await stack.invoke("dlq-processor", { queue: "parked", edit });
  expect(edited.payload).toEqual({ redriven: 1, exhausted: 0, left: 0 });
  await drain();
  expect(await system.parked()).toEqual([]);
  expect(system.processed().at(-1)).toMatchObject({
    event: { s3_details: { key: "good.csv" } },
    payload: { statusCode: 200, rows_processed: 1 },
  });
  // A body that nobody can read is put back as it is, or replaced.
  const DeadUrl = jobsUrl().replace("csv-jobs", "csv-jobs-dlq");
  await sqs.send(new SendMessageCommand({ QueueUrl: DeadUrl, MessageBody: "{" }));
  expect((await stack.invoke("dlq-processor", { queue: "dead", max: 1 })).payload).toMatchObject({ redriven: 1 });
  expect(await stack.sqs.receive("csv-jobs")).toHaveLength(1);
  // Not another queue's messages for a slip of the pen.
  expect((await stack.invoke("dlq-processor", { queue: "parkd" })).error?.errorMessage).toBe(
    "queue is none of dead, parked: parkd",
  );
});

describe.each(["JSONPath", "JSONata"])("executions of the machine in %s", (QueryLanguage) => {
  beforeAll(() => (system.machineArn = machineArn(QueryLanguage)));
  afterAll(() => (system.machineArn = machineArn()));

  it("do not overlap: who comes second goes at once, and what a stopped one held is taken over", async () => {
    const { stack, sfn } = system;
    // Holds the lock for its long poll.
    const first = await system.startExecution();
    await stack.waitFor(() => stack.dynamodb.get("csv-records", { id: "drain" }), PATIENT);
    const second = await system.startExecution();
    const ended = await stack.waitFor(async () => {
      const one = await sfn.send(new DescribeExecutionCommand({ executionArn: second }));
      return one.status === "RUNNING" ? undefined : one;
    }, PATIENT);
    expect(ended).toMatchObject({ status: "SUCCEEDED", output: '{"busy":true}' });

    await sfn.send(new StopExecutionCommand({ executionArn: first }));
    await system.upload(`high/${QueryLanguage}.csv`, "1,a");
    const third = await system.startExecution();
    await stack.clock.advance("30s");
    const { status, output } = await sfn.send(new DescribeExecutionCommand({ executionArn: third }));
    expect({ status, output }).toEqual({ status: "SUCCEEDED", output: '{"rounds":1}' });
    expect(system.calls()).toHaveLength(1);
    // Released: nobody holds it any more.
    expect(await stack.dynamodb.get("csv-records", { id: "drain" })).toBeUndefined();
  });

  it("let go of a message that has come back meanwhile: it is another receive's now", async () => {
    const { stack, sqs } = system;
    await system.upload(`low/${QueryLanguage}.csv`, "1,a");
    const executionArn = await system.startExecution();
    // It has been received, and waits its five seconds.
    await stack.clock.advance("2s");
    const receipt = (await system.history(executionArn))
      .flatMap(({ taskSucceededEventDetails: task }) => /"ReceiptHandle":"([^"]+)"/.exec(task?.output ?? "")?.[1] ?? [])
      .at(0);
    await sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: jobsUrl(), ReceiptHandle: receipt, VisibilityTimeout: 0 }),
    );
    const { Messages: [message] = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: jobsUrl(), VisibilityTimeout: 600 }),
    );
    await stack.clock.advance("30s");
    expect(system.processed()).toEqual([]);
    expect(await stack.sqs.depth("csv-jobs")).toMatchObject({ inFlight: 1 });
    await sqs.send(new DeleteMessageCommand({ QueueUrl: jobsUrl(), ReceiptHandle: message?.ReceiptHandle }));
  });
});

it("the scaler moves the concurrency with the depth, out at once and in after calm, and the machine follows", async () => {
  const { stack } = system;
  const lambda = new LambdaClient(stack.clientConfig);
  const concurrency = async (): Promise<number | undefined> =>
    (await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: "csv-processor" })))
      .ReservedConcurrentExecutions;
  expect(await concurrency()).toBe(3);
  const send = (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, (_, i) => system.upload(`high/${i}.csv`, `${i},a`)));
  await send(13);
  await stack.clock.advance("1m");
  expect(await concurrency()).toBe(7);
  await send(7);
  await stack.clock.advance("1m");
  // The ceiling.
  expect(await concurrency()).toBe(10);

  const executionArn = await system.startExecution();
  await stack.clock.advance("20s");
  const history = await system.history(executionArn);
  expect(outputOf(history)).toEqual({ rounds: 2 });
  expect(mostAtOnce(history)).toBe(10);
  expect(system.processed().filter(({ error }) => error !== undefined)).toEqual([]);

  // Empty now; in only five minutes after the last change.
  await stack.clock.advance("4m");
  expect(await concurrency()).toBe(10);
  await stack.clock.advance("2m");
  expect(await concurrency()).toBe(3);
  lambda.destroy();
});
