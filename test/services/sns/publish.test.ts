/** Publishing through the official SDK: who gets what, and what is refused. */
import {
  CreateTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
  type PublishCommandInput,
} from "@aws-sdk/client-sns";
import { createSnsService, type SnsAdmin } from "../../../src/services/sns/index.js";
import type { EmbeddedService } from "../../../src/services/service.js";
import type { TopicDelivery } from "../../../src/shared/bus.js";
import { serveService, type ServedService } from "../harness.js";

const QUEUE = "arn:aws:sqs:us-east-1:000000000000:";

describe("SNS publish", () => {
  let served: ServedService<EmbeddedService & SnsAdmin>;
  let sns: SNSClient;
  let due: TopicDelivery[] = [];

  beforeAll(async () => {
    served = await serveService(createSnsService);
    sns = new SNSClient(served.client);
    served.bus.on("NotificationDue", (delivery) => due.push(delivery));
  });
  beforeEach(() => {
    due = [];
  });
  afterAll(async () => {
    sns.destroy();
    await served.stop();
  });

  const topic = async (Name: string, Attributes: Record<string, string> = {}): Promise<string> =>
    (await sns.send(new CreateTopicCommand({ Name, Attributes }))).TopicArn ?? "";
  const subscribe = (TopicArn: string, queue: string, Attributes: Record<string, string> = {}) =>
    sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: `${QUEUE}${queue}`, Attributes }));
  const refusal = (input: Partial<PublishCommandInput>): Promise<unknown> =>
    sns.send(new PublishCommand({ Message: "m", ...input })).then(
      () => "no refusal",
      (error: { Code?: string; message: string }) => [error.Code, error.message],
    );
  const receivers = (): string[] => due.map(({ endpoint }) => endpoint.slice(QUEUE.length)).toSorted();

  test("every subscription gets the text of its protocol, with subject and attributes", async () => {
    const TopicArn = await topic("news");
    await subscribe(TopicArn, "one");
    await subscribe(TopicArn, "two", { RawMessageDelivery: "true" });
    const { MessageId } = await sns.send(
      new PublishCommand({
        TopicArn,
        Subject: "s",
        MessageStructure: "json",
        Message: JSON.stringify({ default: "for all", sqs: "for queues", http: 1 }),
        MessageAttributes: {
          n: { DataType: "Number", StringValue: "1.5" },
          b: { DataType: "Binary", BinaryValue: Buffer.from([2, 3, 4]) },
        },
      }),
    );
    expect(receivers()).toEqual(["one", "two"]);
    expect(due[0]).toMatchObject({
      topicArn: TopicArn,
      message: {
        type: "Notification",
        messageId: MessageId,
        subject: "s",
        body: "for queues",
        attributes: {
          n: { dataType: "Number", stringValue: "1.5" },
          b: { dataType: "Binary", binaryValue: "AgME" },
        },
      },
    });
    expect(
      due.map(({ endpoint, rawMessageDelivery }) => `${endpoint.slice(QUEUE.length)} ${rawMessageDelivery}`).toSorted(),
    ).toEqual(["one false", "two true"]);
  });

  test.each<[string, object, object, boolean]>([
    ["a text", { s: ["a"] }, { s: ["String", "a"] }, true],
    ["another text", { s: ["a"] }, { s: ["String", "b"] }, false],
    ["a number in a range", { n: [{ numeric: [">", 0, "<=", 100] }] }, { n: ["Number", "99.12"] }, true],
    ["a number out of range", { n: [{ numeric: [">", 0, "<=", 100] }] }, { n: ["Number", "101"] }, false],
    ["a number that is written otherwise", { n: [1] }, { n: ["Number", "1.0"] }, true],
    ["a text where a number is asked for", { n: [1] }, { n: ["String", "1"] }, false],
    ["an element of an array", { l: ["b"] }, { l: ["String.Array", '["a","b"]'] }, true],
    ["no element of an array", { l: ["c"] }, { l: ["String.Array", '["a","b"]'] }, false],
    ["an attribute that must be there", { s: [{ exists: true }] }, {}, false],
    ["an attribute that must not be there", { s: [{ exists: false }] }, {}, true],
    ["null, and no attribute", { s: [null, { "anything-but": "x" }] }, {}, true],
    [
      "a prefix and a second key",
      { s: [{ prefix: "a" }], t: ["x"] },
      { s: ["String", "ab"], t: ["String", "x"] },
      true,
    ],
    ["a prefix without the second key", { s: [{ prefix: "a" }], t: ["x"] }, { s: ["String", "ab"] }, false],
    ["one of two alternatives", { $or: [{ s: ["a"] }, { t: ["b"] }] }, { t: ["String", "b"] }, true],
    ["neither of two alternatives", { $or: [{ s: ["a"] }, { t: ["b"] }] }, { t: ["String", "c"] }, false],
    ["a suffix in other letters", { s: [{ "equals-ignore-case": "ABC" }] }, { s: ["String", "abc"] }, true],
  ])("a filter on attributes: %s", async (_name, policy, attributes, passes) => {
    const TopicArn = await topic(`filter-${Math.random().toString(36).slice(2)}`);
    await subscribe(TopicArn, "filtered", { FilterPolicy: JSON.stringify(policy) });
    await sns.send(
      new PublishCommand({
        TopicArn,
        Message: "m",
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes as Record<string, [string, string]>).map(([name, [DataType, StringValue]]) => [
            name,
            { DataType, StringValue },
          ]),
        ),
      }),
    );
    expect(receivers()).toEqual(passes ? ["filtered"] : []);
  });

  test("a filter on the body looks into JSON and lets nothing else pass", async () => {
    const TopicArn = await topic("bodies");
    await subscribe(TopicArn, "filtered", { FilterPolicyScope: "MessageBody", FilterPolicy: '{"a":{"b":[1]}}' });
    for (const Message of ['{"a":{"b":1}}', '{"a":{"b":2}}', "text", '"a"'])
      await sns.send(new PublishCommand({ TopicArn, Message }));
    expect(due.map(({ message }) => message.body)).toEqual(['{"a":{"b":1}}']);
  });

  test.each<[string, Partial<PublishCommandInput>, string, string]>([
    ["an empty message", { Message: "" }, "InvalidParameter", "Invalid parameter: Empty message"],
    ["an empty subject", { Subject: "" }, "InvalidParameter", "Invalid parameter: Subject"],
    ["a subject of two lines", { Subject: "a\nb" }, "InvalidParameter", "Invalid parameter: Subject"],
    ["256 KiB and a byte", { Message: "x".repeat(262_145) }, "InvalidParameter", "Invalid parameter: Message too long"],
    [
      "a structure without a default",
      { MessageStructure: "json", Message: '{"sqs":"a"}' },
      "InvalidParameter",
      "Invalid parameter: Message Structure - No default entry in JSON message body",
    ],
    [
      "a structure that is no JSON",
      { MessageStructure: "json", Message: "{" },
      "InvalidParameter",
      "Invalid parameter: Message Structure - JSON message body failed to parse",
    ],
    [
      "a deduplication id on a standard topic",
      { MessageDeduplicationId: "1" },
      "InvalidParameter",
      "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
    ],
    [
      "an endpoint of a mobile application",
      { TopicArn: undefined, TargetArn: "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/a/1" },
      "InvalidParameter",
      "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
    ],
    [
      "a telephone number that is none",
      { TopicArn: undefined, PhoneNumber: "12" },
      "InvalidParameter",
      "Invalid parameter: PhoneNumber Reason: 12 is not valid to publish to",
    ],
    [
      "an attribute without a value",
      { MessageAttributes: { a: { DataType: "String" } } },
      "ParameterValueInvalid",
      "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
    ],
    [
      "a type of an attribute that there is not",
      { MessageAttributes: { a: { DataType: "Text", StringValue: "1" } } },
      "ParameterValueInvalid",
      "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
    ],
    [
      "a binary value in a text attribute",
      { MessageAttributes: { a: { DataType: "String", BinaryValue: Buffer.from("1") } } },
      "ParameterValueInvalid",
      "The message attribute 'a' with type 'String' must use field 'String'.",
    ],
    [
      "a name of an attribute with a sign",
      { MessageAttributes: { "a^": { DataType: "String", StringValue: "1" } } },
      "ParameterValueInvalid",
      "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
    ],
  ])("%s is refused in AWS's words", async (_, input, code, message) => {
    const TopicArn = await topic("news");
    expect(await refusal({ TopicArn, ...input })).toEqual([code, message]);
    expect(due).toEqual([]);
  });

  test("a FIFO topic orders its messages and lets none pass twice within five minutes", async () => {
    const TopicArn = await topic("orders.fifo", { FifoTopic: "true", ContentBasedDeduplication: "false" });
    await subscribe(TopicArn, "orders.fifo");
    const publish = (Message: string, more: object) => sns.send(new PublishCommand({ TopicArn, Message, ...more }));
    expect(await refusal({ TopicArn })).toEqual([
      "InvalidParameter",
      "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
    ]);
    expect(await refusal({ TopicArn, MessageGroupId: "g" })).toEqual([
      "InvalidParameter",
      "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    ]);
    for (const name of ["MessageGroupId", "MessageDeduplicationId"]) {
      const order = { MessageGroupId: "g", MessageDeduplicationId: "d", [name]: "x".repeat(3000) };
      expect(await refusal({ TopicArn, ...order })).toEqual(["InvalidParameter", expect.stringContaining(name)]);
    }
    const first = await publish("1", { MessageGroupId: "g", MessageDeduplicationId: "d1" });
    const again = await publish("1", { MessageGroupId: "g", MessageDeduplicationId: "d1" });
    const second = await publish("2", { MessageGroupId: "g", MessageDeduplicationId: "d2" });
    expect([again.MessageId, again.SequenceNumber]).toEqual([first.MessageId, first.SequenceNumber]);
    expect(first.SequenceNumber).toMatch(/^\d{20}$/);
    expect(BigInt(second.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(first.SequenceNumber ?? 0));
    expect(due.map(({ message }) => [message.body, message.groupId, message.deduplicationId])).toEqual([
      ["1", "g", "d1"],
      ["2", "g", "d2"],
    ]);
    await served.clock.advance(5 * 60_000);
    expect((await publish("1", { MessageGroupId: "g", MessageDeduplicationId: "d1" })).MessageId).not.toBe(
      first.MessageId,
    );
    expect(due).toHaveLength(3);
  });

  test("a batch is taken as a whole or not at all", async () => {
    const TopicArn = await topic("batches");
    await subscribe(TopicArn, "one");
    const batch = (entries: readonly object[], to = TopicArn) =>
      sns
        .send(
          new PublishBatchCommand({
            TopicArn: to,
            PublishBatchRequestEntries: entries as [{ Id: string; Message: string }],
          }),
        )
        .catch((error: { Code?: string; message: string }) => error.Code);
    expect(
      await batch([
        { Id: "a", Message: "1" },
        { Id: "b", Message: "2" },
      ]),
    ).toMatchObject({
      Successful: [{ Id: "a", MessageId: expect.any(String) }, { Id: "b" }],
    });
    expect(due.map(({ message }) => message.body)).toEqual(["1", "2"]);
    expect(
      await batch([
        { Id: "a", Message: "1" },
        { Id: "a", Message: "2" },
      ]),
    ).toBe("BatchEntryIdsNotDistinct");
    expect(await batch([{ Id: "a b", Message: "1" }])).toBe("InvalidBatchEntryId");
    expect(
      await batch([
        { Id: "a", Message: "1" },
        { Id: "b", Message: "" },
      ]),
    ).toBe("InvalidParameter");
    expect(await batch(Array.from({ length: 11 }, (_, i) => ({ Id: String(i), Message: "1" })))).toBe(
      "TooManyEntriesInBatchRequest",
    );
    expect(await batch(Array.from({ length: 2 }, (_, i) => ({ Id: String(i), Message: "x".repeat(200_000) })))).toBe(
      "BatchRequestTooLong",
    );
    expect(await batch([{ Id: "a", Message: "1" }], `${TopicArn}-not`)).toBe("NotFound");
    expect(due).toHaveLength(2);
  });
});
