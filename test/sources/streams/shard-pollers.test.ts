/** All shards of a Kinesis stream behind one mapping, with time that stands still until it is moved. */
import type { InvokeResult } from "../../../src/runtime/types.js";
import type { KinesisService } from "../../../src/services/kinesis/index.js";
import { Bus } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { kinesisStream } from "../../../src/sources/streams/kinesis-stream.js";
import type { Position } from "../../../src/sources/streams/positions.js";
import { ShardPollers, type ShardPollersOptions } from "../../../src/sources/streams/shard-pollers.js";
import type { StreamSettings } from "../../../src/sources/streams/poller.js";
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DeregisterStreamConsumerCommand,
  KinesisClient,
  PutRecordCommand,
  RegisterStreamConsumerCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { startEmbedded, type Embedded } from "../../services/embedded.js";
import { found, until } from "../../until.js";

const StreamName = "clicks";
let clock: VirtualClock;
let bus: Bus;
let embedded: Embedded;
let kinesis: KinesisService;
let client: KinesisClient;
const pollers: ShardPollers[] = [];

beforeEach(async () => {
  // At the start of a minute.
  clock = new VirtualClock(Date.UTC(2026, 10, 21, 12));
  bus = new Bus();
  embedded = await startEmbedded({ clock, bus });
  kinesis = (await embedded.gateway.service("kinesis")) as KinesisService;
  client = new KinesisClient(embedded.client());
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
});
afterEach(async () => {
  for (const one of pollers.splice(0)) await one.close();
  client.destroy();
  await embedded.close();
});

interface Call {
  readonly texts: readonly string[];
  readonly shardId: string;
  readonly event: Readonly<Record<string, unknown>>;
}

interface Mapped {
  readonly mapping: ShardPollers;
  readonly calls: Call[];
  readonly position: () => Position | undefined;
  /** Each that was kept. */
  readonly saved: readonly Position[];
}

type Handler = (call: Call, nth: number) => unknown;

async function map(
  settings: Partial<StreamSettings> &
    Partial<Pick<ShardPollersOptions, "parallelizationFactor" | "start" | "position">> & { streamName?: string },
  handler: Handler = () => null,
): Promise<Mapped> {
  const {
    parallelizationFactor = 1,
    start = "TRIM_HORIZON",
    position: kept,
    streamName = StreamName,
    ...more
  } = settings;
  const calls: Call[] = [];
  const saved: Position[] = [];
  const streamArn = `arn:aws:kinesis:us-east-1:000000000000:stream/${streamName}`;
  const mapping = new ShardPollers({
    stream: kinesisStream(streamArn, { kinesis, bus, region: "us-east-1", roleArn: () => "" }),
    settings: {
      batchSize: 100,
      maximumBatchingWindowSeconds: 0,
      reportBatchItemFailures: false,
      bisectBatchOnFunctionError: false,
      maximumRetryAttempts: -1,
      maximumRecordAgeSeconds: -1,
      tumblingWindowSeconds: 0,
      passes: undefined,
      ...more,
    },
    parallelizationFactor,
    start,
    clock,
    log: silentLogger,
    position: kept,
    save: async (position) => void saved.push(position),
    invoke: async (payload) => {
      const event = JSON.parse(payload.toString("utf8")) as {
        Records: { eventID: string; kinesis: { data: string } }[];
      };
      const texts = event.Records.map((record) => Buffer.from(record.kinesis.data, "base64").toString());
      const call = { texts, shardId: event.Records[0]?.eventID.split(":")[0] ?? "", event: { ...event } };
      calls.push(call);
      return resultOf(await handler(call, calls.length), calls.length);
    },
    giveUp: async () => undefined,
  });
  pollers.push(mapping);
  await mapping.begin();
  mapping.start();
  return { mapping, calls, position: () => saved.at(-1) ?? kept, saved };
}

