/**
 * The event of an SQS mapping, member by member as recorded on AWS (November 2025).
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
import type { QueueMessage } from "./queue-client.js";

/** As they come in the record; those that a message has not are left out. */
const ATTRIBUTES = [
  "ApproximateReceiveCount",
  "AWSTraceHeader",
  "SentTimestamp",
  "SequenceNumber",
  "MessageGroupId",
  "SenderId",
  "MessageDeduplicationId",
  "ApproximateFirstReceiveTimestamp",
  "DeadLetterQueueSourceArn",
] as const;

export interface EventSettings {
  readonly queueArn: string;
  readonly region: string;
  /** With a batching window AWS names the missing digest (`null`), without one it leaves it out. */
  readonly windowed: boolean;
}

export type SqsRecord = Readonly<Record<string, unknown>>;

export function sqsRecord(message: QueueMessage, { queueArn, region, windowed }: EventSettings): SqsRecord {
  const md5OfMessageAttributes = message.messageAttributesMd5 ?? (windowed ? null : undefined);
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: Object.fromEntries(
      ATTRIBUTES.flatMap((name) => (message.attributes[name] === undefined ? [] : [[name, message.attributes[name]]])),
    ),
    messageAttributes: Object.fromEntries(
      Object.entries(message.messageAttributes).map(([name, { dataType, stringValue, binaryValue }]) => [
        name,
        { stringValue, binaryValue, stringListValues: [], binaryListValues: [], dataType },
      ]),
    ),
    // What is undefined does not get into the event.
    md5OfMessageAttributes,
    md5OfBody: message.bodyMd5,
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

const HEAD = '{"Records":[';
const TAIL = "]}";

export interface Batch {
  readonly messages: readonly QueueMessage[];
  readonly payload: Buffer;
}

/** Cuts records into events that Lambda takes: one whole if it can be, more when `maxBytes` would be passed. */
export function batchesOf(
  records: readonly { readonly message: QueueMessage; readonly record: SqsRecord }[],
  maxBytes: number,
): Batch[] {
  const batches: Batch[] = [];
  let messages: QueueMessage[] = [];
  let texts: string[] = [];
  let sizeBytes = HEAD.length + TAIL.length;
  const flush = (): void => {
    if (messages.length > 0) batches.push({ messages, payload: Buffer.from(`${HEAD}${texts.join(",")}${TAIL}`) });
    messages = [];
    texts = [];
    sizeBytes = HEAD.length + TAIL.length;
  };
  for (const { message, record } of records) {
    const text = JSON.stringify(record);
    const bytes = Buffer.byteLength(text) + 1;
    if (sizeBytes + bytes > maxBytes) flush();
    messages.push(message);
    texts.push(text);
    sizeBytes += bytes;
  }
  flush();
  return batches;
}
