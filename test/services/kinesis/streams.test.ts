/** Streams, shards, consumers and tags of Kinesis, by the official client. */
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DeleteStreamCommand,
  DeregisterStreamConsumerCommand,
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  ListStreamConsumersCommand,
  ListStreamsCommand,
  ListTagsForStreamCommand,
  MergeShardsCommand,
  PutRecordCommand,
  RegisterStreamConsumerCommand,
  RemoveTagsFromStreamCommand,
  SplitShardCommand,
  StartStreamEncryptionCommand,
  StopStreamEncryptionCommand,
  UpdateShardCountCommand,
  UpdateStreamModeCommand,
  waitUntilStreamNotExists,
  type Shard,
} from "@aws-sdk/client-kinesis";
import { startKinesis, text, type Fixture } from "./fixture.js";

const StreamName = "clicks";
const StreamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
const LONG = "x".repeat(257);
const MIDDLE = String(1n << 127n);
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startKinesis();
});
afterEach(() => fixture.close());

const create = (ShardCount: number) => fixture.client.send(new CreateStreamCommand({ StreamName, ShardCount }));
const shards = async (Type: "AT_LATEST" | "FROM_TRIM_HORIZON" = "FROM_TRIM_HORIZON"): Promise<readonly Shard[]> =>
  (await fixture.client.send(new ListShardsCommand({ StreamName, ShardFilter: { Type } }))).Shards ?? [];
const openRanges = async () =>
  (await shards("AT_LATEST"))
    .map(({ HashKeyRange }) => [BigInt(HashKeyRange?.StartingHashKey ?? ""), BigInt(HashKeyRange?.EndingHashKey ?? "")])
    .sort(([a = 0n], [b = 0n]) => (a < b ? -1 : 1));

test("a stream is made, shown, listed and deleted, and refused a second time and afterwards", async () => {
  await create(2);
  await expect(create(1)).rejects.toMatchObject({
    name: "ResourceInUseException",
    message: "Stream clicks under account 000000000000 already exists.",
  });
  const { StreamDescriptionSummary } = await fixture.client.send(new DescribeStreamSummaryCommand({ StreamARN }));
  expect(StreamDescriptionSummary).toEqual({
    StreamName,
    StreamARN,
    StreamStatus: "ACTIVE",
    StreamModeDetails: { StreamMode: "PROVISIONED" },
    RetentionPeriodHours: 24,
    StreamCreationTimestamp: new Date(fixture.clock.now()),
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: "NONE",
    OpenShardCount: 2,
    ConsumerCount: 0,
    MaxRecordSizeInKiB: 1024,
  });
  await fixture.client.send(
    new CreateStreamCommand({ StreamName: "other", StreamModeDetails: { StreamMode: "ON_DEMAND" } }),
  );
  const page = await fixture.client.send(new ListStreamsCommand({ Limit: 1 }));
  expect(page).toMatchObject({ StreamNames: ["clicks"], HasMoreStreams: true });
  const rest = await fixture.client.send(new ListStreamsCommand({ NextToken: page.NextToken }));
  expect(rest).toMatchObject({ StreamNames: ["other"], HasMoreStreams: false });
  await fixture.client.send(new DeleteStreamCommand({ StreamName }));
  await waitUntilStreamNotExists({ client: fixture.client, maxWaitTime: 20 }, { StreamName });
  await expect(shards()).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "Stream clicks under account 000000000000 not found.",
  });
});

test.each([
  [
    "a name that is none",
    { StreamName: "a b", ShardCount: 0 },
    "ValidationException",
    "2 validation errors detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  [
    "a tag that is too long",
    { StreamName: "a", ShardCount: 1, Tags: { team: LONG } },
    "ValidationException",
    `1 validation error detected: Value '${LONG}' at 'tags' failed to satisfy constraint: Member must have length less than or equal to 256`,
  ],
  [
    "shards and the on-demand mode",
    { StreamName: "a", ShardCount: 1, StreamModeDetails: { StreamMode: "ON_DEMAND" } },
    "ValidationException",
    "ShardCount is not expected when StreamMode=ON_DEMAND",
  ],
] as const)("a stream with %s is refused", async (_what, input, name, message) => {
  await expect(fixture.client.send(new CreateStreamCommand(input))).rejects.toMatchObject({ name, message });
});