function resultOf(answer: unknown, nth: number): InvokeResult {
  const fails = answer === "fail";
  const figures = { durationMs: 1, billedDurationMs: 1, memorySizeMb: 128, maxMemoryUsedMb: 40 };
  return {
    requestId: `r${nth}`,
    executedVersion: "$LATEST",
    payload: Buffer.from(JSON.stringify(answer ?? null)),
    report: { requestId: `r${nth}`, ...figures, status: fails ? "error" : "success" },
    logs: "",
    functionError: fails ? "Unhandled" : undefined,
  };
}

const put = async (key: string, ...data: string[]): Promise<void> => {
  for (const one of data)
    await client.send(new PutRecordCommand({ StreamName, PartitionKey: key, Data: Buffer.from(one) }));
};
const texts = ({ calls }: Mapped): string[] => calls.flatMap((call) => [...call.texts]);

test("children are read when their parents are through, and a shard that is done is not read again", async () => {
  await put("a", "before");
  await client.send(
    new SplitShardCommand({ StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(1n << 127n) }),
  );
  await put("a", "after");
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const mapped = await map({}, async (_call, nth) => (nth === 1 ? held : null));
  await until(() => mapped.calls.length === 1);
  // Time for a child that did not wait.
  await put("b", "later");
  expect(texts(mapped)).toEqual(["before"]);
  release();
  await until(() => mapped.calls.length === 3);
  expect(mapped.calls.map(({ shardId }) => shardId).sort()).toEqual([
    "shardId-000000000000",
    "shardId-000000000001",
    "shardId-000000000002",
  ]);
  await until(() => Object.keys(mapped.position()?.shards ?? {}).length === 3);
  expect(mapped.position()?.shards["shardId-000000000000"]).toEqual({ lanes: [], done: true });
  await mapped.mapping.close();
  const next = await map({ position: mapped.position() });
  await put("a", "fresh");
  await until(() => next.calls.length === 1);
  expect(texts(next)).toEqual(["fresh"]);
});

test("LATEST and a time begin where they say; what is split afterwards is read from its beginning", async () => {
  await put("a", "1");
  await clock.advance(5000);
  await put("a", "2");
  const latest = await map({ start: "LATEST" });
  const since = await map({ start: clock.now() });
  await until(() => since.calls.length === 1);
  expect(texts(since)).toEqual(["2"]);
  await client.send(
    new SplitShardCommand({ StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(1n << 127n) }),
  );
  await put("a", "3");
  await until(() => latest.calls.length === 1);
  expect(texts(latest)).toEqual(["3"]);
});

test("a record wakes those who read its shard, and nobody else", async () => {
  await client.send(new CreateStreamCommand({ StreamName: "wide", ShardCount: 2 }));
  const read = jest.spyOn(kinesis, "recordsBehind");
  const mapped = await map({ streamName: "wide" });
  await until(() => read.mock.calls.length === 2);
  // To the first shard.
  await client.send(new PutRecordCommand({ StreamName: "wide", PartitionKey: "a", Data: Buffer.from("1") }));
  await until(() => mapped.saved.some(({ shards }) => shards["shardId-000000000000"]?.lanes[0]?.after !== undefined));
  expect(read.mock.calls.filter(([, shardId]) => shardId === "shardId-000000000001")).toHaveLength(1);
});

test("a stream and its consumer are read as soon as they are there", async () => {
  const mapped = await map({ streamName: "late/consumer/fan:1" });
  const fan = { name: "fan", arn: "arn:aws:kinesis:us-east-1:000000000000:stream/late/consumer/fan:1" };
  await kinesis.ensureStream({ name: "late", mode: "PROVISIONED", shardCount: 1, tags: {} }, [fan]);
  await client.send(new PutRecordCommand({ StreamName: "late", PartitionKey: "a", Data: Buffer.from("1") }));
  await until(() => mapped.calls.length === 1);
  expect(texts(mapped)).toEqual(["1"]);
});

