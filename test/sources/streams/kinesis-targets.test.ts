/** What puts records into a stream of Kinesis besides its own API, in a running stack. */
import { gunzipSync } from "node:zlib";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  PutSubscriptionFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, type _Record } from "@aws-sdk/client-kinesis";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Teller:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: teller
      Runtime: nodejs22.x
      Handler: index.handler
      CodeUri: code/
      Timeout: 30
      Environment: { Variables: { STREAM: !Ref Clicks } }
`;
const TELLER = `
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
const client = new KinesisClient();
export const handler = ({ text }) => client.send(new PutRecordsCommand({
  StreamName: process.env.STREAM,
  Records: [{ PartitionKey: "function", Data: Buffer.from(text) }],
}));`;
const STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
const ROLE = "arn:aws:iam::000000000000:role/r";

const project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.mjs": TELLER });
let stack: TestStack;
let kinesis: KinesisClient;
let ShardIterator: string | undefined;

beforeAll(async () => {
  stack = await createStack({ folder: project.folder, clock: "virtual" });
  kinesis = new KinesisClient(stack.clientConfig);
});
beforeEach(async () => {
  const from = { StreamName: "clicks", ShardId: "shardId-000000000000", ShardIteratorType: "LATEST" } as const;
  ({ ShardIterator } = await kinesis.send(new GetShardIteratorCommand(from)));
});
afterAll(async () => {
  kinesis.destroy();
  await stack.close();
  project.remove();
});

/** The first record that comes. */
const nextRecord = (): Promise<_Record> =>
  stack.waitFor(async () => (await kinesis.send(new GetRecordsCommand({ ShardIterator }))).Records?.[0], PATIENT);
const textOf = ({ Data }: _Record): string => Buffer.from(Data ?? []).toString();

test("a function reaches the stream by the client of the SDK, as it is on AWS", async () => {
  await expect(stack.invoke("teller", { text: "told" })).resolves.toMatchObject({ payload: { FailedRecordCount: 0 } });
  const record = await nextRecord();
  expect([record.PartitionKey, textOf(record)]).toEqual(["function", "told"]);
});

test("a rule puts its events, under the key that its path finds", async () => {
  const events = new EventBridgeClient(stack.clientConfig);
  await events.send(new PutRuleCommand({ Name: "r", EventPattern: '{"source":["shop"]}' }));
  const target = { Id: "t", Arn: STREAM, KinesisParameters: { PartitionKeyPath: "$.detail.customer" } };
  await expect(events.send(new PutTargetsCommand({ Rule: "r", Targets: [target] }))).rejects.toMatchObject({
    message: `RoleArn is required for target ${STREAM}.`,
  });
  const put = await events.send(new PutTargetsCommand({ Rule: "r", Targets: [{ ...target, RoleArn: ROLE }] }));
  expect(put.FailedEntryCount).toBe(0);
  const entry = { Source: "shop", DetailType: "order", Detail: '{"customer":"c-7"}' };
  await events.send(new PutEventsCommand({ Entries: [entry] }));
  const record = await nextRecord();
  expect(record.PartitionKey).toBe("c-7");
  expect(JSON.parse(textOf(record))).toMatchObject({ source: "shop", detail: { customer: "c-7" } });
  events.destroy();
});

test("a subscription filter puts gzipped log events, under the name of their log stream", async () => {
  const logs = new CloudWatchLogsClient(stack.clientConfig);
  const logGroupName = "app";
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "one" }));
  const filter = { logGroupName, filterName: "errors", filterPattern: "ERROR", roleArn: ROLE };
  await expect(
    logs.send(new PutSubscriptionFilterCommand({ ...filter, destinationArn: `${STREAM}-gone` })),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/^Could not deliver test message to specified Kinesis stream/),
  });
  await logs.send(new PutSubscriptionFilterCommand({ ...filter, destinationArn: STREAM }));
  const timestamp = stack.clock.now();
  const logEvents = [{ timestamp, message: "an ERROR" }];
  await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName: "one", logEvents }));
  const record = await nextRecord();
  expect(record.PartitionKey).toBe("one");
  expect(JSON.parse(gunzipSync(record.Data ?? "").toString())).toMatchObject({
    messageType: "DATA_MESSAGE",
    subscriptionFilters: ["errors"],
    logEvents: [{ message: "an ERROR" }],
  });
  logs.destroy();
});

test("a schedule puts its input, under its key", async () => {
  const scheduler = new SchedulerClient(stack.clientConfig);
  const create = (more: object) =>
    scheduler.send(
      new CreateScheduleCommand({
        Name: "s",
        ScheduleExpression: "rate(1 minute)",
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn: STREAM, RoleArn: ROLE, Input: "tick", ...more },
      }),
    );
  await expect(create({})).rejects.toMatchObject({ name: "ValidationException" });
  await create({ KinesisParameters: { PartitionKey: "clock" } });
  await stack.clock.advance(60_000);
  const record = await nextRecord();
  expect([record.PartitionKey, textOf(record)]).toEqual(["clock", "tick"]);
  scheduler.destroy();
});

test("a state machine puts a record by the API, and knows its errors", async () => {
  const sfn = new SFNClient(stack.clientConfig);
  const task = {
    Type: "Task",
    Resource: "arn:aws:states:::aws-sdk:kinesis:putRecord",
    Parameters: { "StreamName.$": "$.stream", PartitionKey: "machine", "Data.$": "States.Base64Encode($.text)" },
    Catch: [{ ErrorEquals: ["Kinesis.ResourceNotFoundException"], Next: "Caught" }],
    End: true,
  };
  const definition = JSON.stringify({ StartAt: "Put", States: { Put: task, Caught: { Type: "Succeed" } } });
  const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand({ name: "m", definition, roleArn: ROLE }));
  const run = (input: object) => sfn.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
  await run({ stream: "clicks", text: "from a machine" });
  const record = await nextRecord();
  expect([record.PartitionKey, textOf(record)]).toEqual(["machine", "from a machine"]);
  const { executionArn } = await run({ stream: "gone", text: "" });
  await stack.waitFor(async () => {
    return (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status === "SUCCEEDED";
  }, PATIENT);
  sfn.destroy();
});