test("splitting closes a shard in favour of two, merging two in favour of one, and what was in them stays to be read", async () => {
  await create(1);
  await fixture.client.send(new PutRecordCommand({ StreamName, PartitionKey: "a", Data: Buffer.from("before") }));
  await fixture.client.send(
    new SplitShardCommand({ StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: MIDDLE }),
  );
  const [parent, lower, upper] = await shards();
  expect([lower, upper]).toEqual([
    {
      ShardId: "shardId-000000000001",
      ParentShardId: "shardId-000000000000",
      HashKeyRange: { StartingHashKey: "0", EndingHashKey: String((1n << 127n) - 1n) },
      SequenceNumberRange: { StartingSequenceNumber: expect.any(String) },
    },
    {
      ShardId: "shardId-000000000002",
      ParentShardId: "shardId-000000000000",
      HashKeyRange: { StartingHashKey: MIDDLE, EndingHashKey: String((1n << 128n) - 1n) },
      SequenceNumberRange: { StartingSequenceNumber: expect.any(String) },
    },
  ]);
  const end = BigInt(parent?.SequenceNumberRange?.EndingSequenceNumber ?? "");
  expect(BigInt(lower?.SequenceNumberRange?.StartingSequenceNumber ?? "")).toBeGreaterThan(end);
  const { ShardIterator } = await fixture.client.send(
    new GetShardIteratorCommand({ StreamName, ShardId: parent?.ShardId, ShardIteratorType: "TRIM_HORIZON" }),
  );
  const page = await fixture.client.send(new GetRecordsCommand({ ShardIterator }));
  expect(page.Records?.map(({ Data }) => text(Data))).toEqual(["before"]);
  const last = await fixture.client.send(new GetRecordsCommand({ ShardIterator: page.NextShardIterator }));
  expect(last.NextShardIterator).toBeUndefined();
  expect(last.ChildShards?.map(({ ShardId }) => ShardId)).toEqual(["shardId-000000000001", "shardId-000000000002"]);
  await fixture.client.send(
    new MergeShardsCommand({
      StreamName,
      ShardToMerge: "shardId-000000000001",
      AdjacentShardToMerge: "shardId-000000000002",
    }),
  );
  expect(await shards("AT_LATEST")).toMatchObject([
    {
      ShardId: "shardId-000000000003",
      ParentShardId: "shardId-000000000001",
      AdjacentParentShardId: "shardId-000000000002",
    },
  ]);
  await fixture.clock.advance(25 * 3_600_000);
  expect((await shards()).map(({ ShardId }) => ShardId)).toEqual(["shardId-000000000003"]);
});

test("shards that cannot be split or merged are refused in AWS's words", async () => {
  await create(3);
  const split = (ShardToSplit: string, NewStartingHashKey: string) =>
    fixture.client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey }));
  await expect(split("shardId-000000000009", "5")).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "Could not find shard shardId-000000000009 in stream clicks under account 000000000000.",
  });
  await expect(split("shardId-000000000000", "1")).rejects.toMatchObject({
    name: "InvalidArgumentException",
    message: expect.stringMatching(
      /^NewStartingHashKey 1 used in SplitShard\(\) on shard shardId-000000000000 .* is not both greater than one plus/,
    ),
  });
  await expect(
    fixture.client.send(
      new MergeShardsCommand({
        StreamName,
        ShardToMerge: "shardId-000000000000",
        AdjacentShardToMerge: "shardId-000000000002",
      }),
    ),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/are not an adjacent pair of shards eligible for merging$/),
  });
});