test("a consumer that is deregistered is read no more, and leaves off where it was", async () => {
  const StreamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
  const register = () => client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: "fan" }));
  const { Consumer } = await register();
  const mapped = await map({ streamName: "clicks/consumer/fan:1795262400" });
  expect(Consumer?.ConsumerARN).toBe(`${StreamARN}/consumer/fan:1795262400`);
  await put("a", "1");
  await until(() => mapped.calls.length === 1);
  await client.send(new DeregisterStreamConsumerCommand({ StreamARN, ConsumerName: "fan" }));
  await put("a", "2");
  // Within the same second: its ARN is the same.
  await register();
  await put("a", "3");
  await until(() => texts(mapped).length === 3);
  expect(texts(mapped)).toEqual(["1", "2", "3"]);
});

test("a stream that is deleted and made again begins anew", async () => {
  await put("a", "old");
  const mapped = await map({});
  await until(() => mapped.calls.length === 1);
  await client.send(new DeleteStreamCommand({ StreamName }));
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  await put("a", "new");
  await until(() => mapped.calls.length === 2);
  expect(texts(mapped)).toEqual(["old", "new"]);
});

test("with a ParallelizationFactor batches of one shard run side by side, and those of one key one after the other", async () => {
  const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
  for (const key of keys) await put(key, `${key}1`, `${key}2`);
  const running: Set<string> = new Set();
  let most = 0;
  const waiting: (() => void)[] = [];
  const mapped = await map({ parallelizationFactor: 4, batchSize: 1 }, async ({ texts: [text = ""] }) => {
    const key = text.charAt(0);
    expect(running.has(key)).toBe(false);
    running.add(key);
    most = Math.max(most, running.size);
    await new Promise<void>((resolve) => waiting.push(resolve));
    running.delete(key);
    return null;
  });
  await until(() => waiting.length > 1);
  await until(() => {
    for (const release of waiting.splice(0)) release();
    return mapped.calls.length === 16 && running.size === 0;
  });
  expect(most).toBeGreaterThan(1);
  for (const key of keys) expect(texts(mapped).filter((text) => text.startsWith(key))).toEqual([`${key}1`, `${key}2`]);
  // Fewer lanes: nothing is left out.
  await put("a", "a3");
  await put("h", "h3");
  await until(() => texts(mapped).length === 16 + waiting.length && waiting.length > 0);
  await mapped.mapping.close();
  const fewer = await map({ parallelizationFactor: 2, position: mapped.position() });
  await until(() => texts(fewer).includes("a3") && texts(fewer).includes("h3"));
});

const SHARD = "shardId-000000000000";
const WINDOW = { tumblingWindowSeconds: 60 };
const counting: Handler = ({ event, texts: seen }) => ({
  state: { count: ((event["state"] as { count?: number }).count ?? 0) + seen.length },
});

test("a tumbling window hands its state on, and ends with a last call of its own", async () => {
  const mapped = await map(WINDOW, counting);
  await put("a", "1");
  await until(() => mapped.calls.length === 1);
  await clock.advance(20_000);
  await put("a", "2", "3");
  await until(() => texts(mapped).length === 3);
  await clock.advance(40_000);
  await until(() => mapped.calls.at(-1)?.event["isFinalInvokeForWindow"] === true);
  const window = { start: "2026-11-21T12:00:00Z", end: "2026-11-21T12:01:00Z" };
  const [first] = mapped.calls;
  expect(first?.event).toMatchObject({
    window,
    state: {},
    shardId: "shardId-000000000000",
    eventSourceARN: "arn:aws:kinesis:us-east-1:000000000000:stream/clicks",
    isFinalInvokeForWindow: false,
    isWindowTerminatedEarly: false,
  });
  expect(mapped.calls.at(-1)?.event).toMatchObject({ Records: [], window, state: { count: 3 } });
  await put("a", "4");
  await until(() => texts(mapped).length === 4);
  expect(mapped.calls.at(-1)?.event).toMatchObject({
    window: { start: "2026-11-21T12:01:00Z", end: "2026-11-21T12:02:00Z" },
    state: {},
  });
});

