/** AddPermission and RemovePermission on policies that clients have written themselves, in whatever shape. */
import {
  AddPermissionCommand as AddToTopic,
  CreateTopicCommand,
  GetTopicAttributesCommand,
  RemovePermissionCommand as RemoveFromTopic,
  SetTopicAttributesCommand,
  SNSClient,
} from "@aws-sdk/client-sns";
import {
  AddPermissionCommand as AddToQueue,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  RemovePermissionCommand as RemoveFromQueue,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { createSnsService } from "../../../src/services/sns/index.js";
import { createSqsService } from "../../../src/services/sqs/index.js";
import { serveService } from "../harness.js";

interface Shared {
  setPolicy(policy: string): Promise<unknown>;
  policy(): Promise<{ readonly Statement: unknown }>;
  add(label: string): Promise<unknown>;
  remove(label: string): Promise<unknown>;
  stop(): Promise<void>;
}

async function sharedTopic(): Promise<Shared> {
  const served = await serveService(createSnsService);
  const sns = new SNSClient(served.client);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "shared" }));
  return {
    setPolicy: (AttributeValue) =>
      sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue })),
    policy: async () => {
      const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
      return JSON.parse(Attributes?.["Policy"] ?? "{}") as { Statement: unknown };
    },
    add: (Label) =>
      sns.send(new AddToTopic({ TopicArn, Label, AWSAccountId: ["111111111111"], ActionName: ["Publish"] })),
    remove: (Label) => sns.send(new RemoveFromTopic({ TopicArn, Label })),
    stop: async () => {
      sns.destroy();
      await served.stop();
    },
  };
}

async function sharedQueue(): Promise<Shared> {
  const served = await serveService(createSqsService);
  const sqs = new SQSClient(served.client);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "shared" }));
  return {
    setPolicy: (Policy) => sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } })),
    policy: async () => {
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["Policy"] }));
      return JSON.parse(Attributes?.Policy ?? "{}") as { Statement: unknown };
    },
    add: (Label) =>
      sqs.send(new AddToQueue({ QueueUrl, Label, AWSAccountIds: ["111111111111"], Actions: ["SendMessage"] })),
    remove: (Label) => sqs.send(new RemoveFromQueue({ QueueUrl, Label })),
    stop: async () => {
      sqs.destroy();
      await served.stop();
    },
  };
}

const MORE = { Sid: "more", Effect: "Allow", Principal: { AWS: "arn:aws:iam::111111111111:root" } };

describe.each([
  ["topic", sharedTopic],
  ["queue", sharedQueue],
])("a statement added to the policy of a %s and removed again", (kind, share) => {
  let shared: Shared;
  beforeAll(async () => {
    shared = await share();
  });
  afterAll(() => shared.stop());

  const policyWith = (Statement: unknown): string => JSON.stringify({ Version: "2012-10-17", Statement });
  const addAndRemove = async (): Promise<unknown[]> => {
    await shared.add("more");
    const { Statement: longer } = await shared.policy();
    await shared.remove("more");
    const { Statement: shorter } = await shared.policy();
    return [longer, shorter];
  };
  const oneMoreAndOneLess = (before: readonly unknown[]) => [[...before, expect.objectContaining(MORE)], before];

  test("joins a statement that stands alone, and a list", async () => {
    const own = { Sid: "own", Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };
    await shared.setPolicy(policyWith(own));
    expect(await addAndRemove()).toEqual(oneMoreAndOneLess([own]));
    await shared.setPolicy(policyWith([own, own]));
    expect(await addAndRemove()).toEqual(oneMoreAndOneLess([own, own]));
  });

  test.each([[null], [[null]], [7], ["text"], [[]], [[[]]], [[null, "text", { Sid: "own" }]]])(
    "ends in no server error when the client has written Statement: %j",
    async (Statement) => {
      const set = shared.setPolicy(policyWith(Statement));
      if (kind === "topic") {
        await set;
        const before = Array.isArray(Statement) ? Statement : [Statement];
        expect(await addAndRemove()).toEqual(oneMoreAndOneLess(before));
      } else {
        // A queue takes no such policy in the first place.
        await expect(set).rejects.toMatchObject({
          name: "InvalidAttributeValue",
          message: "Invalid value for the parameter Policy.",
        });
      }
    },
  );
});
