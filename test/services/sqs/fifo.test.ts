import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { startSqs, type SqsFixture } from "./fixture.js";

let fixture: SqsFixture;
let queue: string;

beforeEach(async () => {
  fixture = await startSqs();
  await use("orders.fifo");
});
afterEach(() => fixture.stop());

async function use(name: string, attributes: Record<string, string> = {}): Promise<void> {
  const { QueueUrl } = await fixture.sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { FifoQueue: "true", ...attributes } }),
  );
  queue = QueueUrl ?? "";
}

function send(
  body: string,
  group: string,
  deduplicationId: string | undefined = body,
): Promise<SendMessageCommandOutput> {
  return fixture.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue,
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: deduplicationId,
    }),
  );
}

async function receive(max = 10, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  const { Messages } = await fixture.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: max, ...more }),
  );
  return Messages ?? [];
}

const bodies = (messages: readonly Message[]): string => messages.map(({ Body }) => Body).join(" ");
const remove = (message: Message | undefined): Promise<unknown> =>
  fixture.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: message?.ReceiptHandle }));
const hide = (message: Message | undefined, seconds: number): Promise<unknown> =>
  fixture.sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queue,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: seconds,
    }),
  );

test("a receive takes as many messages of one group as it can before it goes on to the next", async () => {
  await send("a1", "a");
  await send("b1", "b");
  await send("a2", "a");
  await send("b2", "b");
  expect(bodies(await receive(3))).toBe("a1 a2 b1");
});

test("a group is closed while a message of it is in flight, other groups are not", async () => {
  await send("a1", "a");
  await send("a2", "a");
  await send("b1", "b");
  const [first] = await receive(1);
  expect(first?.Body).toBe("a1");
  expect(bodies(await receive())).toBe("b1");
  expect(await receive()).toEqual([]);
  await remove(first);
  expect(bodies(await receive())).toBe("a2");
});

test("messages that were not deleted come again in their order", async () => {
  await send("a1", "a");
  await send("a2", "a");
  const [, second] = await receive();
  await remove(second);
  await send("a3", "a");
  await fixture.clock.advance(30_000);
  expect(bodies(await receive())).toBe("a1 a3");
});

test.each([
  [0, ""],
  [1, "one"],
  [2, "one two"],
])("hiding message %i of a group longer keeps it and what follows: %p is left", async (index, left) => {
  for (const body of ["one", "two", "three"]) await send(body, "g");
  const messages = await receive();
  await hide(messages[index], 60);
  await fixture.clock.advance(30_000);
  expect(bodies(await receive())).toBe(left);
});

test("making the first message visible opens the group", async () => {
  await send("a1", "a");
  const [message] = await receive();
  const waiting = fixture.service.receive({ queue, max: 1, waitMs: 20_000 });
  await hide(message, 0);
  expect((await waiting).map(({ body }) => body)).toEqual(["a1"]);
});

test("deleting the first message lets a long poll have the next", async () => {
  await send("a1", "a");
  await send("a2", "a");
  const [message] = await receive(1);
  const waiting = fixture.service.receive({ queue, max: 1, waitMs: 20_000 });
  await remove(message);
  expect((await waiting).map(({ body }) => body)).toEqual(["a2"]);
});

