/** What SQS keeps across restarts, and what the rest of the stack gets from it without HTTP. */
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../../../src/shared/arn.js";
import { Bus } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { createCredentials } from "../../../src/services/kit/credentials.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { createSqsService } from "../../../src/services/sqs/index.js";
import { SQS } from "../../../src/services/sqs/limits.js";
import { SqsStore } from "../../../src/services/sqs/store.js";

const clock = new VirtualClock();
/** Ends of the servers that a test started. */
const wires: (() => Promise<void>)[] = [];
let folder: string;
let bus: Bus;
let store: StateStore;
let sqs: ReturnType<typeof createSqsService>;

function open(): void {
  store = StateStore.open({ folder });
  bus = new Bus();
  const realm = { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID };
  const credentials = createCredentials({ realm, clock, secret: () => store.secret });
  sqs = createSqsService({
    store,
    clock,
    bus,
    realm,
    credentials,
    log: silentLogger,
    endpoint: () => "http://127.0.0.1:4566",
  });
}

async function close(): Promise<void> {
  await sqs.close();
  await store.close();
}

async function restart(): Promise<void> {
  await close();
  open();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lambda-run-sqs-"));
  open();
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const stop of wires.splice(0)) await stop();
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const bodies = (messages: readonly { readonly body: string }[]): string[] => messages.map(({ body }) => body);

test("queues, messages, receive counts and receipt handles outlive a restart", async () => {
  await sqs.ensureQueue("jobs", { VisibilityTimeout: "60" }, { team: "a" });
  for (const body of ["a", "b", "c"]) await sqs.sendMessage("jobs", { body });
  const [a, b] = await sqs.receive({ queue: "jobs", max: 2 });
  await restart();
  expect(await sqs.queueInfo("jobs")).toMatchObject({
    visibilityTimeout: 60,
    tags: { team: "a" },
    depths: { visible: 1, inFlight: 2, delayed: 0 },
  });
  expect(await sqs.deleteMessages("jobs", [a?.receiptHandle ?? ""])).toEqual([undefined]);
  await sqs.changeVisibility("jobs", [b?.receiptHandle ?? ""], 0);
  const received = await sqs.receive({ queue: "jobs", max: 10 });
  expect(bodies(received).sort()).toEqual(["b", "c"]);
  expect(received.find(({ body }) => body === "b")?.attributes["ApproximateReceiveCount"]).toBe("2");
});

test("the timer of a hidden message is set again after a restart", async () => {
  await sqs.ensureQueue("jobs");
  await sqs.sendMessage("jobs", { body: "later", delaySeconds: 60 });
  await restart();
  const seen: string[] = [];
  bus.on("MessageVisible", ({ queueUrl }) => seen.push(queueUrl));
  await clock.advance(59_999);
  expect(seen).toEqual([]);
  await clock.advance(1);
  expect(seen).toEqual(["http://127.0.0.1:4566/000000000000/jobs"]);
});

test("the time of a message that has gone sets off no timer again and again", async () => {
  await sqs.ensureQueue("jobs", { VisibilityTimeout: "30" });
  await sqs.sendMessage("jobs", { body: "gone" });
  const [gone] = await sqs.receive({ queue: "jobs", max: 1 });
  await sqs.deleteMessages("jobs", [gone?.receiptHandle ?? ""]);
  await clock.advance(30_000);
  // At the very time at which the first would have been seen again.
  await sqs.sendMessage("jobs", { body: "next" });
  expect(bodies(await sqs.receive({ queue: "jobs", max: 1 }))).toEqual(["next"]);
  await clock.advance(29_999);
  expect((await sqs.depths("jobs")).inFlight).toBe(1);
  await clock.advance(1);
  expect((await sqs.depths("jobs")).visible).toBe(1);
}, 10_000);