test.each([
  [2, 4],
  [4, 2],
  [2, 3],
  [3, 6],
  [6, 4],
])("%i shards become %i of one width, without a gap", async (before, after) => {
  await create(before);
  const scaled = await fixture.client.send(
    new UpdateShardCountCommand({ StreamName, TargetShardCount: after, ScalingType: "UNIFORM_SCALING" }),
  );
  expect(scaled).toMatchObject({ StreamName, StreamARN, CurrentShardCount: before, TargetShardCount: after });
  const ranges = await openRanges();
  expect(ranges.length).toBe(after);
  const width = (1n << 128n) / BigInt(after);
  for (const [i, [start = 0n, end = 0n]] of ranges.entries()) {
    expect(start).toBe((ranges[i - 1]?.[1] ?? -1n) + 1n);
    expect(Number(end - start) / Number(width)).toBeCloseTo(1, 6);
  }
  expect(ranges.at(-1)?.[1]).toBe((1n << 128n) - 1n);
});

test("the number of shards at most doubles, and not at all in on-demand mode", async () => {
  await create(1);
  const scale = (TargetShardCount: number) =>
    fixture.client.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: "UNIFORM_SCALING" }));
  await expect(scale(3)).rejects.toMatchObject({ name: "LimitExceededException" });
  await fixture.client.send(new UpdateStreamModeCommand({ StreamARN, StreamModeDetails: { StreamMode: "ON_DEMAND" } }));
  await expect(scale(2)).rejects.toMatchObject({
    name: "ValidationException",
    message: "Request is invalid. Stream clicks under account 000000000000 is in On-Demand mode.",
  });
});

test("shards are listed page by page, and a token stands alone", async () => {
  await create(3);
  const page = await fixture.client.send(new ListShardsCommand({ StreamName, MaxResults: 2 }));
  expect(page.Shards?.length).toBe(2);
  const { NextToken } = page;
  await expect(fixture.client.send(new ListShardsCommand({ StreamName, NextToken }))).rejects.toMatchObject({
    name: "InvalidArgumentException",
    message: "NextToken and StreamName cannot be provided together.",
  });
  const rest = await fixture.client.send(new ListShardsCommand({ NextToken }));
  expect(rest.Shards?.map(({ ShardId }) => ShardId)).toEqual(["shardId-000000000002"]);
  expect(rest.NextToken).toBeUndefined();
  await fixture.clock.advance(300_001);
  await expect(fixture.client.send(new ListShardsCommand({ NextToken }))).rejects.toMatchObject({
    name: "ExpiredNextTokenException",
  });
});

test("tags, encryption and consumers are kept and shown", async () => {
  await create(1);
  await fixture.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { team: "a", stage: "dev" } }));
  await fixture.client.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ["stage"] }));
  const { Tags } = await fixture.client.send(new ListTagsForStreamCommand({ StreamName }));
  expect(Tags).toEqual([{ Key: "team", Value: "a" }]);

  const key = { StreamName, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" } as const;
  await fixture.client.send(new StartStreamEncryptionCommand(key));
  const sent = new PutRecordCommand({ StreamName, PartitionKey: "a", Data: Buffer.from("x") });
  expect(await fixture.client.send(sent)).toMatchObject({ EncryptionType: "KMS" });
  await fixture.client.send(new StopStreamEncryptionCommand(key));
  expect((await fixture.client.send(sent)).EncryptionType).toBeUndefined();

  const { Consumer } = await fixture.client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: "fan" }));
  const { ConsumerARN } = Consumer ?? {};
  expect(Consumer).toMatchObject({ ConsumerName: "fan", ConsumerStatus: "CREATING" });
  expect(ConsumerARN).toMatch(/^arn:aws:kinesis:us-east-1:000000000000:stream\/clicks\/consumer\/fan:\d{10}$/);
  const shown = await fixture.client.send(new DescribeStreamConsumerCommand({ ConsumerARN }));
  expect(shown.ConsumerDescription).toMatchObject({ ConsumerStatus: "ACTIVE", StreamARN });
  await expect(fixture.client.send(new DeleteStreamCommand({ StreamName }))).rejects.toMatchObject({
    name: "ResourceInUseException",
  });
  await fixture.client.send(new DeregisterStreamConsumerCommand({ ConsumerARN }));
  expect((await fixture.client.send(new ListStreamConsumersCommand({ StreamARN }))).Consumers).toEqual([]);
});
