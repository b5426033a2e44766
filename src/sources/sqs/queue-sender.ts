/**
 * How S3 notifications, dead letters and records of asynchronous invocations get onto a queue. Two sides, as with the
 * poller's queue-client.ts: the embedded SQS is one as it is, and any other endpoint through the AWS SDK (remote-sender.ts).
 */
import type { OutgoingMessage } from "../../services/sqs/index.js";

export type { OutgoingMessage } from "../../services/sqs/index.js";

export interface QueueSender {
  /** Rejects with an AwsError when the queue refuses for good, and with anything else when it should be tried again. */
  sendMessage(queueArn: string, message: OutgoingMessage): Promise<unknown>;
}
