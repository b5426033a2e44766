import {
  AddPermissionCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  RemovePermissionCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { startSqs, type SqsFixture } from "./fixture.js";

let fixture: SqsFixture;

beforeEach(async () => {
  fixture = await startSqs();
});
afterEach(() => fixture.stop());

async function create(
  name: string,
  attributes: Record<string, string> = {},
  tags?: Record<string, string>,
): Promise<string> {
  const { QueueUrl } = await fixture.sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: attributes, tags }),
  );
  return QueueUrl ?? "";
}

async function attributesOf(url: string): Promise<Record<string, string>> {
  const { Attributes } = await fixture.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
  );
  return Attributes ?? {};
}

const arn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;

test("a queue's URL carries the address by which the client came", async () => {
  expect(await create("orders")).toBe(`${fixture.endpoint}/000000000000/orders`);
  const found = await fixture.sqs.send(new GetQueueUrlCommand({ QueueName: "orders" }));
  expect(found.QueueUrl).toBe(`${fixture.endpoint}/000000000000/orders`);
});

test("a queue URL of any host is understood, and so is the bare name", async () => {
  await create("orders");
  for (const QueueUrl of ["https://sqs.us-east-1.amazonaws.com/000000000000/orders", "orders"]) {
    const answer = await fixture.failure("SendMessage", { QueueUrl, MessageBody: "x" });
    expect(answer.status).toBe(200);
  }
  const other = await fixture.failure("SendMessage", {
    QueueUrl: `${fixture.endpoint}/111111111111/orders`,
    MessageBody: "x",
  });
  expect(other.type).toBe("com.amazonaws.sqs#QueueDoesNotExist");
});

test("a new standard queue has AWS's defaults", async () => {
  const attributes = await attributesOf(await create("plain"));
  const nowSeconds = String(Math.floor(fixture.clock.now() / 1000));
  expect(attributes).toEqual({
    QueueArn: arn("plain"),
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
    ApproximateNumberOfMessagesDelayed: "0",
    CreatedTimestamp: nowSeconds,
    LastModifiedTimestamp: nowSeconds,
    DelaySeconds: "0",
    MaximumMessageSize: "1048576",
    MessageRetentionPeriod: "345600",
    ReceiveMessageWaitTimeSeconds: "0",
    VisibilityTimeout: "30",
    SqsManagedSseEnabled: "true",
  });
});

test("a new FIFO queue has its own defaults besides", async () => {
  const attributes = await attributesOf(await create("plain.fifo", { FifoQueue: "true" }));
  expect(attributes).toMatchObject({
    FifoQueue: "true",
    ContentBasedDeduplication: "false",
    DeduplicationScope: "queue",
    FifoThroughputLimit: "perQueue",
  });
});

test("naming a KMS key turns the managed encryption off, taking the key away does not turn it on", async () => {
  const url = await create("secret");
  await fixture.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { KmsMasterKeyId: "key" } }));
  expect(await attributesOf(url)).toMatchObject({
    KmsMasterKeyId: "key",
    KmsDataKeyReusePeriodSeconds: "300",
    SqsManagedSseEnabled: "false",
  });
  await fixture.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { KmsMasterKeyId: "" } }));
  const attributes = await attributesOf(url);
  expect(attributes["KmsMasterKeyId"]).toBeUndefined();
  expect(attributes["KmsDataKeyReusePeriodSeconds"]).toBeUndefined();
  expect(attributes["SqsManagedSseEnabled"]).toBe("false");
});

test("creating a queue again answers its URL, unless an attribute differs", async () => {
  const url = await create("twice", { VisibilityTimeout: "10" });
  expect(await create("twice", { VisibilityTimeout: "10" })).toBe(url);
  expect(await create("twice")).toBe(url);
  await expect(create("twice", { VisibilityTimeout: "11" })).rejects.toMatchObject({
    name: "QueueNameExists",
    message: "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
  });
});

test("many clients may create the same queue at once", async () => {
  const urls = await Promise.all(Array.from({ length: 20 }, () => create("raced")));
  expect(new Set(urls).size).toBe(1);
  const { QueueUrls } = await fixture.sqs.send(new ListQueuesCommand({}));
  expect(QueueUrls).toEqual([urls[0]]);
});

