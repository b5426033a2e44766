/** How members of SNS's operations look in the Query protocol. */
import type { Shape } from "../kit/query-protocol.js";
import {
  list,
  map,
  structure,
  type MapShape,
  type QueryOperation,
  type StructureShape,
} from "../kit/query-protocol.js";
import type { Operations } from "./context.js";

const attributes = map("string");
const tags = list(structure({ Key: "string", Value: "string" }));
const messageAttributes: MapShape = {
  kind: "map",
  of: structure({ DataType: "string", StringValue: "string", BinaryValue: "blob" }),
  wireName: undefined,
  keyName: "Name",
  valueName: "Value",
};
const message = {
  Message: "string",
  Subject: "string",
  MessageStructure: "string",
  MessageAttributes: messageAttributes,
  MessageDeduplicationId: "string",
  MessageGroupId: "string",
} satisfies Record<string, Shape>;
const subscriptions = list(
  structure({ SubscriptionArn: "string", Owner: "string", Protocol: "string", Endpoint: "string", TopicArn: "string" }),
);
const receipt = { MessageId: "string", SequenceNumber: "string" } satisfies Record<string, Shape>;

interface Shapes {
  readonly input: StructureShape;
  readonly output?: StructureShape;
}

const SHAPES: Readonly<Record<string, Shapes>> = {
  CreateTopic: {
    input: structure({ Name: "string", Attributes: attributes, Tags: tags, DataProtectionPolicy: "string" }),
    output: structure({ TopicArn: "string" }),
  },
  DeleteTopic: { input: structure({ TopicArn: "string" }) },
  ListTopics: {
    input: structure({ NextToken: "string" }),
    output: structure({ Topics: list(structure({ TopicArn: "string" })), NextToken: "string" }),
  },
  GetTopicAttributes: { input: structure({ TopicArn: "string" }), output: structure({ Attributes: attributes }) },
  SetTopicAttributes: {
    input: structure({ TopicArn: "string", AttributeName: "string", AttributeValue: "string" }),
  },
  AddPermission: {
    input: structure({
      TopicArn: "string",
      Label: "string",
      AWSAccountId: list("string"),
      ActionName: list("string"),
    }),
  },
  RemovePermission: { input: structure({ TopicArn: "string", Label: "string" }) },
  // The two answer an empty result element.
  TagResource: { input: structure({ ResourceArn: "string", Tags: tags }), output: structure({}) },
  UntagResource: { input: structure({ ResourceArn: "string", TagKeys: list("string") }), output: structure({}) },
  ListTagsForResource: { input: structure({ ResourceArn: "string" }), output: structure({ Tags: tags }) },
  Subscribe: {
    input: structure({
      TopicArn: "string",
      Protocol: "string",
      Endpoint: "string",
      Attributes: attributes,
      ReturnSubscriptionArn: "boolean",
    }),
    output: structure({ SubscriptionArn: "string" }),
  },
  ConfirmSubscription: {
    input: structure({ TopicArn: "string", Token: "string", AuthenticateOnUnsubscribe: "string" }),
    output: structure({ SubscriptionArn: "string" }),
  },
  Unsubscribe: { input: structure({ SubscriptionArn: "string" }) },
  GetSubscriptionAttributes: {
    input: structure({ SubscriptionArn: "string" }),
    output: structure({ Attributes: attributes }),
  },
  SetSubscriptionAttributes: {
    input: structure({ SubscriptionArn: "string", AttributeName: "string", AttributeValue: "string" }),
  },
  ListSubscriptions: {
    input: structure({ NextToken: "string" }),
    output: structure({ Subscriptions: subscriptions, NextToken: "string" }),
  },
  ListSubscriptionsByTopic: {
    input: structure({ TopicArn: "string", NextToken: "string" }),
    output: structure({ Subscriptions: subscriptions, NextToken: "string" }),
  },
  Publish: {
    input: structure({ TopicArn: "string", TargetArn: "string", PhoneNumber: "string", ...message }),
    output: structure(receipt),
  },
  PublishBatch: {
    input: structure({
      TopicArn: "string",
      PublishBatchRequestEntries: list(structure({ Id: "string", ...message })),
    }),
    output: structure({
      Successful: list(structure({ Id: "string", ...receipt })),
      Failed: list(structure({ Id: "string", Code: "string", Message: "string", SenderFault: "boolean" })),
    }),
  },
};

export function queryOperations(operations: Operations): Record<string, QueryOperation> {
  return Object.fromEntries(
    Object.entries(operations).map(([name, run]) => [name, { ...(SHAPES[name] ?? { input: structure({}) }), run }]),
  );
}
