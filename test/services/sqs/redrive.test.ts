import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
  type ListMessageMoveTasksResultEntry,
} from "@aws-sdk/client-sqs";
import { until } from "../../until.js";
import { startSqs, type SqsFixture } from "./fixture.js";

let fixture: SqsFixture;

beforeEach(async () => {
  fixture = await startSqs();
  await fixture.service.ensureQueue("dead");
  await fixture.service.ensureQueue("work", { RedrivePolicy: redriveTo("dead", 2) });
});
afterEach(() => fixture.stop());

const arn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const redriveTo = (name: string, maxReceiveCount: number): string =>
  JSON.stringify({ deadLetterTargetArn: arn(name), maxReceiveCount });

/** Receives everything again and again until the queue has given it all up. */
async function failAll(queue: string): Promise<void> {
  for (let time = 0; time < 4; time++) await fixture.service.receive({ queue, max: 100, visibilityTimeoutSeconds: 0 });
}

async function fillDeadLetters(count: number, queue = "work"): Promise<void> {
  for (let index = 0; index < count; index++) await fixture.service.sendMessage(queue, { body: `${queue} ${index}` });
  await failAll(queue);
}

async function tasks(source = "dead"): Promise<ListMessageMoveTasksResultEntry[]> {
  const { Results } = await fixture.sqs.send(
    new ListMessageMoveTasksCommand({ SourceArn: arn(source), MaxResults: 10 }),
  );
  return Results ?? [];
}

const visible = async (queue: string): Promise<number> => (await fixture.service.depths(queue)).visible;

test("a message received too often moves with its id, body, attributes and time of sending", async () => {
  const attributes = { kind: { dataType: "String", stringValue: "x" } };
  const { messageId } = await fixture.service.sendMessage("work", { body: "poison", attributes });
  const sentMs = fixture.clock.now();
  for (let time = 0; time < 2; time++) {
    expect(await fixture.service.receive({ queue: "work", max: 1 })).toHaveLength(1);
    await fixture.clock.advance(30_000);
  }
  const waiting = fixture.service.receive({ queue: "dead", max: 1, waitMs: 5000 });
  expect(await fixture.service.receive({ queue: "work", max: 1 })).toEqual([]);
  const [dead] = await waiting;
  expect(dead).toMatchObject({ messageId, body: "poison", messageAttributes: attributes });
  expect(dead?.attributes).toMatchObject({
    SentTimestamp: String(sentMs),
    ApproximateReceiveCount: "1",
    DeadLetterQueueSourceArn: arn("work"),
  });
  expect(await fixture.service.depths("work")).toMatchObject({ visible: 0, inFlight: 0 });
});

test("a failed message does not take the place of a good one in the same receive", async () => {
  await fixture.service.sendMessage("work", { body: "poison" });
  for (let time = 0; time < 2; time++)
    await fixture.service.receive({ queue: "work", max: 1, visibilityTimeoutSeconds: 0 });
  await fixture.service.sendMessage("work", { body: "good" });
  const received = await fixture.service.receive({ queue: "work", max: 1 });
  expect(received.map(({ body }) => body)).toEqual(["good"]);
});

test("without its dead-letter queue a queue keeps the message", async () => {
  await fixture.service.sendMessage("work", { body: "kept" });
  await fixture.service.deleteQueue("dead");
  await failAll("work");
  expect(await visible("work")).toBe(1);
});

test("FIFO queues keep the order of a group in the dead-letter queue", async () => {
  await fixture.service.ensureQueue("dead.fifo", { FifoQueue: "true" });
  await fixture.service.ensureQueue("work.fifo", { FifoQueue: "true", RedrivePolicy: redriveTo("dead.fifo", 1) });
  for (const body of ["1", "2", "3"])
    await fixture.service.sendMessage("work.fifo", { body, groupId: "g", deduplicationId: body });
  await failAll("work.fifo");
  const received = await fixture.service.receive({ queue: "dead.fifo", max: 10 });
  expect(received.map(({ body }) => body)).toEqual(["1", "2", "3"]);
  expect(received[0]?.attributes).toMatchObject({ MessageGroupId: "g", DeadLetterQueueSourceArn: arn("work.fifo") });
});

