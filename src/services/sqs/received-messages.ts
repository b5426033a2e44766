/**
 * A received message as clients see it, with the attributes they asked for.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
 */
import type { JsonObject } from "../kit/json-protocol.js";
import { sqsError } from "./errors.js";
import { attributesMd5, selectAttributes, type MessageAttributes } from "./message-attributes.js";
import type { Received } from "./queue-types.js";

const SYSTEM_ATTRIBUTES = new Set([
  "All",
  "SenderId",
  "SentTimestamp",
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "SequenceNumber",
  "MessageDeduplicationId",
  "MessageGroupId",
  "AWSTraceHeader",
  "DeadLetterQueueSourceArn",
]);

export function checkSystemAttributeNames(names: readonly string[]): void {
  for (const name of names) if (!SYSTEM_ATTRIBUTES.has(name)) throw sqsError.unknownAttribute(name);
}

/** Every system attribute that the message has. */
export function systemAttributes({ message, delivery }: Received): Record<string, string> {
  const attributes: Record<string, string> = {
    SenderId: message.senderId,
    ApproximateFirstReceiveTimestamp: String(delivery.firstReceivedMs),
    ApproximateReceiveCount: String(delivery.receiveCount),
    SentTimestamp: String(message.sentMs),
  };
  if (message.sequenceNumber !== undefined) attributes["SequenceNumber"] = message.sequenceNumber;
  if (message.deduplicationId !== undefined) attributes["MessageDeduplicationId"] = message.deduplicationId;
  if (message.groupId !== undefined) attributes["MessageGroupId"] = message.groupId;
  if (message.traceHeader !== undefined) attributes["AWSTraceHeader"] = message.traceHeader;
  if (message.deadLetterSourceArn !== undefined) attributes["DeadLetterQueueSourceArn"] = message.deadLetterSourceArn;
  return attributes;
}

export function describeReceived(
  received: Received,
  systemNames: readonly string[],
  attributeNames: readonly string[],
): JsonObject {
  const { message } = received;
  const described: JsonObject = {
    MessageId: message.messageId,
    ReceiptHandle: received.receiptHandle,
    MD5OfBody: message.bodyMd5,
    Body: message.body,
  };
  if (systemNames.length > 0) {
    const all = systemAttributes(received);
    const wanted = systemNames.includes("All")
      ? all
      : Object.fromEntries(Object.entries(all).filter(([name]) => systemNames.includes(name)));
    if (Object.keys(wanted).length > 0) described["Attributes"] = wanted;
  }
  const selected = selectAttributes(message.attributes, attributeNames);
  if (selected !== undefined) {
    // Clients check the digest against the attributes they get, not against those they left out.
    described["MD5OfMessageAttributes"] = attributesMd5(selected);
    described["MessageAttributes"] = describeAttributeValues(selected);
  }
  return described;
}

function describeAttributeValues(attributes: MessageAttributes): JsonObject {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      binaryValue === undefined
        ? { StringValue: stringValue, DataType: dataType }
        : { BinaryValue: binaryValue, DataType: dataType },
    ]),
  );
}
