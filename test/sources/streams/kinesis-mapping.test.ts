/** Mappings of Kinesis streams in a running stack: of the template and of the API, by the official SDK. */
import {
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  PutRecordCommand,
} from "@aws-sdk/client-kinesis";
import { CreateEventSourceMappingCommand, LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { KinesisDataStreamSchema } from "@aws-lambda-powertools/parser/schemas";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { nextMessage } from "../../next-message.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 30 } }
Resources:
  Clicks:
    Type: AWS::Kinesis::Stream
    Properties: { Name: clicks, ShardCount: 2, RetentionPeriodHours: 48, Tags: [{ Key: team, Value: a }] }
  Fan:
    Type: AWS::Kinesis::StreamConsumer
    Properties: { ConsumerName: fan, StreamARN: !GetAtt Clicks.Arn }
  Failures: { Type: AWS::SQS::Queue, Properties: { QueueName: failures } }
  Done: { Type: AWS::SQS::Queue, Properties: { QueueName: done } }
  Clicked:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: clicked
      Runtime: nodejs22.x
      CodeUri: src/
      Handler: clicked.handler
      Role: arn:aws:iam::000000000000:role/clicked
      Environment: { Variables: { QUEUE: !Ref Done, FAN: !Ref Fan } }
      Events:
        Click:
          Type: Kinesis
          Properties:
            Stream: !GetAtt Clicks.Arn
            StartingPosition: TRIM_HORIZON
            MaximumRetryAttempts: 0
            FilterCriteria: { Filters: [{ Pattern: '{"data":{"page":[{"anything-but":"quiet"}]}}' }] }
            DestinationConfig: { OnFailure: { Destination: !GetAtt Failures.Arn } }
`;
const CLICKED = `
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
const sqs = new SQSClient({});
export const handler = async (event) => {
  const pages = event.Records.map(({ kinesis }) => JSON.parse(Buffer.from(kinesis.data, "base64")).page);
  if (pages.includes("poison")) throw new Error("no");
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: JSON.stringify({ ...event, fan: process.env.FAN }) }));
  return { state: {} };
};`;
const STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";

const project = new ProjectFolder({ "template.yaml": TEMPLATE, "src/clicked.mjs": CLICKED });
let stack: TestStack;
let kinesis: KinesisClient;
let lambda: LambdaClient;

beforeAll(async () => {
  stack = await createStack({ folder: project.folder });
  kinesis = new KinesisClient(stack.clientConfig);
  lambda = new LambdaClient(stack.clientConfig);
});
afterAll(async () => {
  kinesis.destroy();
  lambda.destroy();
  await stack.close();
  project.remove();
});

const put = (data: string) =>
  kinesis.send(new PutRecordCommand({ StreamName: "clicks", PartitionKey: "user-1", Data: Buffer.from(data) }));

const next = (queue: string) => nextMessage(stack, queue);

test("a record fires the function of the template in AWS's form, unless a filter holds its data back; a failure goes to its queue", async () => {
  await put("no JSON");
  await put('{"page":"quiet"}');
  const { SequenceNumber, ShardId } = await put('{"page":"home"}');
  const { fan, ...event } = await next("Done");
  expect(event).toEqual({
    Records: [
      {
        kinesis: {
          kinesisSchemaVersion: "1.0",
          partitionKey: "user-1",
          sequenceNumber: SequenceNumber,
          data: Buffer.from('{"page":"home"}').toString("base64"),
          approximateArrivalTimestamp: expect.any(Number),
        },
        eventSource: "aws:kinesis",
        eventVersion: "1.0",
        eventID: `${ShardId}:${SequenceNumber}`,
        eventName: "aws:kinesis:record",
        invokeIdentityArn: "arn:aws:iam::000000000000:role/clicked",
        awsRegion: "us-east-1",
        eventSourceARN: STREAM,
      },
    ],
  });
  expect(() => KinesisDataStreamSchema.parse(event)).not.toThrow();
  expect(fan).toMatch(/^arn:aws:kinesis:us-east-1:000000000000:stream\/clicks\/consumer\/fan:\d{10}$/);
  const poison = await put('{"page":"poison"}');
  expect(await next("Failures")).toMatchObject({
    requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 1 },
    responseContext: { functionError: "Unhandled" },
    KinesisBatchInfo: {
      shardId: poison.ShardId,
      startSequenceNumber: poison.SequenceNumber,
      endSequenceNumber: poison.SequenceNumber,
      approximateArrivalOfFirstRecord: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/),
      batchSize: 1,
      streamArn: STREAM,
    },
  });
});

test("the stream of the template has what the template says, its consumer too", async () => {
  const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: "clicks" }));
  expect(StreamDescriptionSummary).toMatchObject({ OpenShardCount: 2, RetentionPeriodHours: 48, ConsumerCount: 1 });
  const described = await kinesis.send(new DescribeStreamConsumerCommand({ StreamARN: STREAM, ConsumerName: "fan" }));
  expect(described.ConsumerDescription?.ConsumerStatus).toBe("ACTIVE");
});

test("a mapping that the API makes begins at a time, and one of a stream that is not there is refused", async () => {
  const create = (EventSourceArn: string, more: object = {}) =>
    lambda.send(
      new CreateEventSourceMappingCommand({
        EventSourceArn,
        FunctionName: "clicked",
        StartingPosition: "AT_TIMESTAMP",
        ...more,
      }),
    );
  await expect(create(`${STREAM}-gone`, { StartingPositionTimestamp: new Date() })).rejects.toMatchObject({
    name: "InvalidParameterValueException",
    message: `Stream not found: ${STREAM}-gone`,
  });
  const { ConsumerDescription } = await kinesis.send(
    new DescribeStreamConsumerCommand({ StreamARN: STREAM, ConsumerName: "fan" }),
  );
  const consumerArn = ConsumerDescription?.ConsumerARN ?? "";
  await expect(create(consumerArn)).rejects.toMatchObject({ name: "InvalidParameterValueException" });
  // Before the record, with or without its milliseconds.
  const StartingPositionTimestamp = new Date(Date.now() - 1000);
  const first = await put('{"page":"late"}');
  const made = await create(consumerArn, {
    StartingPositionTimestamp,
    FilterCriteria: { Filters: [{ Pattern: '{"data":{"page":["late"]}}' }] },
    TumblingWindowInSeconds: 30,
    ParallelizationFactor: 2,
  });
  expect(made).toMatchObject({
    ParallelizationFactor: 2,
    TumblingWindowInSeconds: 30,
    StartingPosition: "AT_TIMESTAMP",
  });
  const { EventSourceMappings = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ EventSourceArn: consumerArn }),
  );
  expect(EventSourceMappings.map(({ UUID }) => UUID)).toEqual([made.UUID]);
  // The mapping of the template has it, too.
  const isOurs = (one: object): one is { Records: { eventSourceARN: string }[] } =>
    JSON.stringify(one).includes(`"eventSourceARN":"${consumerArn}"`);
  let event: object = await next("Done");
  if (!isOurs(event)) event = await next("Done");
  expect(event).toMatchObject({
    Records: [{ eventID: `${first.ShardId}:${first.SequenceNumber}`, eventSourceARN: consumerArn }],
    isFinalInvokeForWindow: false,
    eventSourceARN: consumerArn,
    state: {},
  });
});