test("a handle is no good after its visibility timeout", async () => {
  await send("late", "a");
  const [message] = await receive();
  await fixture.clock.advance(30_000);
  const handle = message?.ReceiptHandle ?? "";
  await expect(remove(message)).rejects.toThrow(
    `Value ${handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
  );
  await expect(hide(message, 5)).rejects.toThrow(
    "Message does not exist or is not available for visibility timeout change.",
  );
  const [again] = await receive();
  await expect(remove(message)).rejects.toThrow("The receipt handle has expired.");
  await remove(again);
  await remove(again);
});

test("a changed visibility timeout keeps the handle good", async () => {
  await send("slow", "a");
  const [message] = await receive();
  await hide(message, 120);
  await fixture.clock.advance(100_000);
  await remove(message);
  await fixture.clock.advance(100_000);
  expect(await receive()).toEqual([]);
});

test("a duplicate within five minutes is accepted under the first one's numbers and not delivered, even after a delete", async () => {
  const first = await send("body", "a", "id");
  const [message] = await receive();
  await remove(message);
  const second = await send("other body", "b", "id");
  expect([second.MessageId, second.SequenceNumber]).toEqual([first.MessageId, first.SequenceNumber]);
  expect(second.MD5OfMessageBody).not.toBe(first.MD5OfMessageBody);
  expect(await receive()).toEqual([]);
  await fixture.clock.advance(299_999);
  await send("body", "a", "id");
  expect(await receive()).toEqual([]);
  await fixture.clock.advance(1);
  const third = await send("body", "a", "id");
  expect(third.MessageId).not.toBe(first.MessageId);
  expect(bodies(await receive())).toBe("body");
});

test("with content-based deduplication equal bodies are duplicates, unless an id says otherwise", async () => {
  await use("content.fifo", { ContentBasedDeduplication: "true" });
  const sendBody = (MessageDeduplicationId?: string): Promise<unknown> =>
    fixture.sqs.send(
      new SendMessageCommand({ QueueUrl: queue, MessageBody: "same", MessageGroupId: "g", MessageDeduplicationId }),
    );
  await sendBody();
  await sendBody();
  await sendBody("own");
  const messages = await receive(10, { MessageSystemAttributeNames: ["MessageDeduplicationId"] });
  expect(messages.map(({ Attributes }) => Attributes?.MessageDeduplicationId)).toEqual([
    expect.stringMatching(/^[0-9a-f]{64}$/),
    "own",
  ]);
});

test("ids may be deduplicated for each group alone, and the scope may be changed", async () => {
  await use("fast.fifo", { DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" });
  await send("1", "a", "id");
  await send("2", "b", "id");
  await send("3", "b", "id");
  expect(bodies(await receive())).toBe("1 2");
  await fixture.sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: queue,
      Attributes: { DeduplicationScope: "queue", FifoThroughputLimit: "perQueue" },
    }),
  );
  await send("4", "c", "id");
  await send("5", "d", "id");
  expect(bodies(await receive())).toBe("4");
});

test("sequence numbers have 20 digits and grow", async () => {
  const numbers = [await send("1", "a"), await send("2", "b"), await send("3", "a")].map(
    ({ SequenceNumber }) => SequenceNumber ?? "",
  );
  expect(numbers.every((number) => /^\d{20}$/.test(number))).toBe(true);
  expect([...numbers].sort()).toEqual(numbers);
  const received = await receive(10, { MessageSystemAttributeNames: ["All"] });
  expect(new Set(received.map(({ Attributes }) => Attributes?.SequenceNumber))).toEqual(new Set(numbers));
  expect(received[0]?.Attributes).toMatchObject({ MessageGroupId: "a", MessageDeduplicationId: "1" });
});

test("the queue's delay holds for every message, also for one sent with a delay of 0", async () => {
  await use("slow.fifo", { DelaySeconds: "2" });
  await fixture.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue,
      MessageBody: "later",
      MessageGroupId: "g",
      MessageDeduplicationId: "1",
      DelaySeconds: 0,
    }),
  );
  expect(await receive()).toEqual([]);
  await fixture.clock.advance(2000);
  expect(bodies(await receive())).toBe("later");
});

test("a receive repeated under its attempt id gets the same messages until one of them changes", async () => {
  await send("a1", "a");
  await send("a2", "a");
  await send("b1", "b");
  const first = await receive(2, { ReceiveRequestAttemptId: "attempt" });
  expect(await receive(2, { ReceiveRequestAttemptId: "attempt" })).toEqual(first);
  await remove(first[0]);
  expect(bodies(await receive(2, { ReceiveRequestAttemptId: "attempt" }))).toBe("b1");
});

test("counts tell what is open, in flight and delayed", async () => {
  for (const body of ["1", "2", "3"]) await send(body, "g");
  await receive(1);
  const { Attributes } = await fixture.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ["All"] }),
  );
  expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: "2", ApproximateNumberOfMessagesNotVisible: "1" });
});

test("many groups are served side by side", async () => {
  const groups = Array.from({ length: 200 }, (_, index) => `g${index}`);
  for (const group of groups)
    await fixture.service.sendMessage(queue, { body: group, groupId: group, deduplicationId: group });
  const received = await fixture.service.receive({ queue, max: 200 });
  expect(received.map(({ body }) => body)).toEqual(groups);
});
