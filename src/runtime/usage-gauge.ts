/**
 * What a report says of memory and /tmp. "When invocations share an execution environment, Lambda reports the maximum
 * memory used across all invocations" (developer guide, "View CloudWatch logs for Lambda"): the peak never falls while
 * the processes live. Asking the kernel costs 30 to 60 us, a fifth of a warm invocation, so that invocations of less than
 * a millisecond which follow each other at once share an answer.
 */
import type { Sandbox } from "./sandbox/sandbox.js";

const FRESH_MS = 10;
/** Whatever took longer may have used what others have not. */
export const MAX_SHARING_MS = 1;

export class UsageGauge {
  readonly #sandbox: Sandbox;
  #peakBytes = 0;
  #peakReadAt = -FRESH_MS;
  #tmpBytes: number | undefined;
  #tmpReadAt = -FRESH_MS;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** `now` asks whatever the last answer's age: something has ended. */
  peakBytes(now: boolean): number {
    const time = performance.now();
    if (now || time - this.#peakReadAt >= FRESH_MS) {
      this.#peakReadAt = time;
      this.#peakBytes = Math.max(this.#peakBytes, this.#sandbox.takePeakMemoryBytes());
    }
    return this.#peakBytes;
  }

  /** Undefined where it would take a walk through a folder. */
  async tmpUsedBytes(now: boolean): Promise<number | undefined> {
    if (this.#sandbox.tier === "portable") return undefined;
    const time = performance.now();
    if (now || time - this.#tmpReadAt >= FRESH_MS) {
      this.#tmpReadAt = time;
      this.#tmpBytes = await this.#sandbox.tmpUsedBytes();
    }
    return this.#tmpBytes;
  }

  /** The processes are gone, and their memory with them. */
  restart(): void {
    this.#peakBytes = 0;
    this.#peakReadAt = -FRESH_MS;
  }
}
