import { createHash } from "node:crypto";
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
  type ReceiveMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { startSqs, type SqsFixture } from "./fixture.js";

let fixture: SqsFixture;
let queue: string;

beforeEach(async () => {
  fixture = await startSqs();
  queue = await createQueue("jobs");
});
afterEach(() => fixture.stop());

async function createQueue(name: string, attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await fixture.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return QueueUrl ?? "";
}

async function send(body: string, more: object = {}): Promise<string> {
  const { MessageId } = await fixture.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: body, ...more }));
  return MessageId ?? "";
}

async function receive(more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  const { Messages } = await fixture.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10, ...more }),
  );
  return Messages ?? [];
}

const bodies = (messages: readonly Message[]): (string | undefined)[] => messages.map(({ Body }) => Body);

async function counts(): Promise<(string | undefined)[]> {
  const { Attributes } = await fixture.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ["All"] }),
  );
  return ["", "NotVisible", "Delayed"].map(
    (kind) => (Attributes as Record<string, string>)[`ApproximateNumberOfMessages${kind}`],
  );
}

test("a sent message is received with its digest and its system attributes", async () => {
  const id = await send("hello");
  await fixture.clock.advance(7000);
  const [message] = await receive({ MessageSystemAttributeNames: ["All"] });
  expect(message).toMatchObject({
    MessageId: id,
    Body: "hello",
    MD5OfBody: createHash("md5").update("hello").digest("hex"),
  });
  const sentMs = fixture.clock.now() - 7000;
  expect(message?.Attributes).toEqual({
    SenderId: "000000000000",
    SentTimestamp: String(sentMs),
    ApproximateReceiveCount: "1",
    ApproximateFirstReceiveTimestamp: String(sentMs + 7000),
  });
});

test("a received message is hidden for the visibility timeout and then seen again under a new handle", async () => {
  await send("once");
  const [first] = await receive();
  expect(await receive()).toEqual([]);
  expect(await counts()).toEqual(["0", "1", "0"]);
  await fixture.clock.advance(29_999);
  expect(await receive()).toEqual([]);
  await fixture.clock.advance(1);
  expect(await counts()).toEqual(["1", "0", "0"]);
  const [second] = await receive({ MessageSystemAttributeNames: ["ApproximateReceiveCount"] });
  expect(second?.Attributes).toEqual({ ApproximateReceiveCount: "2" });
  expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
});

test("a visibility timeout of 0 leaves the message visible and never answers it twice in one receive", async () => {
  await send("again");
  expect(bodies(await receive({ VisibilityTimeout: 0 }))).toEqual(["again"]);
  expect(bodies(await receive({ VisibilityTimeout: 0 }))).toEqual(["again"]);
  expect(await counts()).toEqual(["1", "0", "0"]);
});

test("messages come in the order of sending, at most as many as asked for", async () => {
  for (const body of ["a", "b", "c"]) await send(body);
  expect(bodies(await receive({ MaxNumberOfMessages: 2 }))).toEqual(["a", "b"]);
  expect(bodies(await receive({ MaxNumberOfMessages: 2 }))).toEqual(["c"]);
});

test("a message's own delay goes before the queue's", async () => {
  queue = await createQueue("delayed", { DelaySeconds: "10" });
  await send("queue's");
  await send("own", { DelaySeconds: 3 });
  await send("none", { DelaySeconds: 0 });
  expect(await counts()).toEqual(["1", "0", "2"]);
  expect(bodies(await receive())).toEqual(["none"]);
  await fixture.clock.advance(3000);
  expect(bodies(await receive())).toEqual(["own"]);
  await fixture.clock.advance(7000);
  expect(bodies(await receive())).toEqual(["queue's"]);
});

test("messages are gone after the retention period", async () => {
  queue = await createQueue("short", { MessageRetentionPeriod: "60" });
  await send("old");
  await fixture.clock.advance(30_000);
  await send("young");
  await fixture.clock.advance(30_000);
  expect(await counts()).toEqual(["1", "0", "0"]);
  expect(bodies(await receive())).toEqual(["young"]);
});

