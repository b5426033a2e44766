/**
 * Metrics and their values in the state store. Values are summed up on arrival, per metric, unit and minute (second for
 * high resolution): reading an hour of a metric is sixty rows, however much was put.
 */
import { createHash } from "node:crypto";
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";
import { combine, type Summary } from "./statistics.js";

export interface MetricIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface MetricValues extends MetricIdentity {
  readonly timestampMs: number;
  readonly unit: string;
  readonly storageResolution: 1 | 60;
  readonly summary: Summary;
}

export interface MetricRow extends MetricIdentity {
  /** Newest value, for ListMetrics' `RecentlyActive`. */
  readonly lastMs: number;
}

type PointKey = [metricId: string, bucketMs: number, unit: string];

/** Sums of values by the start of their period. */
export type Buckets = Map<number, Summary>;

export class MetricStore {
  readonly #state: StateStore;
  readonly #metrics: Database<MetricRow, string>;
  readonly #points: Database<Summary, PointKey>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#metrics = state.table<MetricRow, string>("cloudwatch-metrics");
    this.#points = state.table<Summary, PointKey>("cloudwatch-points");
  }

  /** Adds values; all or none. */
  put(values: readonly MetricValues[]): Promise<void> {
    return this.#state.write(() => {
      for (const { namespace, name, dimensions, timestampMs, unit, storageResolution, summary } of values) {
        const id = metricId({ namespace, name, dimensions });
        const known = this.#metrics.get(id);
        if (known === undefined || known.lastMs < timestampMs) {
          this.#metrics.putSync(id, { namespace, name, dimensions, lastMs: timestampMs });
        }
        const key: PointKey = [id, floorTo(timestampMs, storageResolution * 1000), unit];
        this.#points.putSync(key, combine(this.#points.get(key), summary));
      }
    });
  }

  /** In order of namespace, name and dimensions. */
  metrics(): MetricRow[] {
    const rank = (row: MetricRow): string => [row.namespace, row.name, dimensionKey(row.dimensions)].join("\0");
    const rows = [...this.#metrics.getRange()].map(({ value }) => ({ value, rank: rank(value) }));
    return rows.sort((one, other) => (one.rank < other.rank ? -1 : 1)).map(({ value }) => value);
  }

  /**
   * Values of a metric from `startMs` up to `endMs`, in periods that are counted from `startMs`. Without `unit` all
   * units count together.
   */
  buckets(identity: MetricIdentity, startMs: number, endMs: number, periodMs: number, unit?: string): Buckets {
    const id = metricId(identity);
    const buckets: Buckets = new Map();
    for (const { key, value } of this.#points.getRange({ start: [id, startMs, ""], end: [id, endMs, ""] })) {
      if (unit !== undefined && key[2] !== unit) continue;
      const bucket = startMs + floorTo(key[1] - startMs, periodMs);
      buckets.set(bucket, combine(buckets.get(bucket), value));
    }
    return buckets;
  }

  /** The unit of the newest values, for answers that name one. */
  unitAt(identity: MetricIdentity, startMs: number, endMs: number): string {
    const id = metricId(identity);
    for (const key of this.#points.getKeys({ start: [id, startMs, ""], end: [id, endMs, ""], limit: 1 })) return key[2];
    return "None";
  }

  reset(): Promise<void> {
    return this.#state.write(() => {
      this.#metrics.clearSync();
      this.#points.clearSync();
    });
  }
}

export function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

/** Thirty long dimensions would not fit into a key. */
function metricId({ namespace, name, dimensions }: MetricIdentity): string {
  const text = JSON.stringify([namespace, name, dimensionKey(dimensions)]);
  return createHash("sha256").update(text).digest("base64").slice(0, 24);
}

function dimensionKey(dimensions: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : 1)));
}
