/** What goes into a queue and what comes out of it. */
import type { Clock } from "../../shared/clock.js";
import type { HeldMessage } from "./contents.js";
import type { MessageAttributes } from "./message-attributes.js";
import type { ReceiptHandles } from "./receipt-handle.js";
import type { SqsStore } from "./store.js";

/** What a queue leans on; `Q` is the queue itself, which this file must not import. */
export interface QueueServices<Q> {
  readonly store: SqsStore;
  readonly clock: Clock;
  readonly handles: ReceiptHandles;
  readonly arnOf: (queueName: string) => string;
  readonly queueByArn: (arn: string) => Q | undefined;
  /** A message of this queue can be received now. */
  readonly announce: (queue: Q) => void;
}

/** A message to send, checked and with its digests. */
export interface MessageDraft {
  readonly body: string;
  readonly bodyMd5: string;
  readonly senderId: string;
  readonly delaySeconds?: number | undefined;
  readonly attributes?: MessageAttributes | undefined;
  readonly attributesMd5?: string | undefined;
  readonly traceHeader?: string | undefined;
  readonly traceHeaderMd5?: string | undefined;
  readonly groupId?: string | undefined;
  /** Always present for a FIFO queue. */
  readonly deduplicationId?: string | undefined;
}

export interface SentMessage {
  readonly draft: MessageDraft;
  readonly messageId: string;
  readonly sequenceNumber: string | undefined;
}

export interface ReceiveOptions {
  readonly max: number;
  /** Absent: the queue's own. */
  readonly visibilityTimeoutSeconds?: number | undefined;
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly attemptId?: string | undefined;
}

export interface Received extends HeldMessage {
  readonly receiptHandle: string;
}

export interface QueueDepths {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Age of the oldest message that is not deleted; undefined when there is none. */
  readonly oldestAgeMs: number | undefined;
}
