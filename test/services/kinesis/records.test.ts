/** Records of Kinesis, by the official client. */
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  IncreaseStreamRetentionPeriodCommand,
  PutRecordCommand,
  PutRecordsCommand,
  UpdateMaxRecordSizeCommand,
  waitUntilStreamExists,
  type GetShardIteratorCommandInput,
} from "@aws-sdk/client-kinesis";
import { startKinesis, text, type Fixture } from "./fixture.js";

const StreamName = "clicks";
const SHARD = "shardId-000000000000";
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startKinesis();
  await fixture.client.send(new CreateStreamCommand({ StreamName, ShardCount: 2 }));
});
afterEach(() => fixture.close());

const put = (PartitionKey: string, data: string, more: object = {}) =>
  fixture.client.send(new PutRecordCommand({ StreamName, PartitionKey, Data: Buffer.from(data), ...more }));

const iterator = async (input: Omit<GetShardIteratorCommandInput, "StreamName" | "ShardId">, ShardId = SHARD) =>
  (await fixture.client.send(new GetShardIteratorCommand({ StreamName, ShardId, ...input }))).ShardIterator;

const read = async (ShardIterator: string | undefined, Limit?: number) =>
  fixture.client.send(new GetRecordsCommand({ ShardIterator, ...(Limit === undefined ? {} : { Limit }) }));

/** What an iterator of this kind gives. */
const from = async (input: Parameters<typeof iterator>[0]): Promise<string[]> =>
  ((await read(await iterator(input))).Records ?? []).map(({ Data }) => text(Data));

test("a record goes to the shard of its key's MD5 or of its explicit hash key, and comes back as it was", async () => {
  await waitUntilStreamExists({ client: fixture.client, maxWaitTime: 20 }, { StreamName });
  // md5("a") begins with 0c, md5("b") with 92: below and above the middle.
  expect(await put("a", "one")).toMatchObject({ ShardId: SHARD });
  expect(await put("b", "two")).toMatchObject({ ShardId: "shardId-000000000001" });
  const explicit = await put("b", "three", { ExplicitHashKey: "0" });
  expect(explicit).toMatchObject({ ShardId: SHARD, SequenceNumber: expect.stringMatching(/^\d{56}$/) });
  const page = await read(await iterator({ ShardIteratorType: "TRIM_HORIZON" }), 1);
  expect(page.Records).toEqual([
    {
      SequenceNumber: expect.stringMatching(/^\d{56}$/),
      ApproximateArrivalTimestamp: new Date(fixture.clock.now()),
      Data: expect.any(Uint8Array),
      PartitionKey: "a",
    },
  ]);
  await fixture.clock.advance(2000);
  const late = await read(await iterator({ ShardIteratorType: "TRIM_HORIZON" }), 1);
  expect(late.MillisBehindLatest).toBe(2000);
  const rest = await read(page.NextShardIterator);
  expect(rest.Records?.map(({ Data }) => text(Data))).toEqual(["three"]);
  expect(rest.MillisBehindLatest).toBe(0);
  expect((await read(rest.NextShardIterator)).Records).toEqual([]);
});

test("sequence numbers grow with each record of a shard, within the range that the shard shows", async () => {
  const numbers: bigint[] = [];
  for (const data of ["1", "2", "3"]) {
    const { SequenceNumber = "" } = await put(
      "a",
      data,
      numbers.length === 0 ? {} : { SequenceNumberForOrdering: String(numbers.at(-1)) },
    );
    numbers.push(BigInt(SequenceNumber));
  }
  expect([...numbers].sort((a, b) => (a < b ? -1 : 1))).toEqual(numbers);
  const { StreamDescription } = await fixture.client.send(new DescribeStreamCommand({ StreamName }));
  const [shard] = StreamDescription?.Shards ?? [];
  expect(numbers[0]).toBeGreaterThan(BigInt(shard?.SequenceNumberRange?.StartingSequenceNumber ?? ""));
  await expect(put("a", "x", { SequenceNumberForOrdering: "5" })).rejects.toMatchObject({
    name: "InvalidArgumentException",
    message:
      "ExclusiveMinimumSequenceNumber 5 used in PutRecord on stream clicks under account 000000000000 is invalid.",
  });
});

test("each kind of iterator begins where it says, and ends after five minutes", async () => {
  const first = await put("a", "1");
  await fixture.clock.advance(10_000);
  const Timestamp = new Date(fixture.clock.now());
  const second = await put("a", "2");
  await put("a", "3");
  const at = { ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: second.SequenceNumber } as const;
  const after = { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: first.SequenceNumber } as const;
  expect(await from({ ShardIteratorType: "TRIM_HORIZON" })).toEqual(["1", "2", "3"]);
  expect(await from(at)).toEqual(["2", "3"]);
  expect(await from(after)).toEqual(["2", "3"]);
  expect(await from({ ShardIteratorType: "AT_TIMESTAMP", Timestamp })).toEqual(["2", "3"]);
  const latest = await iterator({ ShardIteratorType: "LATEST" });
  expect((await read(latest)).Records).toEqual([]);
  await put("a", "4");
  expect((await read(latest)).Records?.map(({ Data }) => text(Data))).toEqual(["4"]);
  await fixture.clock.advance(300_001);
  await expect(read(latest)).rejects.toMatchObject({ name: "ExpiredIteratorException" });
});