test("deleting is final, may be repeated, and works with a handle whose visibility timeout is over", async () => {
  await send("done");
  const [message] = await receive();
  await fixture.clock.advance(31_000);
  for (let time = 0; time < 2; time++) {
    await fixture.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: message?.ReceiptHandle }));
  }
  expect(await receive()).toEqual([]);
  expect(await counts()).toEqual(["0", "0", "0"]);
});

test("an older handle of a message that was received again deletes nothing", async () => {
  await send("twice");
  const [first] = await receive();
  await fixture.clock.advance(30_000);
  const [second] = await receive();
  await fixture.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: first?.ReceiptHandle }));
  expect(await counts()).toEqual(["0", "1", "0"]);
  await fixture.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: second?.ReceiptHandle }));
  expect(await counts()).toEqual(["0", "0", "0"]);
});

test("changing the visibility counts from the call, 0 shows the message at once", async () => {
  await send("work");
  const [message] = await receive();
  await fixture.clock.advance(20_000);
  await fixture.sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queue,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 60,
    }),
  );
  await fixture.clock.advance(59_999);
  expect(await receive()).toEqual([]);
  await fixture.sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queue,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 0,
    }),
  );
  expect(bodies(await receive())).toEqual(["work"]);
});

test("a message may be hidden for twelve hours after its receive and no longer", async () => {
  await send("long");
  const [message] = await receive();
  await fixture.clock.advance(1000);
  await expect(
    fixture.sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue,
        ReceiptHandle: message?.ReceiptHandle,
        VisibilityTimeout: 43_200,
      }),
    ),
  ).rejects.toThrow("Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
});

test("batches answer for each entry", async () => {
  const sent = await fixture.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queue,
      Entries: [
        { Id: "good", MessageBody: "good" },
        { Id: "bad", MessageBody: "nul \u0000" },
        { Id: "late", MessageBody: "late", DelaySeconds: 901 },
      ],
    }),
  );
  expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["good"]);
  expect(sent.Failed).toMatchObject([
    { Id: "bad", Code: "InvalidMessageContents", SenderFault: true },
    { Id: "late", Code: "InvalidParameterValue", SenderFault: true },
  ]);
  const [message] = await receive();
  const changed = await fixture.sqs.send(
    new ChangeMessageVisibilityBatchCommand({
      QueueUrl: queue,
      Entries: [
        { Id: "good", ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 5 },
        { Id: "range", ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 43_201 },
      ],
    }),
  );
  expect([changed.Successful?.length, changed.Failed?.[0]?.Id]).toEqual([1, "range"]);
  const deleted = await fixture.sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: queue,
      Entries: [
        { Id: "good", ReceiptHandle: message?.ReceiptHandle },
        { Id: "noise", ReceiptHandle: "noise" },
      ],
    }),
  );
  expect(deleted.Successful).toEqual([{ Id: "good" }]);
  expect(deleted.Failed).toEqual([
    {
      Id: "noise",
      SenderFault: true,
      Code: "ReceiptHandleIsInvalid",
      Message: 'The input receipt handle "noise" is not a valid receipt handle.',
    },
  ]);
  expect(await counts()).toEqual(["0", "0", "0"]);
});

