/** What the system tells others: logs to Splunk, metrics to Dynatrace, alarms by e-mail; and what happens when nobody listens. */
import { CloudWatchLogsClient, PutSubscriptionFilterCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DeleteFunctionConcurrencyCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { StartExecutionCommand } from "@aws-sdk/client-sfn";
import { System } from "./system.js";

jest.setTimeout(180_000);

let system: System;
afterEach(() => system.close());

it("log lines reach Splunk in their index and source type, and their metrics Dynatrace", async () => {
  system = await System.start({ TickSchedule: "rate(1 minute)" });
  const { stack, sinks } = system;
  await system.upload("high/a.csv", "1,a", "2,b");
  await stack.s3.put("csv-uploads", "high/broken.csv", "nothing");
  await stack.clock.advance("125s");
  expect(sinks.hec.map(({ event }) => String(event["action"])).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "process_complete",
    "processing_start",
    "processing_start",
    "validation_error",
  ]);
  expect(sinks.hec[0]).toMatchObject({ source: "/aws/lambda/csv-processor", index: "s3_processor" });
  expect(sinks.hec[0]?.time).toBeCloseTo(stack.clock.now() / 1000 - 65, -1);
  expect(new Set(sinks.hec.map(({ sourcetype }) => sourcetype))).toEqual(
    new Set(["lambda:s3_processor", "lambda:s3_processor:error"]),
  );
  expect(sinks.metricLines).toContainEqual(
    expect.stringMatching(
      /^s3_processor\.rows_processed,action="process_complete",priority="high",cluster="local" count,delta=2 \d{13}$/,
    ),
  );
  expect(sinks.metricLines).toContainEqual(
    expect.stringMatching(/^s3_processor\.process_duration,\S+ gauge,\d+ \d{13}$/),
  );
  // Out of CloudWatch, of the minute that is over.
  expect(sinks.metricLines).toContainEqual(
    expect.stringMatching(
      /^s3_processor\.aws\.lambda\.Invocations,functionname="csv-processor" gauge,min=1,max=1,sum=2,count=2 \d{13}$/,
    ),
  );
  expect(sinks.metricLines).toContainEqual(
    expect.stringMatching(/^s3_processor\.aws\.sqs\.ApproximateNumberOfMessagesVisible,queuename="csv-jobs" gauge,/),
  );
});

it("what the sinks do not take goes to a queue of its own; what is temporary is tried again", async () => {
  system = await System.start();
  const { stack, sinks } = system;
  sinks.splunkFault = { status: 503, body: '{"text":"Server is busy","code":9}' };
  await system.upload("high/a.csv", "1,a");
  await stack.clock.advance("62s");
  // Three tries in the first call; the second call, a minute later, finds Splunk well.
  expect(sinks.asked.splunk % 3).toBe(0);
  sinks.splunkFault = undefined;
  await stack.clock.advance("1m");
  expect(sinks.hec.map(({ event }) => event["action"])).toEqual(
    expect.arrayContaining(["processing_start", "process_complete"]),
  );
  expect(await stack.sqs.receive("csv-untold")).toEqual([]);

  sinks.splunkFault = { status: 403, body: '{"text":"Invalid token","code":4}' };
  sinks.dynatraceFault = {
    status: 400,
    body: JSON.stringify({
      linesOk: 2,
      linesInvalid: 1,
      error: { code: 400, invalidLines: [{ line: 1, error: "bad" }] },
    }),
  };
  await system.upload("high/b.csv", "1,b");
  await stack.clock.advance("5m");
  const untold = (await stack.sqs.receive("csv-untold", 10)).map(
    ({ body }) => JSON.parse(body) as Record<string, unknown>,
  );
  expect(untold).toContainEqual(
    expect.objectContaining({
      requestContext: expect.objectContaining({ condition: "RetriesExhausted", approximateInvokeCount: 3 }) as unknown,
    }),
  );
  expect(untold).toContainEqual([{ line: expect.stringMatching(/^s3_processor\./) as string, error: "bad" }]);
});