test("what was sent while the service was down for long is expired or visible, as its time says", async () => {
  await sqs.ensureQueue("jobs", { MessageRetentionPeriod: "120" });
  await sqs.sendMessage("jobs", { body: "old" });
  await clock.advance(90_000);
  await sqs.sendMessage("jobs", { body: "young", delaySeconds: 10 });
  await close();
  await clock.advance(60_000);
  open();
  expect(await sqs.depths("jobs")).toMatchObject({ visible: 1, delayed: 0, oldestAgeMs: 60_000 });
  expect(bodies(await sqs.receive({ queue: "jobs", max: 10 }))).toEqual(["young"]);
});

test("the deduplication window outlives a restart", async () => {
  await sqs.ensureQueue("jobs.fifo", { FifoQueue: "true" });
  const message = { body: "once", groupId: "g", deduplicationId: "d" };
  const first = await sqs.sendMessage("jobs.fifo", message);
  await restart();
  expect(await sqs.sendMessage("jobs.fifo", message)).toEqual(first);
  expect((await sqs.depths("jobs.fifo")).visible).toBe(1);
});

test("a move task goes on after a restart", async () => {
  const { arn } = await sqs.ensureQueue("dead");
  await sqs.ensureQueue("work", { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 }) });
  for (let index = 0; index < 6; index++) await sqs.sendMessage("work", { body: "x" });
  for (let time = 0; time < 2; time++) await sqs.receive({ queue: "work", max: 10, visibilityTimeoutSeconds: 0 });
  expect((await sqs.depths("dead")).visible).toBe(6);
  await startMoveTask(arn);
  await restart();
  await clock.advance(5000);
  expect([(await sqs.depths("dead")).visible, (await sqs.depths("work")).visible]).toEqual([0, 6]);
});

/** Move tasks are started over the wire alone. */
async function startMoveTask(sourceArn: string): Promise<void> {
  const wire = await serve();
  const answer = await wire.call("StartMessageMoveTask", { SourceArn: sourceArn });
  expect(answer.status).toBe(200);
}

interface Wire {
  call(target: string, body: object, signal?: AbortSignal): Promise<Response>;
  /** Resolves when the service has a request in its hands, with the promise of its end. */
  readonly taken: Promise<{ readonly closed: Promise<unknown> }>;
}

