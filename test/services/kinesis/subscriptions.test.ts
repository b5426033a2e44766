/** SubscribeToShard by the official client, over HTTP/2. */
import {
  CreateStreamCommand,
  DeregisterStreamConsumerCommand,
  PutRecordCommand,
  RegisterStreamConsumerCommand,
  SplitShardCommand,
  SubscribeToShardCommand,
  type SubscribeToShardEvent,
  type SubscribeToShardEventStream,
} from "@aws-sdk/client-kinesis";
import { startKinesis, text, type Fixture } from "./fixture.js";

const StreamName = "clicks";
const ShardId = "shardId-000000000000";
let fixture: Fixture;
let ConsumerARN: string | undefined;

beforeEach(async () => {
  fixture = await startKinesis();
  await fixture.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  const StreamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
  const { Consumer } = await fixture.client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: "fan" }));
  ConsumerARN = Consumer?.ConsumerARN;
});
afterEach(() => fixture.close());

const put = (data: string) =>
  fixture.client.send(new PutRecordCommand({ StreamName, PartitionKey: "a", Data: Buffer.from(data) }));

type Events = AsyncIterator<SubscribeToShardEventStream>;

async function subscribe(Type: "LATEST" | "TRIM_HORIZON"): Promise<Events> {
  const subscribed = await fixture.client.send(
    new SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition: { Type } }),
  );
  if (subscribed.EventStream === undefined) throw new Error("there is no stream of events");
  return subscribed.EventStream[Symbol.asyncIterator]();
}

/** The next event with something in it. */
async function next(events: Events): Promise<SubscribeToShardEvent | undefined> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) return undefined;
    const event = value.SubscribeToShardEvent;
    if ((event?.Records?.length ?? 0) > 0 || event?.ChildShards !== undefined) return event;
  }
}
const textsOf = (event: SubscribeToShardEvent | undefined): string[] =>
  (event?.Records ?? []).map(({ Data }) => text(Data));

test("records come as they are put, until the shard ends and names its children", async () => {
  await put("before");
  const events = await subscribe("TRIM_HORIZON");
  expect(textsOf(await next(events))).toEqual(["before"]);
  const { SequenceNumber } = await put("after");
  const event = await next(events);
  expect(textsOf(event)).toEqual(["after"]);
  expect(event).toMatchObject({ ContinuationSequenceNumber: SequenceNumber, MillisBehindLatest: 0 });
  await fixture.client.send(
    new SplitShardCommand({ StreamName, ShardToSplit: ShardId, NewStartingHashKey: String(1n << 127n) }),
  );
  const last = await next(events);
  expect(last?.ChildShards?.map((child) => child.ShardId)).toEqual(["shardId-000000000001", "shardId-000000000002"]);
  expect(await next(events)).toBeUndefined();
});

test("a subscription ends after five minutes, with signs of life until then", async () => {
  const { value } = (await (await subscribe("LATEST")).next()) as { value: SubscribeToShardEventStream };
  expect(value.SubscribeToShardEvent?.Records).toEqual([]);
  await fixture.clock.advance(6000);
  const events = await subscribe("LATEST");
  let signs = 0;
  const ended = (async () => {
    while ((await events.next()).done !== true) signs += 1;
  })();
  await fixture.clock.advance(300_000);
  await ended;
  expect(signs).toBeGreaterThan(10);
});

test("a subscription ends with its consumer", async () => {
  const events = await subscribe("LATEST");
  await fixture.client.send(new DeregisterStreamConsumerCommand({ ConsumerARN }));
  expect(await next(events)).toBeUndefined();
});

test("the same consumer is refused for five seconds, and takes the shard over afterwards", async () => {
  const first = await subscribe("LATEST");
  await expect(subscribe("LATEST")).rejects.toMatchObject({ name: "ResourceInUseException" });
  await fixture.clock.advance(5000);
  const second = await subscribe("LATEST");
  await expect(
    (async () => {
      while ((await first.next()).done !== true);
    })(),
  ).rejects.toMatchObject({ name: "ResourceInUseException" });
  await put("mine");
  expect(textsOf(await next(second))).toEqual(["mine"]);
});
