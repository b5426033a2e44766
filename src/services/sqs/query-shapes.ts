/**
 * How the members of SQS travel in the query protocol, from the service model (`xmlName`, `xmlFlattened`).
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
 */
import type { JsonOperation } from "../kit/json-protocol.js";
import { flatList, flatMap, structure, type QueryOperation, type StructureShape } from "../kit/query-protocol.js";

const attributeMap = flatMap("Attribute", "Name", "Value", "string");
const tagMap = flatMap("Tag", "Key", "Value", "string");
const attributeValue = structure({
  DataType: "string",
  StringValue: "string",
  BinaryValue: "blob",
  StringListValues: flatList("StringListValue", "string"),
  BinaryListValues: flatList("BinaryListValue", "blob"),
});
const messageMembers = {
  MessageBody: "string",
  DelaySeconds: "integer",
  MessageAttributes: flatMap("MessageAttribute", "Name", "Value", attributeValue),
  MessageSystemAttributes: flatMap("MessageSystemAttribute", "Name", "Value", attributeValue),
  MessageDeduplicationId: "string",
  MessageGroupId: "string",
} as const;
const sentMembers = {
  MessageId: "string",
  MD5OfMessageBody: "string",
  MD5OfMessageAttributes: "string",
  MD5OfMessageSystemAttributes: "string",
  SequenceNumber: "string",
} as const;
const failures = flatList(
  "BatchResultErrorEntry",
  structure({ Id: "string", SenderFault: "boolean", Code: "string", Message: "string" }),
);
const batchOutput = (resultName: string): StructureShape =>
  structure({ Successful: flatList(resultName, structure({ Id: "string" })), Failed: failures });
const queue = { QueueUrl: "string" } as const;
const page = { MaxResults: "integer", NextToken: "string" } as const;
const receivedMessage = structure({
  MessageId: "string",
  ReceiptHandle: "string",
  MD5OfBody: "string",
  Body: "string",
  Attributes: attributeMap,
  MD5OfMessageAttributes: "string",
  MessageAttributes: flatMap("MessageAttribute", "Name", "Value", attributeValue),
});
const moveTask = structure({
  TaskHandle: "string",
  Status: "string",
  SourceArn: "string",
  DestinationArn: "string",
  MaxNumberOfMessagesPerSecond: "integer",
  ApproximateNumberOfMessagesMoved: "integer",
  ApproximateNumberOfMessagesToMove: "integer",
  FailureReason: "string",
  StartedTimestamp: "integer",
});

type Shapes = Omit<QueryOperation, "run">;

const SHAPES: Readonly<Record<string, Shapes>> = {
  CreateQueue: {
    input: structure({ QueueName: "string", Attributes: attributeMap, tags: tagMap }),
    output: structure(queue),
  },
  GetQueueUrl: {
    input: structure({ QueueName: "string", QueueOwnerAWSAccountId: "string" }),
    output: structure(queue),
  },
  ListQueues: {
    input: structure({ QueueNamePrefix: "string", ...page }),
    output: structure({ QueueUrls: flatList("QueueUrl", "string"), NextToken: "string" }),
  },
  DeleteQueue: { input: structure(queue) },
  PurgeQueue: { input: structure(queue) },
  GetQueueAttributes: {
    input: structure({ ...queue, AttributeNames: flatList("AttributeName", "string") }),
    output: structure({ Attributes: attributeMap }),
  },
  SetQueueAttributes: { input: structure({ ...queue, Attributes: attributeMap }) },
  TagQueue: { input: structure({ ...queue, Tags: tagMap }) },
  UntagQueue: { input: structure({ ...queue, TagKeys: flatList("TagKey", "string") }) },
  ListQueueTags: { input: structure(queue), output: structure({ Tags: tagMap }) },
  AddPermission: {
    input: structure({
      ...queue,
      Label: "string",
      AWSAccountIds: flatList("AWSAccountId", "string"),
      Actions: flatList("ActionName", "string"),
    }),
  },
  RemovePermission: { input: structure({ ...queue, Label: "string" }) },
  ListDeadLetterSourceQueues: {
    input: structure({ ...queue, ...page }),
    output: structure({ queueUrls: flatList("QueueUrl", "string"), NextToken: "string" }),
  },
  StartMessageMoveTask: {
    input: structure({ SourceArn: "string", DestinationArn: "string", MaxNumberOfMessagesPerSecond: "integer" }),
    output: structure({ TaskHandle: "string" }),
  },
  CancelMessageMoveTask: {
    input: structure({ TaskHandle: "string" }),
    output: structure({ ApproximateNumberOfMessagesMoved: "integer" }),
  },
  ListMessageMoveTasks: {
    input: structure({ SourceArn: "string", MaxResults: "integer" }),
    output: structure({ Results: flatList("ListMessageMoveTasksResultEntry", moveTask) }),
  },
  SendMessage: { input: structure({ ...queue, ...messageMembers }), output: structure(sentMembers) },
  SendMessageBatch: {
    input: structure({
      ...queue,
      Entries: flatList("SendMessageBatchRequestEntry", structure({ Id: "string", ...messageMembers })),
    }),
    output: structure({
      Successful: flatList("SendMessageBatchResultEntry", structure({ Id: "string", ...sentMembers })),
      Failed: failures,
    }),
  },
  ReceiveMessage: {
    input: structure({
      ...queue,
      AttributeNames: flatList("AttributeName", "string"),
      MessageSystemAttributeNames: flatList("MessageSystemAttributeName", "string"),
      MessageAttributeNames: flatList("MessageAttributeName", "string"),
      MaxNumberOfMessages: "integer",
      VisibilityTimeout: "integer",
      WaitTimeSeconds: "integer",
      ReceiveRequestAttemptId: "string",
    }),
    output: structure({ Messages: flatList("Message", receivedMessage) }),
  },
  DeleteMessage: { input: structure({ ...queue, ReceiptHandle: "string" }) },
  DeleteMessageBatch: {
    input: structure({
      ...queue,
      Entries: flatList("DeleteMessageBatchRequestEntry", structure({ Id: "string", ReceiptHandle: "string" })),
    }),
    output: batchOutput("DeleteMessageBatchResultEntry"),
  },
  ChangeMessageVisibility: { input: structure({ ...queue, ReceiptHandle: "string", VisibilityTimeout: "integer" }) },
  ChangeMessageVisibilityBatch: {
    input: structure({
      ...queue,
      Entries: flatList(
        "ChangeMessageVisibilityBatchRequestEntry",
        structure({ Id: "string", ReceiptHandle: "string", VisibilityTimeout: "integer" }),
      ),
    }),
    output: batchOutput("ChangeMessageVisibilityBatchResultEntry"),
  },
};

/** The operations, each with its shapes. */
export function queryOperations(operations: Readonly<Record<string, JsonOperation>>): Record<string, QueryOperation> {
  return Object.fromEntries(
    Object.entries(SHAPES).flatMap(([name, shapes]) => {
      const run = operations[name];
      return run === undefined ? [] : [[name, { ...shapes, run }]];
    }),
  );
}