test("message attributes come back as asked for, with the digest of those that came", async () => {
  const attributes = {
    "order.id": { DataType: "Number", StringValue: "42" },
    "order.kind": { DataType: "String.enum", StringValue: "express" },
    Blob: { DataType: "Binary", BinaryValue: Buffer.from([0, 255]) },
  };
  const sent = await fixture.sqs.send(
    new SendMessageCommand({ QueueUrl: queue, MessageBody: "x", MessageAttributes: attributes }),
  );
  const names = async (...MessageAttributeNames: string[]): Promise<string[]> => {
    const [message] = await receive({ VisibilityTimeout: 0, MessageAttributeNames });
    return Object.keys(message?.MessageAttributes ?? {}).sort();
  };
  expect(await names()).toEqual([]);
  expect(await names("All")).toEqual(["Blob", "order.id", "order.kind"]);
  expect(await names(".*")).toEqual(["Blob", "order.id", "order.kind"]);
  expect(await names("order.*")).toEqual(["order.id", "order.kind"]);
  expect(await names("Blob", "none")).toEqual(["Blob"]);
  const [all] = await receive({ VisibilityTimeout: 0, MessageAttributeNames: ["All"] });
  expect(all?.MessageAttributes?.["Blob"]?.BinaryValue).toEqual(new Uint8Array([0, 255]));
  expect(all?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
  const [part] = await receive({ VisibilityTimeout: 0, MessageAttributeNames: ["order.id"] });
  expect(part?.MD5OfMessageAttributes).not.toBe(sent.MD5OfMessageAttributes);
});

test("digests of attributes follow the published algorithm", async () => {
  const field = (text: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const digest = createHash("md5")
    .update(Buffer.concat([field("name"), field("String"), Buffer.from([1]), field("välue")]))
    .digest("hex");
  const trace = createHash("md5")
    .update(Buffer.concat([field("AWSTraceHeader"), field("String"), Buffer.from([1]), field("Root=1")]))
    .digest("hex");
  const sent = await fixture.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue,
      MessageBody: "x",
      MessageAttributes: { name: { DataType: "String", StringValue: "välue" } },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1" } },
    }),
  );
  expect(sent.MD5OfMessageAttributes).toBe(digest);
  expect(sent.MD5OfMessageSystemAttributes).toBe(trace);
  const [message] = await receive({ MessageSystemAttributeNames: ["AWSTraceHeader"] });
  expect(message?.Attributes).toEqual({ AWSTraceHeader: "Root=1" });
});

test("a long poll answers when a message arrives, when a delay ends and when a message is seen again", async () => {
  const events: string[] = [];
  fixture.bus.on("MessageVisible", ({ queueArn }) => events.push(queueArn));
  const arrival = receive({ WaitTimeSeconds: 20 });
  await send("new");
  expect(bodies(await arrival)).toEqual(["new"]);
  expect(events.length).toBeGreaterThan(0);
  await send("delayed", { DelaySeconds: 5 });
  const waiting = fixture.service.receive({ queue, max: 1, waitMs: 20_000 });
  await fixture.clock.advance(5000);
  expect((await waiting).map(({ body }) => body)).toEqual(["delayed"]);
  const again = fixture.service.receive({ queue, max: 10, waitMs: 60_000 });
  await fixture.clock.advance(25_000);
  expect((await again).map(({ body }) => body)).toEqual(["new"]);
});

test("a long poll ends empty after its time, and at once when nobody waits for it", async () => {
  const polled = fixture.service.receive({ queue, max: 1, waitMs: 2000 });
  await fixture.clock.advance(2000);
  expect(await polled).toEqual([]);
  const abort = new AbortController();
  const given = fixture.service.receive({ queue, max: 1, waitMs: 2000, signal: abort.signal });
  abort.abort();
  expect(await given).toEqual([]);
  await send("kept");
  expect(bodies(await receive())).toEqual(["kept"]);
});

test("purging empties the queue once a minute, and handles from before find nothing", async () => {
  await send("one");
  const [taken] = await receive();
  await send("two");
  await fixture.sqs.send(new PurgeQueueCommand({ QueueUrl: queue }));
  expect(await counts()).toEqual(["0", "0", "0"]);
  expect(await receive()).toEqual([]);
  await send("three");
  await fixture.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: taken?.ReceiptHandle }));
  expect(bodies(await receive())).toEqual(["three"]);
  await expect(fixture.sqs.send(new PurgeQueueCommand({ QueueUrl: queue }))).rejects.toMatchObject({
    name: "PurgeQueueInProgress",
    message: "Only one PurgeQueue operation on jobs is allowed every 60 seconds.",
    $metadata: { httpStatusCode: 403 },
  });
  await fixture.clock.advance(60_000);
  await fixture.sqs.send(new PurgeQueueCommand({ QueueUrl: queue }));
});
