/** The poller against the embedded queue, with time that stands still until it is moved. */
import type { InvokeResult } from "../../../src/runtime/types.js";
import { Throttled } from "../../../src/runtime/limits/concurrency.js";
import type { EmbeddedService } from "../../../src/services/service.js";
import type { SqsAdmin } from "../../../src/services/sqs/index.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { embeddedQueue } from "../../../src/sources/sqs/embedded-queue.js";
import { messageFilter } from "../../../src/sources/sqs/filter.js";
import { SqsPoller, type MappingSettings } from "../../../src/sources/sqs/poller.js";
import { startEmbedded, type Embedded } from "../../services/embedded.js";
import { until } from "../../until.js";

type Answer = { readonly payload?: unknown; readonly error?: boolean };

interface Record {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateReceiveCount: string };
}

let clock: VirtualClock;
let embedded: Embedded;
let sqs: EmbeddedService & SqsAdmin;
const pollers: SqsPoller[] = [];

beforeEach(async () => {
  clock = new VirtualClock();
  embedded = await startEmbedded({ clock });
  sqs = (await embedded.gateway.service("sqs")) as EmbeddedService & SqsAdmin;
});

afterEach(async () => {
  for (const poller of pollers.splice(0)) await poller.close();
  await embedded.close();
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface Mapped {
  readonly poller: SqsPoller;
  /** Bodies, one list for each invocation. */
  readonly batches: string[][];
  readonly records: Record[][];
}

async function map(
  queueName: string,
  settings: Partial<MappingSettings>,
  handler: (records: Record[], nth: number) => Answer | Promise<Answer> = () => ({}),
): Promise<Mapped> {
  const queue = sqs.queues().find(({ name }) => name === queueName);
  if (queue === undefined) throw new Error(`no queue ${queueName}`);
  const batches: string[][] = [];
  const records: Record[][] = [];
  const poller = new SqsPoller({
    queue: embeddedQueue(sqs, queue.arn),
    settings: {
      batchSize: 10,
      maximumBatchingWindowSeconds: 0,
      reportBatchItemFailures: false,
      filter: undefined,
      maximumConcurrency: 50,
      functionTimeoutSeconds: 3,
      ...settings,
    },
    region: "us-east-1",
    clock,
    log: silentLogger,
    endless: () => false,
    invoke: async (payload) => {
      const { Records } = JSON.parse(payload.toString("utf8")) as { Records: Record[] };
      batches.push(Records.map(({ body }) => body));
      records.push(Records);
      return resultOf(await handler(Records, batches.length));
    },
  });
  pollers.push(poller);
  poller.start();
  return { poller, batches, records };
}

function resultOf({ payload = null, error = false }: Answer): InvokeResult {
  const report = {
    requestId: "r",
    durationMs: 1,
    billedDurationMs: 1,
    memorySizeMb: 128,
    maxMemoryUsedMb: 40,
    status: error ? "error" : "success",
  } as const;
  return {
    requestId: "r",
    executedVersion: "$LATEST",
    payload: Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload)),
    report,
    logs: "",
    ...(error ? { functionError: "Unhandled" as const } : {}),
  };
}

const send = async (queue: string, bodies: readonly string[], group?: string): Promise<void> => {
  for (const body of bodies) {
    await sqs.sendMessage(queue, group === undefined ? { body } : { body, groupId: group, deduplicationId: body });
  }
};
const isEmpty = async (queue: string): Promise<boolean> => {
  const { visible, inFlight, delayed } = await sqs.depths(queue);
  return visible + inFlight + delayed === 0;
};

