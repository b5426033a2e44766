/** Topics, subscriptions and their attributes through the official SDK. */
import {
  AddPermissionCommand,
  ConfirmSubscriptionCommand,
  CreatePlatformApplicationCommand,
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListSubscriptionsCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  paginateListSubscriptions,
  paginateListTopics,
  RemovePermissionCommand,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-sns";
import { createSnsService, type SnsAdmin } from "../../../src/services/sns/index.js";
import type { EmbeddedService } from "../../../src/services/service.js";
import type { TopicDelivery } from "../../../src/shared/bus.js";
import { serveService, type ServedService } from "../harness.js";

const ARN = "arn:aws:sns:us-east-1:000000000000:";
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:inbox";

describe("SNS topics", () => {
  let served: ServedService<EmbeddedService & SnsAdmin>;
  let sns: SNSClient;
  const due: TopicDelivery[] = [];

  beforeAll(async () => {
    served = await serveService(createSnsService);
    sns = new SNSClient(served.client);
    served.bus.on("NotificationDue", (delivery) => due.push(delivery));
  });
  afterAll(async () => {
    sns.destroy();
    await served.stop();
  });

  const topic = async (Name: string, more: object = {}): Promise<string> =>
    (await sns.send(new CreateTopicCommand({ Name, ...more }))).TopicArn ?? "";
  const refusal = (sent: Promise<unknown>): Promise<unknown> =>
    sent.then(
      () => "no refusal",
      (error: { Code?: string; message: string; $metadata: { httpStatusCode: number } }) => [
        error.$metadata.httpStatusCode,
        error.Code,
        error.message,
      ],
    );

  test("a topic is made once, listed page by page, and gone when deleted", async () => {
    expect(await topic("first")).toBe(`${ARN}first`);
    expect(await topic("first")).toBe(`${ARN}first`);
    for (let i = 0; i < 120; i += 1) await topic(`many-${String(i).padStart(3, "0")}`);
    const pages: number[] = [];
    for await (const { Topics = [] } of paginateListTopics({ client: sns }, {})) pages.push(Topics.length);
    expect(pages).toEqual([100, 21]);
    await sns.send(new DeleteTopicCommand({ TopicArn: `${ARN}first` }));
    await sns.send(new DeleteTopicCommand({ TopicArn: `${ARN}first` }));
    expect(await refusal(sns.send(new GetTopicAttributesCommand({ TopicArn: `${ARN}first` })))).toEqual([
      404,
      "NotFound",
      "Topic does not exist",
    ]);
    expect((await sns.send(new ListTopicsCommand({ NextToken: "bm90aGluZw==" }))).Topics).toEqual([]);
  });

  test("attributes are AWS's defaults until they are set", async () => {
    const TopicArn = await topic("attributes");
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    expect(Attributes).toMatchObject({
      DisplayName: "",
      Owner: "000000000000",
      SubscriptionsConfirmed: "0",
      SubscriptionsDeleted: "0",
      SubscriptionsPending: "0",
      TopicArn,
    });
    expect(Attributes).not.toHaveProperty("FifoTopic");
    expect(JSON.parse(Attributes?.["EffectiveDeliveryPolicy"] ?? "")).toMatchObject({
      http: { defaultHealthyRetryPolicy: { numRetries: 3, minDelayTarget: 20 } },
    });
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "DisplayName", AttributeValue: "Shown" }));
    expect((await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes).toMatchObject({
      DisplayName: "Shown",
    });
    await sns.send(
      new AddPermissionCommand({ TopicArn, Label: "you", AWSAccountId: ["111111111111"], ActionName: ["Publish"] }),
    );
    const policyOf = async (): Promise<{ Statement: { Sid: string }[] }> =>
      JSON.parse((await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes?.["Policy"] ?? "{}");
    expect((await policyOf()).Statement).toContainEqual({
      Sid: "you",
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::111111111111:root" },
      Action: "SNS:Publish",
      Resource: TopicArn,
    });
    await sns.send(new RemovePermissionCommand({ TopicArn, Label: "you" }));
    expect((await policyOf()).Statement.map(({ Sid }) => Sid)).toEqual(["__default_statement_ID"]);
  });

  test("tags are kept, changed and removed", async () => {
    const ResourceArn = await topic("tagged", { Tags: [{ Key: "a", Value: "1" }] });
    await sns.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "b", Value: "2" }] }));
    await sns.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["a"] }));
    expect((await sns.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags).toEqual([{ Key: "b", Value: "2" }]);
    expect(await refusal(topic("tagged", { Tags: [{ Key: "a", Value: "1" }] }))).toEqual([
      400,
      "InvalidParameter",
      "Invalid parameter: Tags Reason: Topic already exists with different tags",
    ]);
  });

  test.each<[string, () => Promise<unknown>, unknown[]]>([
    ["a name with a space", () => topic("a b"), [400, "InvalidParameter", "Invalid parameter: Topic Name"]],
    [
      "a FIFO topic without the suffix",
      () => topic("plain", { Attributes: { FifoTopic: "true" } }),
      [400, "InvalidParameter", expect.stringContaining("Fifo Topic names must end with .fifo")],
    ],
    [
      "the suffix on a standard topic",
      () => topic("plain.fifo"),
      [400, "InvalidParameter", "Invalid parameter: Topic Name"],
    ],
    [
      "no ARN",
      () => sns.send(new GetTopicAttributesCommand({ TopicArn: "topic" })),
      [400, "InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"],
    ],
    [
      "a topic of another account",
      () => sns.send(new GetTopicAttributesCommand({ TopicArn: "arn:aws:sns:us-east-1:111111111111:attributes" })),
      [404, "NotFound", "Topic does not exist"],
    ],
    [
      "the same name with other attributes",
      () => topic("attributes", { Attributes: { DisplayName: "Other" } }),
      [400, "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes"],
    ],
    [
      "two tags of one key",
      () =>
        topic("twice", {
          Tags: [
            { Key: "a", Value: "1" },
            { Key: "a", Value: "2" },
          ],
        }),
      [400, "InvalidParameter", "Invalid parameter: Duplicated keys are not allowed."],
    ],
    [
      "an operation that is not emulated",
      () => sns.send(new CreatePlatformApplicationCommand({ Name: "a", Platform: "GCM", Attributes: {} })),
      [400, "InvalidAction", "The action CreatePlatformApplication is not emulated by lambda-run."],
    ],
    [
      "an unknown protocol",
      () => sns.send(new SubscribeCommand({ TopicArn: `${ARN}attributes`, Protocol: "pigeon", Endpoint: "x" })),
      [400, "InvalidParameter", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"],
    ],
    [
      "an endpoint that is no queue",
      () => sns.send(new SubscribeCommand({ TopicArn: `${ARN}attributes`, Protocol: "sqs", Endpoint: "inbox" })),
      [400, "InvalidParameter", "Invalid parameter: SQS endpoint ARN"],
    ],
    [
      "an endpoint that is no function",
      () =>
        sns.send(
          new SubscribeCommand({
            TopicArn: `${ARN}attributes`,
            Protocol: "lambda",
            Endpoint: "arn:aws:lambda:us-east-1:000000000000:x",
          }),
        ),
      [400, "InvalidParameter", "Invalid parameter: Lambda endpoint ARN"],
    ],
    [
      "a FIFO queue on a standard topic",
      () =>
        sns.send(new SubscribeCommand({ TopicArn: `${ARN}attributes`, Protocol: "sqs", Endpoint: `${QUEUE}.fifo` })),
      [
        400,
        "InvalidParameter",
        "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
      ],
    ],
    [
      "an endpoint of another scheme",
      () =>
        sns.send(new SubscribeCommand({ TopicArn: `${ARN}attributes`, Protocol: "https", Endpoint: "http://x.test/" })),
      [400, "InvalidParameter", "Invalid parameter: Endpoint must match the specified protocol"],
    ],
    [
      "a wrong value of an attribute",
      () =>
        sns.send(
          new SubscribeCommand({
            TopicArn: `${ARN}attributes`,
            Protocol: "sqs",
            Endpoint: QUEUE,
            Attributes: { RawMessageDelivery: "wrongvalue" },
          }),
        ),
      [
        400,
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.",
      ],
    ],
    [
      "a filter policy over its bounds",
      () =>
        sns.send(
          new SubscribeCommand({
            TopicArn: `${ARN}attributes`,
            Protocol: "sqs",
            Endpoint: QUEUE,
            Attributes: { FilterPolicy: '{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}' },
          }),
        ),
      [
        400,
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: FilterPolicy: Filter policy can not have more than 5 keys",
      ],
    ],
    [
      "a filter policy with too many combinations",
      () =>
        sns.send(
          new SubscribeCommand({
            TopicArn: `${ARN}attributes`,
            Protocol: "sqs",
            Endpoint: QUEUE,
            Attributes: { FilterPolicy: JSON.stringify({ a: Array.from({ length: 151 }, (_, i) => String(i)) }) },
          }),
        ),
      [400, "InvalidParameter", "Invalid parameter: Attributes Reason: FilterPolicy: Filter policy is too complex"],
    ],
    [
      "a nested policy on attributes",
      () =>
        sns.send(
          new SubscribeCommand({
            TopicArn: `${ARN}attributes`,
            Protocol: "sqs",
            Endpoint: QUEUE,
            Attributes: { FilterPolicy: '{"a":{"b":["1"]}}' },
          }),
        ),
      [
        400,
        "InvalidParameter",
        "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy",
      ],
    ],
    [
      "a subscription that is not there",
      () => sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: `${ARN}attributes:1` })),
      [404, "NotFound", "Subscription does not exist"],
    ],
    [
      "a subscription ARN that is none",
      () => sns.send(new UnsubscribeCommand({ SubscriptionArn: "1" })),
      [
        400,
        "InvalidParameter",
        "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1",
      ],
    ],
    [
      "a token of nobody",
      () => sns.send(new ConfirmSubscriptionCommand({ TopicArn: `${ARN}attributes`, Token: "00ff" })),
      [400, "InvalidParameter", "Invalid parameter: Token"],
    ],
    [
      "a token that is none",
      () => sns.send(new ConfirmSubscriptionCommand({ TopicArn: `${ARN}attributes`, Token: "not a token" })),
      [400, "InvalidParameter", "Invalid token"],
    ],
  ])("%s is refused in AWS's words", async (_, send, expected) => {
    expect(await refusal(send())).toEqual(expected);
  });

  test("values count by the level of their key, up to 150 combinations", async () => {
    const TopicArn = await topic("levels");
    const values = (count: number) => Array.from({ length: count }, (_, i) => String(i));
    const subscribe = (policy: object) =>
      refusal(
        sns.send(
          new SubscribeCommand({
            TopicArn,
            Protocol: "sqs",
            Endpoint: `${QUEUE}-${JSON.stringify(policy).length}`,
            Attributes: { FilterPolicyScope: "MessageBody", FilterPolicy: JSON.stringify(policy) },
          }),
        ),
      );
    const tooComplex = [
      400,
      "InvalidParameter",
      "Invalid parameter: Attributes Reason: FilterPolicy: Filter policy is too complex",
    ];
    expect(await subscribe({ a: { b: values(75) } })).toBe("no refusal");
    expect(await subscribe({ a: { b: values(76) } })).toEqual(tooComplex);
    // Five values on the third level times ten on the first.
    expect(await subscribe({ a: { b: { c: values(5) } }, d: values(10) })).toBe("no refusal");
    expect(await subscribe({ a: { b: { c: values(5) } }, d: values(11) })).toEqual(tooComplex);
  });

  test("a queue is subscribed at once, and once", async () => {
    const TopicArn = await topic("queues");
    const subscribe = (more: object = {}) =>
      sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: QUEUE, ...more }));
    const { SubscriptionArn } = await subscribe();
    expect(SubscriptionArn).toMatch(new RegExp(`^${TopicArn}:[0-9a-f-]{36}$`));
    expect((await subscribe()).SubscriptionArn).toBe(SubscriptionArn);
    expect(await refusal(subscribe({ Attributes: { RawMessageDelivery: "true" } }))).toEqual([
      400,
      "InvalidParameter",
      "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
    ]);
    const set = (AttributeName: string, AttributeValue: string) =>
      sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }));
    await set("RawMessageDelivery", "true");
    await set("FilterPolicyScope", "MessageBody");
    const attributes = async () =>
      (await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).Attributes ?? {};
    expect(await attributes()).toEqual({
      ConfirmationWasAuthenticated: "true",
      Endpoint: QUEUE,
      Owner: "000000000000",
      PendingConfirmation: "false",
      Protocol: "sqs",
      RawMessageDelivery: "true",
      SubscriptionArn,
      SubscriptionPrincipal: "arn:aws:iam::000000000000:root",
      TopicArn,
    });
    await set("FilterPolicy", '{"object":{"key":[{"prefix":"auto-"}]}}');
    expect(await attributes()).toMatchObject({
      FilterPolicy: '{"object":{"key":[{"prefix":"auto-"}]}}',
      FilterPolicyScope: "MessageBody",
    });
    expect(await refusal(set("Colour", "blue"))).toEqual([400, "InvalidParameter", "Invalid parameter: AttributeName"]);
    expect(await refusal(set("RedrivePolicy", '{"deadLetterTargetArn":"x"}'))).toEqual([
      400,
      "InvalidParameter",
      "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn",
    ]);
    const listed = { SubscriptionArn, Owner: "000000000000", Protocol: "sqs", Endpoint: QUEUE, TopicArn };
    expect((await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions).toEqual([listed]);
    expect((await sns.send(new ListSubscriptionsCommand({}))).Subscriptions).toContainEqual(listed);
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    expect((await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions).toEqual([]);
    expect((await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes).toMatchObject({
      SubscriptionsConfirmed: "0",
      SubscriptionsDeleted: "1",
    });
  });

  test("a list goes on behind a subscription that was deleted meanwhile", async () => {
    for (const name of ["paged", "paged-more"]) {
      const TopicArn = await topic(name);
      for (let i = 0; i < 60; i += 1)
        await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: `${QUEUE}-${i}` }));
    }
    const every: string[] = [];
    for await (const { Subscriptions = [] } of paginateListSubscriptions({ client: sns }, {}))
      every.push(...Subscriptions.map(({ SubscriptionArn = "" }) => SubscriptionArn));
    const { Subscriptions = [], NextToken } = await sns.send(new ListSubscriptionsCommand({}));
    const last = Subscriptions.at(-1)?.SubscriptionArn ?? "";
    await sns.send(new UnsubscribeCommand({ SubscriptionArn: last }));
    const rest = await sns.send(new ListSubscriptionsCommand({ NextToken }));
    expect(rest.Subscriptions?.map(({ SubscriptionArn }) => SubscriptionArn)).toEqual(
      every.slice(every.indexOf(last) + 1),
    );
  });

  test.each<[string, () => Promise<unknown>, unknown[]]>([
    [
      "topic",
      () => sns.send(new GetTopicAttributesCommand({ TopicArn: `${ARN}${"n".repeat(5000)}` })),
      [404, "NotFound", "Topic does not exist"],
    ],
    [
      "subscription",
      () => sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: `${ARN}first:${"n".repeat(5000)}` })),
      [404, "NotFound", "Subscription does not exist"],
    ],
    [
      "token",
      () => sns.send(new ListTopicsCommand({ NextToken: Buffer.from("n".repeat(5000)).toString("base64") })),
      [400, "InvalidParameter", "Invalid parameter: NextToken"],
    ],
    ["topic to delete", () => sns.send(new DeleteTopicCommand({ TopicArn: `${ARN}${"n".repeat(5000)}` })), []],
    [
      "topic to confirm",
      () => sns.send(new ConfirmSubscriptionCommand({ TopicArn: `${ARN}${"n".repeat(5000)}`, Token: "aa" })),
      [400, "InvalidParameter", "Invalid parameter: Token"],
    ],
    [
      "subscription to end",
      () => sns.send(new UnsubscribeCommand({ SubscriptionArn: `${ARN}first:${"n".repeat(5000)}` })),
      [],
    ],
  ])("a %s longer than a key of the store is no fault of ours", async (_, send, error) => {
    expect(await refusal(send())).toEqual(error.length === 0 ? "no refusal" : error);
  });

  test("a filter policy without end is too complex", async () => {
    const FilterPolicy = `${'{"a":'.repeat(20_000)}["x"]${"}".repeat(20_000)}`;
    const Attributes = { FilterPolicyScope: "MessageBody", FilterPolicy };
    const TopicArn = await topic("deep");
    expect(
      await refusal(sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: QUEUE, Attributes }))),
    ).toEqual([
      400,
      "InvalidParameter",
      "Invalid parameter: Attributes Reason: FilterPolicy: Filter policy is too complex",
    ]);
  });

  test("statements are put beside whatever a policy holds", async () => {
    const TopicArn = await topic("odd-policy");
    const AttributeValue = '{"Statement":[null,5]}';
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue }));
    const more = { Label: "more", AWSAccountId: ["111122223333"], ActionName: ["Publish"] };
    await sns.send(new AddPermissionCommand({ TopicArn, ...more }));
    await sns.send(new RemovePermissionCommand({ TopicArn, Label: "more" }));
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    expect(Attributes?.["Policy"]).toBe(AttributeValue);
  });

  test("an HTTP endpoint waits for its confirmation", async () => {
    const TopicArn = await topic("pages");
    const Endpoint = "http://127.0.0.1:9/hook";
    const first = await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint }));
    expect(first.SubscriptionArn).toBe("pending confirmation");
    expect((await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions).toMatchObject([
      { SubscriptionArn: "PendingConfirmation", Endpoint },
    ]);
    const { message, subscriptionArn } = due.at(-1) ?? {};
    expect(message).toMatchObject({
      type: "SubscriptionConfirmation",
      token: expect.stringMatching(/^[0-9a-f]{288}$/),
    });
    const confirm = () => sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: message?.token ?? "" }));
    expect((await confirm()).SubscriptionArn).toBe(subscriptionArn);
    expect((await confirm()).SubscriptionArn).toBe(subscriptionArn);
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: subscriptionArn }));
    expect(Attributes).toMatchObject({ PendingConfirmation: "false", ConfirmationWasAuthenticated: "false" });
  });
});