test("a window of which not everything has been read goes on although its time is over", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const mapped = await map({ ...WINDOW, batchSize: 1 }, async (call, nth) => {
    if (nth === 1) await held;
    return counting(call, nth);
  });
  await put("a", "1", "2");
  await until(() => mapped.calls.length === 1);
  await clock.advance(60_000);
  release();
  await until(() => mapped.calls.at(-1)?.event["isFinalInvokeForWindow"] === true);
  expect(mapped.calls.map(({ texts: seen, event }) => [seen, event["state"]])).toEqual([
    [["1"], {}],
    [["2"], { count: 1 }],
    [[], { count: 2 }],
  ]);
});

test("the end of a window is kept together with the records that were in it", async () => {
  await put("a", "1");
  await clock.advance(60_000);
  await put("a", "2");
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const mapped = await map(WINDOW, async ({ texts: seen }) => {
    if (seen[0] === "2") await held;
    return { state: {} };
  });
  await until(() => mapped.calls.length === 3);
  expect(mapped.calls.map(({ texts: seen }) => seen)).toEqual([["1"], [], ["2"]]);
  const next = await map({ ...WINDOW, position: mapped.position() }, counting);
  await until(() => next.calls.length === 1);
  expect(texts(next)).toEqual(["2"]);
  release();
});

test("the state of a window outlives the process; an answer without state is a failure", async () => {
  await put("a", "1");
  const mapped = await map(WINDOW, (call, nth) => (nth === 1 ? {} : counting(call, nth)));
  await until(() => mapped.mapping.lastProcessingResult === "PROBLEM: Function call failed");
  await until(async () => {
    await clock.advance(1000);
    return mapped.calls.length === 2;
  });
  await until(() => mapped.position()?.shards["shardId-000000000000"]?.lanes[0]?.after !== undefined);
  await mapped.mapping.close();
  const next = await map({ ...WINDOW, position: mapped.position() }, counting);
  await put("a", "2");
  await until(() => next.calls.length === 1);
  expect(next.calls[0]?.event).toMatchObject({ state: { count: 1 } });
});

test("a state of more than 1 MB ends its window early, and the window goes on with an empty one", async () => {
  const mapped = await map(WINDOW, ({ texts: seen }) => ({
    state: seen[0] === "big" ? { text: "x".repeat(1024 * 1024) } : {},
  }));
  await put("a", "big");
  await until(() => mapped.calls.length === 2);
  expect(mapped.calls[1]?.event).toMatchObject({
    Records: [],
    isFinalInvokeForWindow: true,
    isWindowTerminatedEarly: true,
  });
  // What has made it so large is not counted once more.
  const lane = await found(() => mapped.saved.find(({ shards }) => SHARD in shards)?.shards[SHARD]?.lanes[0]);
  expect(lane).toMatchObject({ after: expect.any(String), window: { state: {} } });
  await put("a", "small");
  await until(() => mapped.calls.length === 3);
  expect(mapped.calls[2]?.event).toMatchObject({
    window: { start: "2026-11-21T12:00:00Z" },
    state: {},
    isWindowTerminatedEarly: false,
  });
});

test("a shard that ends closes its window, and its children have windows of their own", async () => {
  const mapped = await map(WINDOW, counting);
  await put("a", "1");
  await until(() => mapped.calls.length === 1);
  await client.send(
    new SplitShardCommand({ StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(1n << 127n) }),
  );
  await put("a", "2");
  await until(() => mapped.calls.length === 3);
  expect(mapped.calls.map(({ event }) => [event["shardId"], event["isFinalInvokeForWindow"], event["state"]])).toEqual([
    ["shardId-000000000000", false, {}],
    ["shardId-000000000000", true, { count: 1 }],
    ["shardId-000000000001", false, {}],
  ]);
});
