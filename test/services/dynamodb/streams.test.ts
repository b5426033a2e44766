import {
  CreateTableCommand,
  DeleteItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  type AttributeValue,
  type StreamViewType,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  type _Record as StreamRecord,
  type GetShardIteratorCommandInput,
} from "@aws-sdk/client-dynamodb-streams";
import { refusal, startServer, tableInput, type TestServer } from "./server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const key = { pk: { S: "a" } };
const put = (v: string, TableName = "Log") =>
  server.client.send(new PutItemCommand({ TableName, Item: { ...key, v: { S: v } } }));

async function createLog(StreamViewType: StreamViewType = "NEW_AND_OLD_IMAGES"): Promise<string> {
  const made = await server.client.send(
    new CreateTableCommand(
      tableInput("Log", "pk:S", undefined, { StreamSpecification: { StreamEnabled: true, StreamViewType } }),
    ),
  );
  return made.TableDescription?.LatestStreamArn as string;
}

async function shardOf(StreamArn: string): Promise<string> {
  const { StreamDescription } = await server.streams.send(new DescribeStreamCommand({ StreamArn }));
  return StreamDescription?.Shards?.[0]?.ShardId as string;
}

async function iterator(StreamArn: string, more: Partial<GetShardIteratorCommandInput> = {}): Promise<string> {
  const input = { StreamArn, ShardId: await shardOf(StreamArn), ShardIteratorType: "TRIM_HORIZON" as const, ...more };
  return (await server.streams.send(new GetShardIteratorCommand(input))).ShardIterator as string;
}

const read = async (ShardIterator: string, Limit?: number): Promise<StreamRecord[]> =>
  (await server.streams.send(new GetRecordsCommand({ ShardIterator, Limit }))).Records ?? [];

test("a put, a change and a delete are told in order with both images", async () => {
  const arn = await createLog();
  await put("1");
  await put("1");
  await server.client.send(
    new UpdateItemCommand({
      TableName: "Log",
      Key: key,
      UpdateExpression: "SET v = :v",
      ExpressionAttributeValues: { ":v": { S: "2" } },
    }),
  );
  await server.client.send(new DeleteItemCommand({ TableName: "Log", Key: key }));
  await server.client.send(new DeleteItemCommand({ TableName: "Log", Key: key }));
  const records = await read(await iterator(arn));
  expect(
    records.map(({ eventName, dynamodb }) => [eventName, dynamodb?.OldImage?.["v"]?.S, dynamodb?.NewImage?.["v"]?.S]),
  ).toEqual([
    ["INSERT", undefined, "1"],
    ["MODIFY", "1", "2"],
    ["REMOVE", "2", undefined],
  ]);
  expect(records[0]).toMatchObject({
    eventSource: "aws:dynamodb",
    eventVersion: "1.1",
    awsRegion: "us-east-1",
    dynamodb: { Keys: key, StreamViewType: "NEW_AND_OLD_IMAGES", SizeBytes: 8 },
  });
  expect(records[0]?.userIdentity).toBeUndefined();
  const numbers = records.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? "");
  expect(numbers.every((text) => text.length === 21)).toBe(true);
  expect([...numbers].sort()).toEqual(numbers);
  expect(server.changes).toEqual([1, 2, 3].map(() => ({ tableName: "Log", streamArn: arn })));
});

test.each([
  ["KEYS_ONLY", false, false],
  ["NEW_IMAGE", true, false],
  ["OLD_IMAGE", false, true],
  ["NEW_AND_OLD_IMAGES", true, true],
] as const)("a stream of view type %s holds what it should", async (type, withNew, withOld) => {
  const arn = await createLog(type);
  await put("1");
  await put("2");
  const record = (await read(await iterator(arn)))[1]?.dynamodb;
  expect(record?.Keys).toEqual(key);
  expect(record?.NewImage !== undefined).toBe(withNew);
  expect(record?.OldImage !== undefined).toBe(withOld);
});

test("the four kinds of iterator start where they say", async () => {
  const arn = await createLog();
  for (const v of ["1", "2", "3"]) await put(v);
  const latest = await iterator(arn, { ShardIteratorType: "LATEST" });
  const all = await read(await iterator(arn));
  const SequenceNumber = all[1]?.dynamodb?.SequenceNumber;
  const values = (records: StreamRecord[]) => records.map(({ dynamodb }) => dynamodb?.NewImage?.["v"]?.S);
  expect(values(all)).toEqual(["1", "2", "3"]);
  expect(values(await read(await iterator(arn, { ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber })))).toEqual([
    "2",
    "3",
  ]);
  expect(
    values(await read(await iterator(arn, { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber }))),
  ).toEqual(["3"]);
  expect(await read(latest)).toEqual([]);
  await put("4");
  expect(values(await read(latest))).toEqual(["4"]);
});

