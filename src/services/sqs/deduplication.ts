/**
 * The five minutes in which a FIFO queue takes a message again but does not queue it again. Rows outlive the
 * message: a duplicate of a deleted message is a duplicate all the same.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
 */
import { SQS } from "./limits.js";
import type { Deduplicated, SqsStore } from "./store.js";

/** Rows removed with each send: more than a send adds, so that the table shrinks. */
const SWEEP_PER_SEND = 20;

export interface DeduplicationKey {
  readonly queueNumber: number;
  /** Set when the queue's `DeduplicationScope` is `messageGroup`. */
  readonly group: string | undefined;
  readonly id: string;
}

export function findDuplicate(store: SqsStore, key: DeduplicationKey, nowMs: number): Deduplicated | undefined {
  const row = store.deduplication.get(rowKey(key));
  return row !== undefined && row.expiresMs > nowMs ? row : undefined;
}

export function rememberMessage(
  store: SqsStore,
  key: DeduplicationKey,
  nowMs: number,
  messageId: string,
  sequenceNumber: string,
): void {
  const expiresMs = nowMs + SQS.deduplicationMs;
  store.deduplication.putSync(rowKey(key), { expiresMs, messageId, sequenceNumber });
  store.deduplicationExpiry.putSync([key.queueNumber, expiresMs, key.group ?? "", key.id], true);
}

export function sweepDeduplication(store: SqsStore, queueNumber: number, nowMs: number): void {
  const range = { start: [queueNumber], end: [queueNumber, nowMs + 1], limit: SWEEP_PER_SEND };
  for (const key of Array.from(store.deduplicationExpiry.getKeys(range))) {
    store.deduplicationExpiry.removeSync(key);
    const [, , group, id] = key as [number, number, string, string];
    const target = rowKey({ queueNumber, group: group === "" ? undefined : group, id });
    // The same id may have been remembered anew since.
    if ((store.deduplication.get(target)?.expiresMs ?? Infinity) <= nowMs) store.deduplication.removeSync(target);
  }
}

function rowKey(key: DeduplicationKey): [number, string, string] {
  return [key.queueNumber, key.group ?? "", key.id];
}
