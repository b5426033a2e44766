/** The poller of a stream against the embedded DynamoDB, with time that stands still until it is moved. */
import type { InvokeResult } from "../../../src/runtime/types.js";
import { Throttled } from "../../../src/runtime/limits/concurrency.js";
import type { DynamoDbAdmin } from "../../../src/services/dynamodb/index.js";
import type { EmbeddedService } from "../../../src/services/service.js";
import { Bus } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { StreamPoller, type GivenUp, type StreamSettings } from "../../../src/sources/streams/poller.js";
import type { StreamClient, StreamRecord } from "../../../src/sources/streams/stream-client.js";
import { tableStream } from "../../../src/sources/streams/table-stream.js";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { startEmbedded, type Embedded } from "../../services/embedded.js";
import { until } from "../../until.js";

let clock: VirtualClock;
let embedded: Embedded;
let stream: StreamClient;
let client: DynamoDBClient;
const pollers: StreamPoller[] = [];

beforeEach(async () => {
  clock = new VirtualClock();
  const bus = new Bus();
  embedded = await startEmbedded({ clock, bus });
  client = new DynamoDBClient(embedded.client());
  const dynamodb = (await embedded.gateway.service("dynamodb")) as EmbeddedService & DynamoDbAdmin;
  await dynamodb.ensureTable({
    TableName: "rows",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  });
  const found = tableStream(dynamodb, bus, dynamodb.streamArnOf("rows") ?? "");
  if (found === undefined) throw new Error("the table has no stream");
  stream = found;
});

afterEach(async () => {
  for (const poller of pollers.splice(0)) await poller.close();
  client.destroy();
  await embedded.close();
});

const put = async (...ids: string[]): Promise<void> => {
  for (const id of ids) await client.send(new PutItemCommand({ TableName: "rows", Item: { id: { S: id } } }));
};
/** A record as the function gets it. */
interface Change {
  readonly dynamodb: { readonly Keys: { readonly id: { readonly S: string } }; readonly SequenceNumber: string };
}
const idOf = ({ dynamodb }: Change): string => dynamodb.Keys.id.S;
const idsOf = (records: readonly StreamRecord[] | undefined): string[] =>
  (records ?? []).map(({ event }) => idOf(event as unknown as Change));

interface Answer {
  readonly payload?: unknown;
  readonly fails?: boolean;
}

interface Polled {
  readonly poller: StreamPoller;
  readonly lastResult: () => string;
  /** Ids, one list for each invocation. */
  readonly batches: string[][];
  readonly givenUp: GivenUp[];
  readonly saved: string[];
}

function poll(
  settings: Partial<StreamSettings>,
  handler: (records: readonly Change[], nth: number) => Answer = () => ({}),
  after?: string,
): Polled {
  const batches: string[][] = [];
  const givenUp: GivenUp[] = [];
  const saved: string[] = [];
  let lastResult = "";
  const [{ shardId } = { shardId: "" }] = stream.shards();
  const poller = new StreamPoller({
    streamArn: stream.streamArn,
    shardId,
    read: (from, limit) => stream.read(shardId, from, limit),
    isMine: () => true,
    isClosed: () => false,
    onChange: (listener) => stream.onChange(listener),
    onResult: (result) => (lastResult = result),
    onEnd: () => undefined,
    settings: {
      batchSize: 100,
      maximumBatchingWindowSeconds: 0,
      reportBatchItemFailures: false,
      bisectBatchOnFunctionError: false,
      maximumRetryAttempts: -1,
      maximumRecordAgeSeconds: -1,
      tumblingWindowSeconds: 0,
      passes: undefined,
      ...settings,
    },
    position: { after },
    clock,
    log: silentLogger,
    invoke: async (payload) => {
      const { Records } = JSON.parse(payload.toString("utf8")) as { Records: Change[] };
      batches.push(Records.map(idOf));
      return resultOf(handler(Records, batches.length), batches.length);
    },
    giveUp: async (given) => void givenUp.push(given),
    save: async (position) => void saved.push(position.after ?? ""),
  });
  pollers.push(poller);
  poller.start();
  return { poller, lastResult: () => lastResult, batches, givenUp, saved };
}

function resultOf({ payload = null, fails = false }: Answer, nth: number): InvokeResult {
  const figures = { durationMs: 1, billedDurationMs: 1, memorySizeMb: 128, maxMemoryUsedMb: 40 };
  return {
    requestId: `r${nth}`,
    executedVersion: "$LATEST",
    payload: Buffer.from(JSON.stringify(payload)),
    report: { requestId: `r${nth}`, ...figures, status: fails ? "error" : "success" },
    logs: "",
    functionError: fails ? "Unhandled" : undefined,
  };
}

/** Time moves until it has come to this. */
async function pass(condition: () => boolean): Promise<void> {
  await until(async () => {
    if (condition()) return true;
    await clock.advance(1000);
    return condition();
  });
}

test("records come in their order, batch by batch, and the position follows", async () => {
  await put("a", "b", "c");
  const { batches, saved, lastResult } = poll({ batchSize: 2 });
  await until(() => saved.length === 2);
  expect(batches).toEqual([["a", "b"], ["c"]]);
  await put("d");
  await until(() => saved.length === 3);
  expect(batches.at(-1)).toEqual(["d"]);
  expect(saved).toEqual([...saved].sort());
  expect(lastResult()).toBe("OK");
  const later = poll({}, undefined, saved[1]);
  await until(() => later.saved.length === 1);
  expect(later.batches).toEqual([["d"]]);
});

