/** What the system tells others: logs to Splunk, metrics to Dynatrace, alarms by e-mail; and what happens when nobody listens. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { CloudWatchLogsClient, PutSubscriptionFilterCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DeleteFunctionConcurrencyCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { DeleteSecretCommand, RestoreSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { sendMail } from "../../../examples/throttled/src/alert-manager/smtp.js";
import { Sinks } from "./sinks.js";
import { System } from "./system.js";

jest.setTimeout(180_000);

describe("a system with sinks", () => {
  let system: System;
  let sinks: Sinks;
  beforeAll(async () => {
    sinks = await Sinks.start();
    system = await System.start({
      TickSchedule: "rate(1 minute)",
      SplunkUrl: sinks.url,
      DynatraceUrl: sinks.url,
    });
  });
  afterAll(async () => {
    await system.close();
    await sinks.close();
  });

  it("a token that could not be read is read again by the next call", async () => {
    const { stack } = system;
    const secrets = new SecretsManagerClient(stack.clientConfig);
    const SecretId = "csv/splunk-token";
    const batch = {
      messageType: "DATA_MESSAGE",
      logGroup: "group",
      logStream: "stream",
      logEvents: [{ id: "1", timestamp: 0, message: "a line" }],
    };
    const event = { awslogs: { data: gzipSync(JSON.stringify(batch)).toString("base64") } };
    await secrets.send(new DeleteSecretCommand({ SecretId }));
    expect((await stack.invoke("splunk-forwarder", event)).error).toMatchObject({
      errorType: "InvalidRequestException",
    });
    await secrets.send(new RestoreSecretCommand({ SecretId }));
    secrets.destroy();
    expect((await stack.invoke("splunk-forwarder", event)).payload).toEqual({ forwarded: 1 });
  });

  it("log lines reach Splunk in their index and source type, and their metrics Dynatrace", async () => {
    const { stack } = system;
    sinks.hec.length = 0;
    await system.upload("high/a.csv", "1,a", "2,b");
    await stack.s3.put("csv-uploads", "high/broken.csv", "nothing");
    await stack.clock.advance("135s");
    expect(sinks.hec.map(({ event }) => String(event["action"])).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "process_complete",
      "processing_start",
      "processing_start",
      "validation_error",
    ]);
    expect(sinks.hec[0]).toMatchObject({ source: "/aws/lambda/csv-processor", index: "s3_processor" });
    expect(sinks.hec[0]?.time).toBeCloseTo(stack.clock.now() / 1000 - 75, -1);
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
    expect(await stack.sqs.receive("csv-untold")).toEqual([]);
  });

  it("what the sinks do not take goes to a queue of its own; what is temporary is tried again", async () => {
    const { stack } = system;
    const asked = sinks.asked.splunk;
    sinks.hec.length = 0;
    sinks.splunkFault = { status: 503, body: '{"text":"Server is busy","code":9}' };
    await system.upload("high/busy.csv", "1,a");
    await stack.clock.advance("62s");
    // Three tries in the first call; the second call, a minute later, finds Splunk well.
    expect(sinks.asked.splunk).toBeGreaterThan(asked);
    expect((sinks.asked.splunk - asked) % 3).toBe(0);
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
    await system.upload("high/refused.csv", "1,b");
    await stack.clock.advance("5m");
    const letters = [...(await stack.sqs.receive("csv-untold", 10)), ...(await stack.sqs.receive("csv-untold", 10))];
    const untold = letters.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(untold).toContainEqual(
      expect.objectContaining({
        requestContext: expect.objectContaining({
          condition: "RetriesExhausted",
          approximateInvokeCount: 3,
        }) as unknown,
      }),
    );
    expect(untold).toContainEqual([
      { line: expect.stringMatching(/^s3_processor\.\w+,action=/) as string, error: "bad" },
    ]);
  });

  it("forwarders do not feed on their own lines, even when somebody subscribes them to themselves", async () => {
    const { stack } = system;
    sinks.splunkFault = undefined;
    sinks.dynatraceFault = undefined;
    sinks.hec.length = 0;
    const before = stack.invocations("splunk-forwarder").length;
    const logs = new CloudWatchLogsClient(stack.clientConfig);
    await system.upload("fed.txt", "1,a");
    const call = (): Promise<unknown> =>
      stack.invoke("csv-processor", { s3_details: { bucket: "csv-uploads", key: "fed.txt" } });
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
      .slice(before)
      .map(({ payload }) => (payload as { forwarded: number }).forwarded);
    expect(forwarded.reduce((sum, count) => sum + count, 0)).toBe(lines);
    expect(sinks.hec.every(({ source }) => source === "/aws/lambda/csv-processor")).toBe(true);
  });
});

describe("an alarm is a mail in the inbox", () => {
  let system: System;
  beforeAll(async () => (system = await System.start({ DrainSchedule: "rate(1 day)", ApiLatencyMs: "400" })));
  afterAll(() => system.close());

  const subjects = async (): Promise<readonly string[]> => (await system.stack.mails()).map(({ subject }) => subject);

  it("for errors of the processor and for what was parked, and again when it is over", async () => {
    const { stack } = system;
    // Alarms that find all well begin in silence.
    await stack.clock.advance("2m");
    expect(await subjects()).toEqual([]);
    await system.upload("high/down.csv", "1,down");
    await system.startExecution();
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
    const { stack, sqs } = system;
    const QueueUrl = `${stack.endpoint}/000000000000/csv-jobs`;
    for (let from = 0; from < 101; from += 10) {
      const Entries = Array.from({ length: Math.min(10, 101 - from) }, (_, i) => ({ Id: `${i}`, MessageBody: "x" }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
    await system.upload("a.txt", "1,a");
    const calls = Array.from({ length: 4 }, (_, i) =>
      stack
        .invoke("csv-processor", { s3_details: { bucket: "csv-uploads", key: "a.txt", etag: `${i}` } })
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
    const { stack } = system;
    // Somebody has taken the processor's reservation away, and with it the number that the machine asks for.
    const lambda = new LambdaClient(stack.clientConfig);
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: "csv-processor" }));
    lambda.destroy();
    await stack.sqs.send("csv-jobs", "x");
    await system.startExecution();
    await stack.clock.advance("2m");
    expect(await subjects()).toContain("ALARM: csv-drain-failed");
  });
});

it("a mail that the server has taken is sent, whatever becomes of the connection; one that it has not taken fails", async () => {
  const said: string[] = [];
  const server = createServer((socket) => {
    socket.write("220 here\r\n");
    socket.on("data", (bytes) => {
      const line = bytes.toString();
      said.push(line);
      if (line.startsWith("MAIL FROM:<nobody")) socket.write("550 not you\r\n");
      else if (line.startsWith("DATA")) socket.write("354 go on\r\n");
      // Taken; no QUIT is answered.
      else if (line.endsWith("\r\n.\r\n")) socket.end("250 taken\r\n");
      else socket.write("250 well\r\n");
    });
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const envelope = { from: "a@example.com", to: ["b@example.com"], message: "Subject: x\n\n.dot" };
  await sendMail(url, envelope);
  expect(said).toContain("Subject: x\r\n\r\n..dot\r\n.\r\n");
  await expect(sendMail(url, { ...envelope, from: "nobody@example.com" })).rejects.toThrow(
    "the mail server answers MAIL with 550 not you",
  );
  server.close();
  await once(server, "close");
  await expect(sendMail(url, envelope)).rejects.toThrow(/ECONNREFUSED/);
});
