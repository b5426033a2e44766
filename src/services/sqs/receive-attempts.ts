/**
 * `ReceiveRequestAttemptId`: a receive whose answer was lost can be repeated within five minutes and gets the same
 * messages. Kept in memory: after a restart the messages come back when their visibility timeout ends.
 */
import type { Received } from "./queue-types.js";
import { SQS } from "./limits.js";

interface Attempt {
  readonly expiresMs: number;
  readonly receipts: readonly { readonly sequence: number; readonly visibleAtMs: number }[];
}

export class ReceiveAttempts {
  readonly #attempts = new Map<string, Attempt>();

  find(attemptId: string, nowMs: number): Attempt["receipts"] | undefined {
    this.#forgetExpired(nowMs);
    return this.#attempts.get(attemptId)?.receipts;
  }

  remember(attemptId: string, received: readonly Received[], nowMs: number): void {
    this.#forgetExpired(nowMs);
    this.#attempts.delete(attemptId);
    const receipts = received.map(({ sequence, delivery }) => ({ sequence, visibleAtMs: delivery.visibleAtMs }));
    this.#attempts.set(attemptId, { expiresMs: nowMs + SQS.receiveAttemptMs, receipts });
  }

  /** A map keeps the order of insertion, and all live equally long: the oldest come first. */
  #forgetExpired(nowMs: number): void {
    for (const [id, { expiresMs }] of this.#attempts) {
      if (expiresMs > nowMs) return;
      this.#attempts.delete(id);
    }
  }
}
