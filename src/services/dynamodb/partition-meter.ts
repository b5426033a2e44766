/**
 * Optional throttling per partition key, so that a hot key is felt as on AWS: 1,000 write units and 3,000 read units a
 * second there, on demand or not. A request is let through while the second's units are not used up; what it costs is
 * known afterwards and charged then, as the service does.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
import type { Clock } from "../../shared/clock.js";
import { throttled } from "./errors.js";
import { SPACE_BYTES } from "./store/row-key.js";
import type { TableRecord } from "./store/table-record.js";
import { DIGEST_BYTES } from "./values/ordered-bytes.js";

export interface PartitionLimits {
  readonly writeUnits: number;
  readonly readUnits: number;
}

type Kind = "Read" | "Write";

interface Bucket {
  units: number;
  atMs: number;
}

/** Buckets that nobody touched for so long are full again and can be forgotten. */
const IDLE_MS = 60_000;
const SWEEP_AT = 10_000;

export class PartitionMeter {
  #limits: PartitionLimits | undefined;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: PartitionLimits | undefined, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Other limits from now on, or none. */
  limit(limits: PartitionLimits | undefined): void {
    this.#limits = limits;
    this.#buckets.clear();
  }

  /** Throws when the partition of this row has no units left. */
  check(kind: Kind, table: TableRecord, tableArn: string, rowKey: Buffer): void {
    if (this.#limits !== undefined && this.#bucket(kind, this.#limits, rowKey).units <= 0)
      throw throttled(kind, table.onDemand, tableArn);
  }

  charge(kind: Kind, rowKey: Buffer, units: number): void {
    if (this.#limits !== undefined) this.#bucket(kind, this.#limits, rowKey).units -= units;
  }

  #bucket(kind: Kind, limits: PartitionLimits, rowKey: Buffer): Bucket {
    const perSecond = kind === "Read" ? limits.readUnits : limits.writeUnits;
    const name = `${kind}${rowKey.toString("latin1", 0, SPACE_BYTES + DIGEST_BYTES)}`;
    const nowMs = this.#clock.now();
    const bucket = this.#buckets.get(name) ?? { units: perSecond, atMs: nowMs };
    bucket.units = Math.min(perSecond, bucket.units + ((nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    if (this.#buckets.size >= SWEEP_AT && !this.#buckets.has(name)) this.#sweep(nowMs);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  #sweep(nowMs: number): void {
    for (const [name, { atMs }] of this.#buckets) if (nowMs - atMs > IDLE_MS) this.#buckets.delete(name);
  }
}