test.each([
  [
    "a sequence number too many",
    { ShardIteratorType: "LATEST", StartingSequenceNumber: "1" },
    /and also a StartingSequenceNumber\.$/,
  ],
  ["no time", { ShardIteratorType: "AT_TIMESTAMP" }, /^Must specify timestampInMillis parameter/],
  [
    "a number of no stream",
    { ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: "7" },
    /on shard shardId-000000000000 in stream clicks under account 000000000000 is invalid\.$/,
  ],
] as const)("an iterator with %s is refused", async (_what, input, message) => {
  await expect(iterator(input)).rejects.toMatchObject({
    name: "InvalidArgumentException",
    message: expect.stringMatching(message),
  });
});

test.each(["-1", "99999999999999999999"])(
  "an iterator of the position %s, which nobody has given, is refused",
  async (position) => {
    const state = JSON.stringify([StreamName, 1, 0, position, fixture.clock.now()]);
    const made = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), Buffer.from(state)]).toString("base64");
    await expect(read(made)).rejects.toMatchObject({
      name: "InvalidArgumentException",
      message: "Invalid ShardIterator.",
    });
  },
);

test("records are there for as long as they are retained, and are not found afterwards", async () => {
  await put("a", "old");
  await fixture.clock.advance(23 * 3_600_000);
  await put("a", "new");
  expect(await from({ ShardIteratorType: "TRIM_HORIZON" })).toEqual(["old", "new"]);
  await fixture.clock.advance(3_600_001);
  expect(await from({ ShardIteratorType: "TRIM_HORIZON" })).toEqual(["new"]);
  await fixture.client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 48 }));
  await fixture.clock.advance(30 * 3_600_000);
  expect(await from({ ShardIteratorType: "TRIM_HORIZON" })).toEqual(["new"]);
});

test("a record of more than 1 MiB wants a stream that takes it", async () => {
  const Data = Buffer.alloc(1024 * 1024 + 1);
  await expect(
    fixture.client.send(new PutRecordCommand({ StreamName, PartitionKey: "a", Data })),
  ).rejects.toMatchObject({
    name: "ValidationException",
    message:
      "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576",
  });
  const StreamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
  await fixture.client.send(new UpdateMaxRecordSizeCommand({ StreamARN, MaxRecordSizeInKiB: 10_240 }));
  await fixture.client.send(new PutRecordCommand({ StreamARN, PartitionKey: "a", Data }));
  const { Records } = await read(await iterator({ ShardIteratorType: "TRIM_HORIZON" }));
  expect(Records?.[0]?.Data?.length).toBe(Data.length);
  const batch = Array.from({ length: 11 }, () => ({ PartitionKey: "a", Data }));
  await expect(fixture.client.send(new PutRecordsCommand({ StreamName, Records: batch }))).rejects.toMatchObject({
    name: "InvalidArgumentException",
    message: "Records size exceeds 10 MB limit",
  });
});

test("where it is enforced, a shard takes 1,000 records a second, and PutRecords says which were too many", async () => {
  const batch = (PartitionKey: string, count: number) =>
    fixture.client.send(
      new PutRecordsCommand({
        StreamName,
        Records: Array.from({ length: count }, () => ({ PartitionKey, Data: Buffer.from("x") })),
      }),
    );
  for (let i = 0; i < 3; i++) expect((await batch("b", 500)).FailedRecordCount).toBe(0);
  fixture.service.limitShards(true);
  for (let i = 0; i < 2; i++) expect((await batch("a", 500)).FailedRecordCount).toBe(0);
  const over = await batch("a", 1);
  expect(over).toMatchObject({
    FailedRecordCount: 1,
    Records: [
      {
        ErrorCode: "ProvisionedThroughputExceededException",
        ErrorMessage: "Rate exceeded for shard shardId-000000000000 in stream clicks under account 000000000000.",
      },
    ],
  });
  await expect(put("a", "x")).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
  expect((await batch("b", 1)).FailedRecordCount).toBe(0);
  await fixture.clock.advance(1000);
  expect((await batch("a", 500)).FailedRecordCount).toBe(0);
  const start = await iterator({ ShardIteratorType: "TRIM_HORIZON" });
  for (let i = 0; i < 5; i++) await read(start, 1);
  await expect(read(start, 1)).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
});