test("a deleted queue is gone, and its name is free again after 60 seconds", async () => {
  const url = await create("gone");
  await fixture.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "lost" }));
  await fixture.sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
  await expect(attributesOf(url)).rejects.toMatchObject({
    name: "QueueDoesNotExist",
    message: "The specified queue does not exist.",
  });
  await expect(create("gone")).rejects.toMatchObject({ name: "QueueDeletedRecently" });
  await fixture.clock.advance(60_000);
  expect(await attributesOf(await create("gone"))).toMatchObject({ ApproximateNumberOfMessages: "0" });
});

test("queues are listed by prefix and in pages", async () => {
  expect((await fixture.sqs.send(new ListQueuesCommand({}))).QueueUrls).toBeUndefined();
  for (const name of ["a-1", "a-2", "a-3", "b-1"]) await create(name);
  const names = (urls: readonly string[] | undefined): (string | undefined)[] =>
    (urls ?? []).map((url) => url.split("/").pop());
  const first = await fixture.sqs.send(new ListQueuesCommand({ QueueNamePrefix: "a-", MaxResults: 2 }));
  expect(names(first.QueueUrls)).toEqual(["a-1", "a-2"]);
  const second = await fixture.sqs.send(
    new ListQueuesCommand({ QueueNamePrefix: "a-", MaxResults: 2, NextToken: first.NextToken }),
  );
  expect(names(second.QueueUrls)).toEqual(["a-3"]);
  expect(second.NextToken).toBeUndefined();
  const all = await fixture.sqs.send(new ListQueuesCommand({}));
  expect([names(all.QueueUrls).length, all.NextToken]).toEqual([4, undefined]);
});

test("tags are set, changed, listed and taken away", async () => {
  const url = await create("tagged", {}, { team: "a" });
  const tags = async (): Promise<unknown> => (await fixture.sqs.send(new ListQueueTagsCommand({ QueueUrl: url }))).Tags;
  await fixture.sqs.send(new TagQueueCommand({ QueueUrl: url, Tags: { team: "b", empty: "" } }));
  expect(await tags()).toEqual({ team: "b", empty: "" });
  await fixture.sqs.send(new UntagQueueCommand({ QueueUrl: url, TagKeys: ["team", "none"] }));
  expect(await tags()).toEqual({ empty: "" });
  await fixture.sqs.send(new UntagQueueCommand({ QueueUrl: url, TagKeys: ["empty"] }));
  expect(await tags()).toBeUndefined();
});

test("permissions are statements of the queue's policy", async () => {
  const url = await create("shared");
  const policy = async (): Promise<{ Statement: unknown[] } | undefined> => {
    const { Attributes } = await fixture.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["Policy"] }),
    );
    return Attributes?.Policy === undefined ? undefined : (JSON.parse(Attributes.Policy) as { Statement: unknown[] });
  };
  const add = (Label: string): Promise<unknown> =>
    fixture.sqs.send(
      new AddPermissionCommand({
        QueueUrl: url,
        Label,
        AWSAccountIds: ["123456789012"],
        Actions: ["SendMessage", "ReceiveMessage"],
      }),
    );
  await add("one");
  expect((await policy())?.Statement).toEqual([
    {
      Sid: "one",
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::123456789012:root" },
      Action: ["SQS:SendMessage", "SQS:ReceiveMessage"],
      Resource: arn("shared"),
    },
  ]);
  await expect(add("one")).rejects.toThrow("Value one for parameter Label is invalid. Reason: Already exists.");
  await fixture.sqs.send(new RemovePermissionCommand({ QueueUrl: url, Label: "one" }));
  expect(await policy()).toBeUndefined();
});

test("a dead-letter queue knows its sources and may refuse them", async () => {
  const deadLetters = await create("dead");
  const redrive = JSON.stringify({ deadLetterTargetArn: arn("dead"), maxReceiveCount: "3" });
  const source = await create("source", { RedrivePolicy: redrive });
  expect((await attributesOf(source))["RedrivePolicy"]).toBe(
    JSON.stringify({ deadLetterTargetArn: arn("dead"), maxReceiveCount: 3 }),
  );
  const { queueUrls } = await fixture.sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetters }));
  expect(queueUrls).toEqual([source]);
  const RedriveAllowPolicy = JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [arn("source")] });
  await fixture.sqs.send(new SetQueueAttributesCommand({ QueueUrl: deadLetters, Attributes: { RedriveAllowPolicy } }));
  await expect(create("stranger", { RedrivePolicy: redrive })).rejects.toMatchObject({
    name: "InvalidParameterValue",
  });
  await fixture.sqs.send(new SetQueueAttributesCommand({ QueueUrl: source, Attributes: { RedrivePolicy: "" } }));
  expect((await attributesOf(source))["RedrivePolicy"]).toBeUndefined();
});
