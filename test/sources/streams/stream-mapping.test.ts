/** Mappings of DynamoDB streams in a running stack: of the template and of the API, by the official SDK. */
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { nextMessage } from "../../next-message.js";
import { until } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 30 } }
Resources:
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: rows
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
  Failures: { Type: AWS::SQS::Queue, Properties: { QueueName: failures } }
  Kept: { Type: AWS::S3::Bucket, Properties: { BucketName: kept } }
  Done: { Type: AWS::SQS::Queue, Properties: { QueueName: done } }
  Changed:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: changed
      Runtime: nodejs22.x
      CodeUri: src/
      Handler: changed.handler
      Environment: { Variables: { QUEUE: !Ref Done } }
      Events:
        Change:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Rows.StreamArn
            StartingPosition: TRIM_HORIZON
            MaximumRetryAttempts: 0
            FilterCriteria: { Filters: [{ Pattern: '{"dynamodb":{"NewImage":{"id":{"S":[{"anything-but":"quiet"}]}}}}' }] }
            DestinationConfig: { OnFailure: { Destination: !GetAtt Failures.Arn } }
  Other:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: other, Runtime: nodejs22.x, CodeUri: src/, Handler: changed.handler, Environment: { Variables: { QUEUE: !Ref Done } } }
`;
const CHANGED = `
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
const sqs = new SQSClient({});
export const handler = async (event) => {
  if (JSON.stringify(event).includes("poison")) throw new Error("no");
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: JSON.stringify(event) }));
  return { state: { seen: (event.state?.seen ?? 0) + event.Records.length } };
};`;

const project = new ProjectFolder({ "template.yaml": TEMPLATE, "src/changed.mjs": CHANGED });
let stack: TestStack;
let dynamodb: DynamoDBClient;
let lambda: LambdaClient;
let s3: S3Client;

beforeAll(async () => {
  stack = await createStack({ folder: project.folder });
  const { endpoint } = stack;
  const client = { endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  dynamodb = new DynamoDBClient(client);
  lambda = new LambdaClient(client);
  s3 = new S3Client({ ...client, forcePathStyle: true });
});
afterAll(async () => {
  for (const client of [dynamodb, lambda, s3]) client.destroy();
  await stack.close();
  project.remove();
});

const put = (TableName: string, id: string) =>
  dynamodb.send(new PutItemCommand({ TableName, Item: { id: { S: id }, bytes: { B: Buffer.from("foobar") } } }));

const next = (queue: string) => nextMessage(stack, queue);

test("a change fires the function of the template, unless a filter holds it back, and a failure goes to its queue", async () => {
  await put("rows", "quiet");
  await put("rows", "a");
  expect(await next("done")).toEqual({
    Records: [
      {
        eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventName: "INSERT",
        eventVersion: "1.1",
        eventSource: "aws:dynamodb",
        awsRegion: "us-east-1",
        dynamodb: {
          ApproximateCreationDateTime: expect.any(Number),
          Keys: { id: { S: "a" } },
          NewImage: { id: { S: "a" }, bytes: { B: "Zm9vYmFy" } },
          SequenceNumber: expect.stringMatching(/^\d{21}$/),
          SizeBytes: 17,
          StreamViewType: "NEW_AND_OLD_IMAGES",
        },
        eventSourceARN: expect.stringMatching(/^arn:aws:dynamodb:us-east-1:000000000000:table\/rows\/stream\//),
      },
    ],
  });
  await put("rows", "poison");
  expect(await next("failures")).toEqual({
    requestContext: {
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      functionArn: "arn:aws:lambda:us-east-1:000000000000:function:changed",
      condition: "RetryAttemptsExhausted",
      approximateInvokeCount: 1,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/),
    DDBStreamBatchInfo: {
      shardId: expect.stringMatching(/^shardId-/),
      startSequenceNumber: expect.stringMatching(/^\d{21}$/),
      endSequenceNumber: expect.stringMatching(/^\d{21}$/),
      approximateArrivalOfFirstRecord: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/),
      approximateArrivalOfLastRecord: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/),
      batchSize: 1,
      streamArn: expect.stringContaining("/stream/"),
    },
  });
});

test("a mapping that the API makes is shown, refused a second time, changed and removed as on AWS", async () => {
  const table = await dynamodb.send(
    new CreateTableCommand({
      TableName: "made",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    }),
  );
  const EventSourceArn = table.TableDescription?.LatestStreamArn ?? "";
  const input = {
    EventSourceArn,
    FunctionName: "other",
    StartingPosition: "TRIM_HORIZON",
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::kept" } },
  } as const;
  const { $metadata: _made, ...made } = await lambda.send(new CreateEventSourceMappingCommand(input));
  expect(made).toEqual({
    UUID: expect.stringMatching(/^[0-9a-f-]{36}$/),
    BatchSize: 100,
    BisectBatchOnFunctionError: false,
    DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::kept" } },
    EventSourceArn,
    EventSourceMappingArn: `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${made.UUID}`,
    FunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:other",
    FunctionResponseTypes: [],
    LastModified: expect.any(Date),
    LastProcessingResult: "No records processed",
    MaximumBatchingWindowInSeconds: 0,
    MaximumRecordAgeInSeconds: -1,
    MaximumRetryAttempts: 0,
    ParallelizationFactor: 1,
    StartingPosition: "TRIM_HORIZON",
    State: "Creating",
    StateTransitionReason: "User action",
    TumblingWindowInSeconds: 0,
  });
  const { UUID } = made;
  await expect(lambda.send(new CreateEventSourceMappingCommand(input))).rejects.toMatchObject({
    name: "ResourceConflictException",
    message: `The event source arn (" ${EventSourceArn} ") and function (" other ") provided mapping already exists. Please update or delete the existing mapping with UUID ${UUID}`,
  });
  await put("made", "b");
  expect(await next("done")).toMatchObject({ Records: [{ dynamodb: { Keys: { id: { S: "b" } } } }] });
  await until(async () => {
    const { LastProcessingResult } = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
    return LastProcessingResult === "OK";
  });
  await put("made", "poison");
  const folder = { Bucket: "kept", Prefix: `aws/lambda/${UUID}/shardId-` };
  await until(async () => (await s3.send(new ListObjectsV2Command(folder))).KeyCount === 1);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command(folder));
  const kept = await s3.send(new GetObjectCommand({ Bucket: "kept", Key: Contents[0]?.Key }));
  const record = JSON.parse((await kept.Body?.transformToString()) ?? "") as { payload: string };
  expect(JSON.parse(record.payload)).toMatchObject({ Records: [{ dynamodb: { Keys: { id: { S: "poison" } } } }] });

  const changed = await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false, BatchSize: 7 }));
  expect(changed).toMatchObject({ State: "Disabling", BatchSize: 7, MaximumRetryAttempts: 0 });
  const gone = await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
  expect(gone.State).toBe("Deleting");
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ EventSourceArn }));
  expect(EventSourceMappings).toEqual([]);
});

test("changes of a table come in tumbling windows, too", async () => {
  const table = await dynamodb.send(
    new CreateTableCommand({
      TableName: "windowed",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    }),
  );
  const { UUID } = await lambda.send(
    new CreateEventSourceMappingCommand({
      EventSourceArn: table.TableDescription?.LatestStreamArn,
      FunctionName: "other",
      StartingPosition: "TRIM_HORIZON",
      TumblingWindowInSeconds: 1,
      ParallelizationFactor: 3,
    }),
  );
  await put("windowed", "w");
  const window = {
    start: expect.stringMatching(/^[\d-]+T[\d:]{8}Z$/),
    end: expect.stringMatching(/^[\d-]+T[\d:]{8}Z$/),
  };
  const first = await next("done");
  expect(first).toMatchObject({
    window,
    state: {},
    isFinalInvokeForWindow: false,
    shardId: expect.stringMatching(/^shardId-/),
  });
  expect(await next("done")).toMatchObject({
    Records: [],
    window: first["window"],
    state: { seen: 1 },
    isFinalInvokeForWindow: true,
  });
  await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
});

test.each([
  ["a concurrency", { ScalingConfig: { MaximumConcurrency: 2 } }, /^Unsupported ScalingConfig parameter/],
  [
    "a filter that is none",
    { FilterCriteria: { Filters: [{ Pattern: "text" }] } },
    /^Invalid filter pattern definition\.$/,
  ],
  [
    "a destination of another kind",
    { DestinationConfig: { OnFailure: { Destination: "arn:aws:kafka:us-east-1:000000000000:cluster/a/b" } } },
    /on-failure destination/,
  ],
])("a mapping with %s is refused", async (_what, settings, message) => {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: "rows" }));
  const made = lambda.send(
    new CreateEventSourceMappingCommand({
      EventSourceArn: Table?.LatestStreamArn,
      FunctionName: "other",
      StartingPosition: "LATEST",
      ...settings,
    }),
  );
  await expect(made).rejects.toMatchObject({
    name: "InvalidParameterValueException",
    message: expect.stringMatching(message),
  });
});
