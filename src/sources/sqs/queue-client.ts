/**
 * A queue as the poller of an event source mapping sees it. Two sides: the embedded queue in this process
 * (embedded-queue.ts) and any other endpoint through the AWS SDK (remote-queue.ts).
 */
import type { QueueMessage } from "../../services/sqs/index.js";

export type { QueueMessage } from "../../services/sqs/index.js";

export interface QueueSettings {
  readonly visibilityTimeoutSeconds: number;
}

export interface QueueClient {
  readonly queueArn: string;
  /** Most messages that one `receive` gives. */
  readonly maxPerReceive: number;
  /** Receives that should be under way at once: one where a receive costs nothing, more where each is a round trip. */
  readonly parallelReceives: number;
  /** Rejects when the queue is not there. */
  settings(): Promise<QueueSettings>;
  /** Waits up to `waitMs` for the first message. Ends early, with or without messages, when aborted. */
  receive(options: {
    readonly max: number;
    readonly waitMs: number;
    readonly visibilityTimeoutSeconds: number;
    readonly signal: AbortSignal;
  }): Promise<readonly QueueMessage[]>;
  delete(receiptHandles: readonly string[]): Promise<void>;
}