describe("an event source mapping", () => {
  it("invokes with what is in the queue and deletes what succeeded", async () => {
    await sqs.ensureQueue("orders");
    await send("orders", ["a", "b", "c"]);
    const { batches } = await map("orders", {});
    await until(() => isEmpty("orders"));
    expect(batches).toEqual([["a", "b", "c"]]);
  });

  it("hears of a message that is sent while it waits, without time passing", async () => {
    await sqs.ensureQueue("orders");
    const { batches } = await map("orders", {});
    await settle();
    await send("orders", ["late"]);
    await until(() => batches.length === 1);
    expect(clock.now()).toBe(new VirtualClock().now());
  });

  it("never puts more than BatchSize messages into an event", async () => {
    await sqs.ensureQueue("orders");
    await send("orders", ["1", "2", "3", "4", "5"]);
    const { batches } = await map("orders", { batchSize: 2 });
    await until(() => isEmpty("orders"));
    expect(batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
  });

  it("leaves all messages of a failed batch, which come back when the visibility timeout ends", async () => {
    await sqs.ensureQueue("orders", { VisibilityTimeout: "30" });
    await send("orders", ["a", "b"]);
    const { records } = await map("orders", {}, (_records, nth) => ({ error: nth === 1 }));
    await until(() => records.length === 1);
    await settle();
    expect((await sqs.depths("orders")).inFlight).toBe(2);
    await clock.advance(29_000);
    expect(records).toHaveLength(1);
    await clock.advance(1000);
    await until(() => isEmpty("orders"));
    expect(records[1]?.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(["2", "2"]);
  });

  it("ignores the answer without ReportBatchItemFailures", async () => {
    await sqs.ensureQueue("orders");
    await send("orders", ["a"]);
    await map("orders", {}, ([first]) => ({ payload: { batchItemFailures: [{ itemIdentifier: first?.messageId }] } }));
    await until(() => isEmpty("orders"));
    expect(await isEmpty("orders")).toBe(true);
  });

  it("keeps exactly the messages that a partial failure names", async () => {
    await sqs.ensureQueue("orders", { VisibilityTimeout: "10" });
    await send("orders", ["good", "poison", "fine"]);
    const { batches } = await map("orders", { reportBatchItemFailures: true }, (records, nth) => ({
      payload: {
        batchItemFailures:
          nth === 1
            ? records.filter(({ body }) => body === "poison").map(({ messageId }) => ({ itemIdentifier: messageId }))
            : [],
      },
    }));
    await until(async () => (await sqs.depths("orders")).inFlight === 1);
    await clock.advance(10_000);
    await until(() => isEmpty("orders"));
    expect(batches).toEqual([["good", "poison", "fine"], ["poison"]]);
  });

  it("takes an answer that names an unknown message for a failure of the whole batch", async () => {
    await sqs.ensureQueue("orders", { VisibilityTimeout: "10" });
    await send("orders", ["a", "b"]);
    const { batches } = await map("orders", { reportBatchItemFailures: true }, () => ({
      payload: { batchItemFailures: [{ itemIdentifier: "nobody" }] },
    }));
    await until(() => batches.length === 1);
    await settle();
    expect((await sqs.depths("orders")).inFlight).toBe(2);
  });

  it("brings a poison message to the dead-letter queue after maxReceiveCount, and the others through", async () => {
    const { arn } = await sqs.ensureQueue("dead");
    await sqs.ensureQueue("orders", {
      VisibilityTimeout: "10",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 3 }),
    });
    await send("orders", [...Array.from({ length: 9 }, (_, i) => `good ${i}`), "poison"]);
    const { batches } = await map("orders", { reportBatchItemFailures: true }, (records) => ({
      payload: {
        batchItemFailures: records
          .filter(({ body }) => body === "poison")
          .map(({ messageId }) => ({ itemIdentifier: messageId })),
      },
    }));
    for (let round = 0; round < 3; round++) {
      await settle();
      await clock.advance(10_000);
    }
    await until(() => isEmpty("orders"));
    expect(batches.map((batch) => batch.length)).toEqual([10, 1, 1]);
    expect(sqs.peek("dead", 10).map(({ body }) => body)).toEqual(["poison"]);
  });

  it("deletes messages that no filter takes, and invokes nobody for them", async () => {
    await sqs.ensureQueue("orders");
    await send("orders", ['{"kind":"csv"}', '{"kind":"pdf"}', "plain"]);
    const { batches } = await map("orders", { filter: messageFilter(['{"body":{"kind":["pdf"]}}'], "Fn") });
    await until(() => isEmpty("orders"));
    expect(batches).toEqual([['{"kind":"pdf"}']]);
  });

  it("collects through its window and invokes at its end, or as soon as the batch is full", async () => {
    await sqs.ensureQueue("orders", { VisibilityTimeout: "60" });
    const { batches } = await map("orders", { batchSize: 20, maximumBatchingWindowSeconds: 5 });
    await settle();
    await send("orders", ["1", "2"]);
    await settle();
    await clock.advance(3000);
    await send("orders", ["3"]);
    await settle();
    expect(batches).toEqual([]);
    await clock.advance(2000);
    await until(() => isEmpty("orders"));
    expect(batches).toEqual([["1", "2", "3"]]);
    await send(
      "orders",
      Array.from({ length: 20 }, (_, i) => String(i)),
    );
    await until(() => batches.length === 2);
    expect(batches[1]).toHaveLength(20);
  });

  it("hides messages for window, timeout and 30 seconds when the queue's own time is too short for both", async () => {
    await sqs.ensureQueue("orders", { VisibilityTimeout: "5" });
    await send("orders", ["a"]);
    const { batches } = await map(
      "orders",
      { batchSize: 2, maximumBatchingWindowSeconds: 4, functionTimeoutSeconds: 3 },
      (_records, nth) => ({ error: nth === 1 }),
    );
    await settle();
    await clock.advance(4000);
    await until(() => batches.length === 1);
    // Hidden since its receive, four seconds ago: 37 in all, and not 5.
    await clock.advance(32_000);
    await settle();
    expect(batches).toHaveLength(1);
    await clock.advance(1000);
    await settle();
    await clock.advance(4000);
    await until(() => isEmpty("orders"));
  });

  it("runs five batches at once, and more the longer messages wait", async () => {
    await sqs.ensureQueue("orders");
    await send(
      "orders",
      Array.from({ length: 30 }, (_, i) => String(i)),
    );
    const release: (() => void)[] = [];
    const { batches, poller } = await map(
      "orders",
      { batchSize: 1 },
      () => new Promise((resolve) => release.push(() => resolve({}))),
    );
    await until(() => batches.length === 5);
    await settle();
    expect(batches).toHaveLength(5);
    await clock.advance(1000);
    await until(() => batches.length === 10);
    expect(poller.batches).toBe(10);
    for (let turn = 0; turn < 30; turn++) {
      for (const go of release.splice(0)) go();
      await settle();
    }
    await until(() => isEmpty("orders"));
  });

  it("never runs more batches at once than MaximumConcurrency", async () => {
    await sqs.ensureQueue("orders");
    await send("orders", ["1", "2", "3", "4"]);
    const release: (() => void)[] = [];
    const { batches } = await map(
      "orders",
      { batchSize: 1, maximumConcurrency: 2 },
      () => new Promise((resolve) => release.push(() => resolve({}))),
    );
    await until(() => batches.length === 2);
    await clock.advance(60_000 / 2);
    expect(batches).toHaveLength(2);
    for (let turn = 0; turn < 4; turn++) {
      for (const go of release.splice(0)) go();
      await settle();
    }
    await until(() => isEmpty("orders"));
  });

  it("tries a throttled batch again while its messages are hidden", async () => {
    await sqs.ensureQueue("orders");
    await send("orders", ["a"]);
    let calls = 0;
    const { records } = await map("orders", {}, () => {
      calls += 1;
      if (calls < 3) throw new Throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
      return {};
    });
    await until(() => calls === 1);
    await clock.advance(100);
    await clock.advance(200);
    await until(() => isEmpty("orders"));
    expect(calls).toBe(3);
    expect(records.at(-1)?.[0]?.attributes.ApproximateReceiveCount).toBe("1");
  });

  it("takes nothing while it is disabled, and goes on when it is enabled", async () => {
    await sqs.ensureQueue("orders");
    const { poller, batches } = await map("orders", {});
    await poller.stop();
    await send("orders", ["a"]);
    await settle();
    expect({ batches, running: poller.running }).toEqual({ batches: [], running: false });
    poller.start();
    await until(() => isEmpty("orders"));
    expect(batches).toEqual([["a"]]);
  });

  it("waits for a queue that is not there yet", async () => {
    const { arn } = await sqs.ensureQueue("orders");
    const { batches } = await map("orders", {});
    await sqs.deleteQueue("orders");
    await settle();
    await clock.advance(25_000);
    expect((await sqs.ensureQueue("orders")).arn).toBe(arn);
    await send("orders", ["a"]);
    await clock.advance(25_000);
    await until(() => batches.length === 1);
  });

  it("cuts a batch that would be larger than an event may be", async () => {
    await sqs.ensureQueue("orders", { MaximumMessageSize: "1048576" });
    await send(
      "orders",
      Array.from({ length: 8 }, (_, i) => String(i).repeat(1_000_000)),
    );
    const { batches } = await map("orders", {});
    await until(() => isEmpty("orders"));
    expect(batches.flat().map((body) => body[0])).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(batches).toHaveLength(2);
  });
});

