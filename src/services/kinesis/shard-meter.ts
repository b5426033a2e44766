/**
 * What a shard takes and gives in a second, where it is to be enforced: 1,000 records or 1 MiB in, five reads or 2 MiB out.
 * https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
 */
import { MEBIBYTE } from "../../shared/aws-limits.js";
import type { Clock } from "../../shared/clock.js";

type Way = "in" | "out";

const PER_SECOND = {
  in: { calls: 1000, bytes: MEBIBYTE },
  out: { calls: 5, bytes: 2 * MEBIBYTE },
} as const;

interface Bucket {
  calls: number;
  bytes: number;
  atMs: number;
}

export class ShardMeter {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  #enforced = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  enforce(enforced: boolean): void {
    this.#enforced = enforced;
    this.#buckets.clear();
  }

  /** Charges a record that is written, or a read; false when the second's share is used up. */
  take(way: Way, streamId: number, shardNumber: number, sizeBytes: number): boolean {
    if (!this.#enforced) return true;
    const bucket = this.#bucket(way, streamId, shardNumber);
    if (bucket.calls < 1 || bucket.bytes <= 0) return false;
    bucket.calls -= 1;
    // May fall below nothing: a read of 10 MiB is answered, and the reads of the next seconds are not.
    bucket.bytes -= sizeBytes;
    return true;
  }

  /** What a read has turned out to be. */
  charge(way: Way, streamId: number, shardNumber: number, sizeBytes: number): void {
    if (this.#enforced) this.#bucket(way, streamId, shardNumber).bytes -= sizeBytes;
  }

  #bucket(way: Way, streamId: number, shardNumber: number): Bucket {
    const name = `${way}/${streamId}/${shardNumber}`;
    const { calls, bytes } = PER_SECOND[way];
    const nowMs = this.#clock.now();
    const bucket = this.#buckets.get(name) ?? { calls, bytes, atMs: nowMs };
    const share = (nowMs - bucket.atMs) / 1000;
    bucket.calls = Math.min(calls, bucket.calls + share * calls);
    bucket.bytes = Math.min(bytes, bucket.bytes + share * bytes);
    bucket.atMs = nowMs;
    this.#buckets.set(name, bucket);
    return bucket;
  }
}
