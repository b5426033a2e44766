/** A queue behind any SQS endpoint (a container, LocalStack, AWS), through the AWS SDK. */
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Clock } from "../../shared/clock.js";
import type { QueueClient, QueueMessage, QueueSettings } from "./queue-client.js";

/** Bounds of one call. */
const MAX_MESSAGES = 10;
const MAX_WAIT_SECONDS = 20;
/** As many long polls as Lambda starts with. */
const PARALLEL_RECEIVES = 5;

/** The visibility timeout is asked for this often, and not before each receive. */
const SETTINGS_AGE_MS = 60_000;

export function remoteQueue(
  client: SQSClient,
  queueArn: string,
  /** Asked before each call: a queue may be made after its mapping. */
  queueUrl: () => Promise<string>,
  clock: Clock,
): QueueClient {
  let known: { readonly settings: QueueSettings; readonly atMs: number } | undefined;
  return {
    queueArn,
    maxPerReceive: MAX_MESSAGES,
    parallelReceives: PARALLEL_RECEIVES,
    async settings() {
      if (known !== undefined && clock.now() - known.atMs < SETTINGS_AGE_MS) return known.settings;
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: await queueUrl(), AttributeNames: ["VisibilityTimeout"] }),
      );
      known = { settings: { visibilityTimeoutSeconds: Number(Attributes?.["VisibilityTimeout"]) }, atMs: clock.now() };
      return known.settings;
    },
    async receive({ max, waitMs, visibilityTimeoutSeconds, signal }) {
      try {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: await queueUrl(),
            MaxNumberOfMessages: Math.min(max, MAX_MESSAGES),
            WaitTimeSeconds: Math.min(MAX_WAIT_SECONDS, Math.ceil(waitMs / 1000)),
            VisibilityTimeout: visibilityTimeoutSeconds,
            MessageSystemAttributeNames: ["All"],
            MessageAttributeNames: ["All"],
          }),
          { abortSignal: signal },
        );
        return Messages.map(messageOf);
      } catch (error) {
        if (signal.aborted) return [];
        throw error;
      }
    },
    async delete(receiptHandles) {
      for (let start = 0; start < receiptHandles.length; start += MAX_MESSAGES) {
        const Entries = receiptHandles
          .slice(start, start + MAX_MESSAGES)
          .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
        await client.send(new DeleteMessageBatchCommand({ QueueUrl: await queueUrl(), Entries }));
      }
    },
  };
}

/** A message of the SDK as pollers and people see it. */
export function messageOf(message: Message): QueueMessage {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(
    ([name, { DataType = "String", StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType,
        ...(StringValue === undefined ? {} : { stringValue: StringValue }),
        ...(BinaryValue === undefined ? {} : { binaryValue: Buffer.from(BinaryValue).toString("base64") }),
      },
    ],
  );
  return {
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    bodyMd5: message.MD5OfBody ?? "",
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes) as QueueMessage["messageAttributes"],
    messageAttributesMd5: message.MD5OfMessageAttributes,
  };
}