test("pages follow one another through the next iterator", async () => {
  const arn = await createLog();
  for (const v of ["1", "2", "3"]) await put(v);
  const first = await server.streams.send(new GetRecordsCommand({ ShardIterator: await iterator(arn), Limit: 2 }));
  expect(first.Records).toHaveLength(2);
  expect(await read(first.NextShardIterator as string)).toHaveLength(1);
});

test("an item that expired is told as the service's own doing", async () => {
  const arn = await createLog();
  const ends: Record<string, AttributeValue> = { ends: { N: String(server.clock.now() / 1000 + 5) } };
  await server.client.send(
    new UpdateTimeToLiveCommand({
      TableName: "Log",
      TimeToLiveSpecification: { Enabled: true, AttributeName: "ends" },
    }),
  );
  await server.client.send(new PutItemCommand({ TableName: "Log", Item: { ...key, ...ends } }));
  await server.clock.advance(20_000);
  const records = await read(await iterator(arn));
  expect(records[1]).toMatchObject({
    eventName: "REMOVE",
    userIdentity: { PrincipalId: "dynamodb.amazonaws.com", Type: "Service" },
    dynamodb: { Keys: key, OldImage: { ...key, ...ends } },
  });
  expect(server.changes).toHaveLength(2);
});

test("records are gone after 24 hours, and iterators after 15 minutes", async () => {
  const arn = await createLog();
  await put("1");
  await server.clock.advance(23 * 3600_000);
  await put("2");
  const old = await iterator(arn);
  await server.clock.advance(3600_000 + 1);
  expect((await refusal(read(old))).name).toBe("ExpiredIteratorException");
  expect((await read(await iterator(arn))).map(({ dynamodb }) => dynamodb?.NewImage?.["v"]?.S)).toEqual(["2"]);
  await server.clock.advance(24 * 3600_000);
  expect(await read(await iterator(arn))).toEqual([]);
});

test("a stream that is switched off ends, stays readable, and a new one starts after it", async () => {
  const arn = await createLog();
  await put("1");
  await server.client.send(new UpdateTableCommand({ TableName: "Log", StreamSpecification: { StreamEnabled: false } }));
  await put("2");
  const { StreamDescription } = await server.streams.send(new DescribeStreamCommand({ StreamArn: arn }));
  expect(StreamDescription).toMatchObject({ StreamStatus: "DISABLED", TableName: "Log" });
  expect(StreamDescription?.Shards?.[0]?.SequenceNumberRange?.EndingSequenceNumber).toHaveLength(21);
  const page = await server.streams.send(new GetRecordsCommand({ ShardIterator: await iterator(arn) }));
  expect(page.Records).toHaveLength(1);
  const end = await server.streams.send(new GetRecordsCommand({ ShardIterator: page.NextShardIterator }));
  expect(end).toMatchObject({ Records: [] });
  expect(end.NextShardIterator).toBeUndefined();
  await server.clock.advance(1000);
  await server.client.send(
    new UpdateTableCommand({
      TableName: "Log",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    }),
  );
  const { Streams } = await server.streams.send(new ListStreamsCommand({ TableName: "Log" }));
  expect(Streams).toHaveLength(2);
  expect(Streams?.map(({ StreamArn }) => StreamArn)).toContain(arn);
});

test("an event source reads in process what the API would give", async () => {
  const arn = await createLog();
  expect(server.service.streamArnOf("Log")).toBe(arn);
  const start = server.service.latestSequenceNumber();
  for (const v of ["1", "2", "3"]) await put(v);
  expect(server.service.streamShards(arn)).toEqual([{ shardId: await shardOf(arn), closed: false }]);
  const first = server.service.streamRecords(arn, { after: start, limit: 2 });
  expect(first.records).toHaveLength(2);
  const rest = server.service.streamRecords(arn, { after: first.lastSequenceNumber });
  expect(rest.records).toHaveLength(1);
  expect(server.service.streamRecords(arn, { after: rest.lastSequenceNumber })).toEqual({
    records: [],
    lastSequenceNumber: rest.lastSequenceNumber,
  });
  expect(server.service.streamShards("arn:aws:dynamodb:us-east-1:000000000000:table/No/stream/2026")).toEqual([]);
});

test.each([
  [
    "DescribeStream",
    { StreamArn: "arn:aws:dynamodb:us-east-1:000000000000:table/No/stream/2026-01-01T00:00:00.000" },
    "ResourceNotFoundException",
  ],
  ["GetRecords", { ShardIterator: "nonsense" }, "ValidationException"],
  ["GetShardIterator", { StreamArn: "x" }, "ValidationException"],
])("%s with %j is refused", async (operation, body, type) => {
  const answer = await server.call(operation, body, "DynamoDBStreams_20120810");
  expect(answer.status).toBe(400);
  expect(answer.body["__type"]).toContain(type);
});
