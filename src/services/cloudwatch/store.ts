/**
 * Metrics and their values in the state store, by metric, unit and minute (second for high resolution). Each put adds a
 * row of its own, and every hundred or so rows of one minute are folded into one: to rewrite a minute's sum at every put
 * cost 1.1 ms once it held 500 distinct values, a row costs some 20 us and reading an hour stays cheap.
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

type PointKey = [metricId: string, bucketMs: number, unit: string, sequence: number];

/** So many rows of one minute are folded into one. */
const MAX_LOOSE_ROWS = 128;
/** Minutes whose number of rows is known without a look. */
const MAX_TRACKED_BUCKETS = 4096;

/** Sums of values by the start of their period. */
export type Buckets = Map<number, Summary>;

export class MetricStore {
  readonly #state: StateStore;
  readonly #metrics: Database<MetricRow, string>;
  readonly #points: Database<Summary, PointKey>;
  readonly #nextSequence = new Map<string, number>();

  constructor(state: StateStore) {
    this.#state = state;
    this.#metrics = state.table<MetricRow, string>("cloudwatch-metrics");
    this.#points = state.table<Summary, PointKey>("cloudwatch-points");
  }

  /** Adds values; all or none. */
  async put(values: readonly MetricValues[]): Promise<void> {
    try {
      await this.#state.write(() => this.#putAll(values));
    } catch (error) {
      // Nothing was written: what is known of sequences may be ahead of the rows.
      this.#nextSequence.clear();
      throw error;
    }
  }

  #putAll(values: readonly MetricValues[]): void {
    for (const { namespace, name, dimensions, timestampMs, unit, storageResolution, summary } of values) {
      const id = metricId({ namespace, name, dimensions });
      const known = this.#metrics.get(id);
      if (known === undefined || known.lastMs < timestampMs) {
        this.#metrics.putSync(id, { namespace, name, dimensions, lastMs: timestampMs });
      }
      this.#addPoint(id, floorTo(timestampMs, storageResolution * 1000), unit, summary);
    }
  }

  #addPoint(id: string, bucketMs: number, unit: string, summary: Summary): void {
    const bucket = `${id}${bucketMs}${unit}`;
    const sequence = this.#nextSequence.get(bucket) ?? this.#findSequence(id, bucketMs, unit);
    if (this.#nextSequence.size >= MAX_TRACKED_BUCKETS) this.#nextSequence.clear();
    if (sequence < MAX_LOOSE_ROWS) {
      this.#points.putSync([id, bucketMs, unit, sequence], summary);
      this.#nextSequence.set(bucket, sequence + 1);
      return;
    }
    const loose = [...this.#points.getRange({ start: [id, bucketMs, unit, 0], end: [id, bucketMs, unit, sequence] })];
    for (const { key } of loose) this.#points.removeSync(key);
    this.#points.putSync([id, bucketMs, unit, 0], combine([...loose.map(({ value }) => value), summary]));
    this.#nextSequence.set(bucket, 1);
  }

  /** Rows of a minute from an earlier run of the process. */
  #findSequence(id: string, bucketMs: number, unit: string): number {
    const start: PointKey = [id, bucketMs, unit, Number.MAX_SAFE_INTEGER];
    const end: PointKey = [id, bucketMs, unit, 0];
    const [last] = [...this.#points.getKeys({ start, end, reverse: true, inclusiveEnd: true, limit: 1 })];
    return last === undefined ? 0 : last[3] + 1;
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
    const found = new Map<number, Summary[]>();
    for (const { key, value } of this.#points.getRange({ start: [id, startMs, "", 0], end: [id, endMs, "", 0] })) {
      if (unit !== undefined && key[2] !== unit) continue;
      const bucket = startMs + floorTo(key[1] - startMs, periodMs);
      const summaries = found.get(bucket);
      if (summaries === undefined) found.set(bucket, [value]);
      else summaries.push(value);
    }
    return new Map([...found].map(([bucket, summaries]) => [bucket, combine(summaries)]));
  }

  /** The unit of the oldest values in a range, for answers that name one. */
  unitAt(identity: MetricIdentity, startMs: number, endMs: number): string {
    const id = metricId(identity);
    for (const key of this.#points.getKeys({ start: [id, startMs, "", 0], end: [id, endMs, "", 0], limit: 1 }))
      return key[2];
    return "None";
  }

  reset(): Promise<void> {
    return this.#state.write(() => {
      this.#metrics.clearSync();
      this.#points.clearSync();
      this.#nextSequence.clear();
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