async function serve(): Promise<Wire> {
  let take: (request: { readonly closed: Promise<unknown> }) => void;
  const taken = new Promise<{ readonly closed: Promise<unknown> }>((resolve) => (take = resolve));
  const server = createServer((body, response) => {
    const { method = "POST", headers } = body;
    const request = {
      method,
      path: "/",
      query: "",
      headers,
      body,
      caller: undefined,
      requestId: "1",
      endpoint: "",
      remoteAddress: "",
    };
    const closed = once(response, "close");
    body.once("end", () => setImmediate(() => take({ closed })));
    void sqs.handle({ ...request, payload: { kind: "unsigned" } }, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  wires.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return {
    taken,
    call: (target, body, signal) =>
      fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        headers: { "x-amz-target": `AmazonSQS.${target}` },
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }),
  };
}

test("a long poll whose client went away takes no message", async () => {
  await sqs.ensureQueue("jobs");
  const wire = await serve();
  const abort = new AbortController();
  const polled = wire.call("ReceiveMessage", { QueueUrl: "jobs", WaitTimeSeconds: 20 }, abort.signal);
  const { closed } = await wire.taken;
  abort.abort();
  await expect(polled).rejects.toThrow();
  await closed;
  await sqs.sendMessage("jobs", { body: "kept" });
  expect(await sqs.depths("jobs")).toMatchObject({ visible: 1, inFlight: 0 });
});

test("of writes that share a commit, one that fails loses only its own", async () => {
  const rows = new SqsStore(store);
  const undone: string[] = [];
  const put = (name: string): Promise<unknown> =>
    rows.write(
      () => rows.deletedQueues.putSync(name, 1),
      () => undone.push(name),
    );
  const failing = rows.write(
    () => {
      rows.deletedQueues.putSync("half", 1);
      throw new Error("no");
    },
    () => undone.push("half"),
  );
  const others = [put("a"), put("b")];
  await expect(failing).rejects.toThrow("no");
  await Promise.all(others);
  expect([...rows.deletedQueues.getKeys()]).toEqual(["a", "b"]);
  expect(undone).toEqual(["half", "a", "b", "half"]);
});

test("purged and deleted queues leave no rows behind", async () => {
  await sqs.ensureQueue("jobs");
  for (let index = 0; index < 700; index++) await sqs.sendMessage("jobs", { body: "x" });
  await sqs.purgeQueue("jobs");
  await sqs.sendMessage("jobs", { body: "kept" });
  await clock.advance(1000);
  const rows = (name: string): number => store.table(name).getCount();
  expect([rows("sqs-messages"), rows("sqs-due"), rows("sqs-garbage")]).toEqual([1, 1, 0]);
  await sqs.deleteQueue("jobs");
  await clock.advance(1000);
  expect([rows("sqs-messages"), rows("sqs-due"), rows("sqs-counts"), rows("sqs-garbage")]).toEqual([0, 0, 0, 0]);
});

test("a reset forgets everything", async () => {
  await sqs.ensureQueue("jobs");
  await sqs.sendMessage("jobs", { body: "x" });
  await sqs.reset();
  expect(sqs.queues()).toEqual([]);
  await sqs.ensureQueue("jobs");
  expect((await sqs.depths("jobs")).visible).toBe(0);
});

test("peeking shows every message with its state and changes nothing", async () => {
  await sqs.ensureQueue("jobs");
  for (const body of ["taken", "open"]) await sqs.sendMessage("jobs", { body });
  await sqs.sendMessage("jobs", { body: "later", delaySeconds: 90 });
  await sqs.receive({ queue: "jobs", max: 1 });
  const peeked = sqs.peek("jobs", 10);
  expect(peeked.map(({ body, state }) => [body, state])).toEqual([
    ["open", "visible"],
    ["taken", "in-flight"],
    ["later", "delayed"],
  ]);
  expect(await sqs.depths("jobs")).toMatchObject({ visible: 1, inFlight: 1, delayed: 1 });
});

test("a queue is found by ARN, URL and name; ensuring it again changes its attributes", async () => {
  const { arn, url } = await sqs.ensureQueue("jobs");
  await sqs.ensureQueue("jobs", { VisibilityTimeout: "5" });
  for (const queue of [arn, url, "jobs"]) expect((await sqs.queueInfo(queue)).visibilityTimeout).toBe(5);
  expect(sqs.queueByArn(arn)?.url).toBe(url);
  expect(sqs.queueByArn("arn:aws:sqs:eu-west-1:000000000000:jobs")).toBeUndefined();
  await expect(sqs.depths("none")).rejects.toMatchObject({ code: "QueueDoesNotExist" });
});

test("short polls are refused when 120,000 messages are in flight, and a delete makes room", async () => {
  expect(SQS.inFlight).toBe(120_000);
  // A hundredth of it here: so many messages take half a minute.
  jest.replaceProperty<{ inFlight: number }, "inFlight">(SQS, "inFlight", 1200);
  await sqs.ensureQueue("jobs");
  const message = { body: "x" };
  await Promise.all(Array.from({ length: 1201 }, () => sqs.sendMessage("jobs", message)));
  const taken = await sqs.receive({ queue: "jobs", max: 1201 });
  expect(taken).toHaveLength(1200);
  await expect(sqs.receive({ queue: "jobs", max: 1 })).rejects.toMatchObject({ code: "OverLimit", statusCode: 403 });
  const waiting = sqs.receive({ queue: "jobs", max: 1, waitMs: 1000 });
  await clock.advance(1000);
  expect(await waiting).toEqual([]);
  await sqs.deleteMessages("jobs", [taken[0]?.receiptHandle ?? ""]);
  expect(await sqs.receive({ queue: "jobs", max: 10 })).toHaveLength(1);
});