it("forwarders do not feed on their own lines, even when somebody subscribes them to themselves", async () => {
  system = await System.start({ DrainSchedule: "rate(1 day)" });
  const { stack, sinks } = system;
  const logs = new CloudWatchLogsClient(stack.clientConfig);
  await system.upload("a.csv", "1,a");
  const call = (): Promise<unknown> =>
    stack.invoke("csv-processor", { s3_details: { bucket: "csv-uploads", key: "a.csv" } });
  await call();
  await stack.clock.advance(0);
  await logs.send(
    new PutSubscriptionFilterCommand({
      logGroupName: "/aws/lambda/splunk-forwarder",
      filterName: "mistake",
      filterPattern: "{ $.action = * }",
      destinationArn: "arn:aws:lambda:us-east-1:000000000000:function:splunk-forwarder",
    }),
  );
  logs.destroy();
  await call();
  await stack.clock.advance("10m");
  // Lines of one call may come in several deliveries, but each once.
  const lines = sinks.hec.length;
  const forwarded = stack
    .invocations("splunk-forwarder")
    .map(({ payload }) => (payload as { forwarded: number }).forwarded);
  expect(forwarded.reduce((sum, count) => sum + count, 0)).toBe(lines);
  expect(sinks.hec.every(({ source }) => source === "/aws/lambda/csv-processor")).toBe(true);
});

describe("an alarm is a mail in the inbox", () => {
  const subjects = async (): Promise<readonly string[]> => (await system.stack.mails()).map(({ subject }) => subject);

  it("for errors of the processor and for what was parked, and again when it is over", async () => {
    system = await System.start();
    const { stack } = system;
    await system.upload("high/down.csv", "1,down");
    await stack.clock.advance("4m");
    expect(await subjects()).toEqual(expect.arrayContaining(["ALARM: csv-processor-errors", "ALARM: csv-parked-jobs"]));
    const mails = await stack.mails();
    expect(mails.find(({ subject }) => subject === "ALARM: csv-parked-jobs")).toMatchObject({
      from: "alerts@example.com",
      to: ["oncall@example.com"],
      text: expect.stringMatching(
        /^Files that cannot be processed as they are\.[^]*Metric: AWS\/SQS ApproximateNumberOfMessagesVisible of QueueName=csv-parked, threshold 0$/,
      ) as string,
    });
    await stack.sqs.receive("csv-parked");
    await stack.clock.advance("3m");
    expect(await subjects()).toEqual(expect.arrayContaining(["OK: csv-processor-errors", "OK: csv-parked-jobs"]));
  });

  it("for throttles, depth and age of the queue", async () => {
    system = await System.start({ DrainSchedule: "rate(1 day)", ApiLatencyMs: "400" });
    const { stack } = system;
    await Promise.all(Array.from({ length: 101 }, (_, i) => stack.sqs.send("csv-jobs", `${i}`)));
    await system.upload("a.csv", "1,a");
    const calls = Array.from({ length: 4 }, (_, i) =>
      stack
        .invoke("csv-processor", { s3_details: { bucket: "csv-uploads", key: "a.csv", etag: `${i}` } })
        .catch((error: unknown) => error),
    );
    await Promise.all(calls);
    await stack.clock.advance("5m");
    expect(await subjects()).toEqual(
      expect.arrayContaining(["ALARM: csv-processor-throttles", "ALARM: csv-queue-depth"]),
    );
    await stack.clock.advance("28m");
    expect(await subjects()).toContain("ALARM: csv-oldest-job");
  });

  it("for an execution that failed", async () => {
    system = await System.start({ DrainSchedule: "rate(1 day)" });
    const { stack, sfn, machineArn } = system;
    // Somebody has taken the processor's reservation away, and with it the number that the machine asks for.
    const lambda = new LambdaClient(stack.clientConfig);
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: "csv-processor" }));
    lambda.destroy();
    await stack.sqs.send("csv-jobs", "x");
    await sfn.send(new StartExecutionCommand({ stateMachineArn: machineArn }));
    await stack.clock.advance("2m");
    expect(await subjects()).toContain("ALARM: csv-drain-failed");
  });
});