describe("an event source mapping on a FIFO queue", () => {
  const fifo = async (maxReceiveCount = 100): Promise<void> => {
    const { arn } = await sqs.ensureQueue("dead.fifo", { FifoQueue: "true" });
    await sqs.ensureQueue("orders.fifo", {
      FifoQueue: "true",
      VisibilityTimeout: "10",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount }),
    });
  };

  it("has one batch of a group under way at a time, and other groups beside it", async () => {
    await fifo();
    await send("orders.fifo", ["a1", "a2"], "a");
    await send("orders.fifo", ["b1"], "b");
    const release: (() => void)[] = [];
    const { batches } = await map(
      "orders.fifo",
      { batchSize: 1 },
      () => new Promise((resolve) => release.push(() => resolve({}))),
    );
    await until(() => batches.length === 2);
    await settle();
    expect(batches).toEqual([["a1"], ["b1"]]);
    for (const go of release.splice(0)) go();
    await until(() => batches.length === 3);
    expect(batches[2]).toEqual(["a2"]);
    for (const go of release.splice(0)) go();
    await until(() => isEmpty("orders.fifo"));
  });

  it("holds a group behind the message that failed, until it succeeds or leaves for the dead-letter queue", async () => {
    await fifo(2);
    await send("orders.fifo", ["1", "2", "3"], "g");
    const { batches } = await map("orders.fifo", { reportBatchItemFailures: true }, (records) => {
      const at = records.findIndex(({ body }) => body === "2");
      return {
        payload: {
          batchItemFailures: at < 0 ? [] : records.slice(at).map(({ messageId }) => ({ itemIdentifier: messageId })),
        },
      };
    });
    await until(() => batches.length === 1);
    await settle();
    await send("orders.fifo", ["4"], "g");
    await settle();
    expect(batches).toEqual([["1", "2", "3"]]);
    await clock.advance(10_000);
    await until(() => batches.length === 2);
    await settle();
    await clock.advance(10_000);
    await until(() => isEmpty("orders.fifo"));
    expect(batches.slice(1)).toEqual([["2", "3", "4"], ["4"]]);
    expect(sqs.peek("dead.fifo", 10).map(({ body }) => body)).toEqual(["2", "3"]);
  });
});