test("a move task without destination sends each message back to where it came from", async () => {
  await fixture.service.ensureQueue("other", { RedrivePolicy: redriveTo("dead", 1) });
  await fillDeadLetters(2);
  await fillDeadLetters(3, "other");
  const { TaskHandle } = await fixture.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn("dead") }));
  expect(TaskHandle).toBeDefined();
  await fixture.clock.advance(0);
  await until(async () => (await tasks())[0]?.Status === "COMPLETED");
  expect(await tasks()).toEqual([
    {
      Status: "COMPLETED",
      SourceArn: arn("dead"),
      ApproximateNumberOfMessagesMoved: 5,
      ApproximateNumberOfMessagesToMove: 5,
      StartedTimestamp: fixture.clock.now(),
    },
  ]);
  expect([await visible("dead"), await visible("work"), await visible("other")]).toEqual([0, 2, 3]);
  const [message] = await fixture.service.receive({ queue: "work", max: 1 });
  expect(message?.attributes).toMatchObject({ ApproximateReceiveCount: "1" });
  expect(message?.attributes["DeadLetterQueueSourceArn"]).toBeUndefined();
});

test("a move task keeps to its rate, is the only one of its queue and can be cancelled", async () => {
  await fillDeadLetters(10);
  await fixture.service.ensureQueue("target");
  const start = new StartMessageMoveTaskCommand({
    SourceArn: arn("dead"),
    DestinationArn: arn("target"),
    MaxNumberOfMessagesPerSecond: 3,
  });
  const { TaskHandle } = await fixture.sqs.send(start);
  await expect(fixture.sqs.send(start)).rejects.toThrow(
    "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
  );
  await fixture.clock.advance(0);
  expect(await visible("target")).toBe(3);
  await fixture.clock.advance(999);
  expect(await visible("target")).toBe(3);
  await fixture.clock.advance(1);
  expect(await visible("target")).toBe(6);
  expect(await tasks()).toMatchObject([
    { Status: "RUNNING", TaskHandle, MaxNumberOfMessagesPerSecond: 3, ApproximateNumberOfMessagesMoved: 6 },
  ]);
  const cancelled = await fixture.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
  expect(cancelled.ApproximateNumberOfMessagesMoved).toBe(6);
  await fixture.clock.advance(10_000);
  expect(await visible("target")).toBe(6);
  const [task] = await tasks();
  expect([task?.Status, task?.TaskHandle]).toEqual(["CANCELLED", undefined]);
  await expect(fixture.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }))).rejects.toThrow(
    "Task does not exist.",
  );
});

test("a move task fails when its destination is deleted, and when a message does not say where it came from", async () => {
  await fillDeadLetters(4);
  await fixture.service.ensureQueue("target");
  await fixture.sqs.send(
    new StartMessageMoveTaskCommand({
      SourceArn: arn("dead"),
      DestinationArn: arn("target"),
      MaxNumberOfMessagesPerSecond: 1,
    }),
  );
  await fixture.clock.advance(0);
  await fixture.service.deleteQueue("target");
  await fixture.clock.advance(1000);
  expect(await tasks()).toMatchObject([
    { Status: "FAILED", FailureReason: "AWS.SimpleQueueService.NonExistentQueue", ApproximateNumberOfMessagesMoved: 1 },
  ]);
  await fixture.service.purgeQueue("dead");
  await fixture.service.sendMessage("dead", { body: "sent here by hand" });
  await fixture.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn("dead") }));
  await fixture.clock.advance(0);
  const [newest] = await tasks();
  expect(newest).toMatchObject({ Status: "FAILED", FailureReason: "CouldNotDetermineMessageSource" });
  expect(await visible("dead")).toBe(1);
});