test("a window collects until it is over, or until the batch is full", async () => {
  const { batches } = poll({ batchSize: 3, maximumBatchingWindowSeconds: 30 });
  await put("a", "b");
  await clock.advance(29_000);
  expect(batches).toEqual([]);
  await clock.advance(1000);
  await until(() => batches.length === 1);
  await put("c", "d", "e");
  await until(() => batches.length === 2);
  expect(batches).toEqual([
    ["a", "b"],
    ["c", "d", "e"],
  ]);
});

test("what fails comes again and holds up what is behind it; a call that cannot be run does not count", async () => {
  await put("a");
  let calls = 0;
  const { batches, givenUp, lastResult } = poll({ maximumRetryAttempts: 1 }, (_records, nth) => {
    calls += 1;
    if (calls === 1) throw new Throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
    return { fails: nth === 2 };
  });
  await until(() => calls === 1);
  await put("b");
  await pass(() => calls === 2);
  await until(() => lastResult() === "PROBLEM: Function call failed");
  await pass(() => batches.length === 4);
  expect(batches).toEqual([["a"], ["a"], ["a"], ["b"]]);
  expect(givenUp).toEqual([]);
});

test("records are given up after the last retry, and the stream goes on", async () => {
  await put("a", "b");
  const { batches, givenUp, saved } = poll({ batchSize: 1, maximumRetryAttempts: 2 }, ([record]) => ({
    fails: record !== undefined && idOf(record) === "a",
  }));
  await pass(() => saved.length === 2);
  expect(batches).toEqual([["a"], ["a"], ["a"], ["b"]]);
  expect(givenUp).toMatchObject([
    {
      condition: "RetryAttemptsExhausted",
      attempts: 3,
      last: { requestId: "r3", executedVersion: "$LATEST", functionError: "Unhandled" },
    },
  ]);
  expect(idsOf(givenUp[0]?.records)).toEqual(["a"]);
});

test("a batch that fails is split until the one that is to blame stands alone", async () => {
  await put("a", "b", "poison", "d");
  const { batches, givenUp, saved } = poll(
    { bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 },
    (records) => ({ fails: records.some((record) => idOf(record) === "poison") }),
  );
  await pass(() => saved.length === 1);
  expect(batches).toEqual([["a", "b", "poison", "d"], ["a", "b"], ["poison", "d"], ["poison"], ["poison"], ["d"]]);
  expect(givenUp.map(({ records, attempts }) => [idsOf(records), attempts])).toEqual([[["poison"], 2]]);
});

test("the first record that is reported is where the batch goes on, with all its tries", async () => {
  await put("a", "b", "c");
  const { batches, givenUp, saved } = poll({ reportBatchItemFailures: true, maximumRetryAttempts: 2 }, (records) => {
    const poison = records.find((record) => idOf(record) === "b");
    return poison === undefined
      ? {}
      : { payload: { batchItemFailures: [{ itemIdentifier: poison.dynamodb.SequenceNumber }] } };
  });
  await pass(() => givenUp.length === 1);
  expect(batches).toEqual([
    ["a", "b", "c"],
    ["b", "c"],
    ["b", "c"],
    ["b", "c"],
  ]);
  expect(givenUp[0]).toMatchObject({ attempts: 3, last: { functionError: undefined } });
  await until(() => saved.length === 2);
});

test.each([
  [{ batchItemFailures: [{ itemIdentifier: "" }] }],
  [{ batchItemFailures: [{ itemIdentifier: null }] }],
  [{ batchItemFailures: [{ other: "x" }] }],
  [{ batchItemFailures: [{ itemIdentifier: "999" }] }],
])("the answer %j fails the whole batch", async (payload) => {
  await put("a");
  const { batches, givenUp } = poll({ reportBatchItemFailures: true, maximumRetryAttempts: 0 }, () => ({ payload }));
  await until(() => givenUp.length === 1);
  expect(batches).toEqual([["a"]]);
});

test.each([[null], [{}], [{ batchItemFailures: [] }], [{ batchItemFailures: null }], [""]])(
  "the answer %j is a success",
  async (payload) => {
    await put("a");
    const { givenUp, saved } = poll({ reportBatchItemFailures: true, maximumRetryAttempts: 0 }, () => ({ payload }));
    await until(() => saved.length === 1);
    expect(givenUp).toEqual([]);
  },
);

test("records that have become too old are given up without a try, or with those they had", async () => {
  await put("old");
  await clock.advance(61_000);
  await put("a");
  const { batches, givenUp } = poll({ maximumRecordAgeSeconds: 60 }, () => ({ fails: true }));
  await until(() => batches.length === 1);
  expect(batches).toEqual([["a"]]);
  expect(givenUp).toMatchObject([{ condition: "RecordAgeExceeded", attempts: 0, last: undefined }]);
  await pass(() => givenUp.length === 2);
  expect(givenUp[1]).toMatchObject({ condition: "RecordAgeExceeded", last: { functionError: "Unhandled" } });
  expect(givenUp[1]?.attempts).toBe(batches.length);
});

test("filters let records pass by, and the position with them", async () => {
  await put("a", "b");
  const { batches, saved } = poll({ passes: (record) => idsOf([record])[0] === "b" });
  await until(() => saved.length === 1);
  expect(batches).toEqual([["b"]]);
  const none = poll({ passes: () => false });
  await until(() => none.saved.length === 1);
  expect(none.batches).toEqual([]);
  expect(none.saved).toEqual(saved);
});

test("what was not through when the poller stopped comes again", async () => {
  await put("a");
  const { batches, poller, saved } = poll({}, () => ({ fails: true }));
  await until(() => batches.length === 1);
  await poller.close();
  expect(saved).toEqual([]);
  const next = poll({});
  await until(() => next.saved.length === 1);
  expect(next.batches).toEqual([["a"]]);
});
