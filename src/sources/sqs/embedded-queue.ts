/** The embedded queue, without HTTP: a message reaches the poller in the turn in which it becomes visible. */
import type { SqsAdmin } from "../../services/sqs/index.js";
import type { QueueClient } from "./queue-client.js";

export function embeddedQueue(sqs: SqsAdmin, queueArn: string): QueueClient {
  return {
    queueArn,
    maxPerReceive: 10_000,
    parallelReceives: 1,
    settings: async () => {
      const queue = sqs.queueByArn(queueArn);
      if (queue === undefined) throw new Error("The specified queue does not exist.");
      return { visibilityTimeoutSeconds: queue.visibilityTimeout };
    },
    receive: ({ max, waitMs, visibilityTimeoutSeconds, signal }) =>
      sqs.receive({ queue: queueArn, max, waitMs, visibilityTimeoutSeconds, signal }),
    delete: async (receiptHandles) => {
      await sqs.deleteMessages(queueArn, receiptHandles);
    },
  };
}
