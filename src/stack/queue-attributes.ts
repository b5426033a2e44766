/** A declared queue in the attributes of CreateQueue. */
import type { QueueConfig } from "../config/application.js";

export function queueAttributes(queue: QueueConfig): Record<string, string> {
  return {
    VisibilityTimeout: String(queue.visibilityTimeoutSeconds),
    DelaySeconds: String(queue.delaySeconds),
    MessageRetentionPeriod: String(queue.messageRetentionSeconds),
    MaximumMessageSize: String(queue.maximumMessageSizeBytes),
    ReceiveMessageWaitTimeSeconds: String(queue.receiveWaitSeconds),
    ...(queue.redrive === undefined ? {} : { RedrivePolicy: JSON.stringify(queue.redrive) }),
    ...(queue.redriveAllow === undefined ? {} : { RedriveAllowPolicy: JSON.stringify(queue.redriveAllow) }),
    ...(queue.fifo
      ? {
          FifoQueue: "true",
          ContentBasedDeduplication: String(queue.contentBasedDeduplication),
          DeduplicationScope: queue.deduplicationScope,
          FifoThroughputLimit: queue.fifoThroughputLimit,
        }
      : {}),
  };
}
