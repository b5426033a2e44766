/** Values of one metric within a second go to CloudWatch as one: a busy function has thousands. */
import type { MetricInput } from "../services/cloudwatch/index.js";

/** One metric, kept by whoever gives it values: a name looked up for each value is dear on the way of an invocation. */
export interface GatheredMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly unit: string;
  /** The second under way; undefined when nothing has been gathered since the last take. */
  open: GatheredSecond | undefined;
}

interface GatheredSecond {
  readonly metric: GatheredMetric;
  readonly timestampMs: number;
  /** How often each value came. */
  readonly counts: Map<number, number>;
}

export class MetricGatherer {
  #seconds: GatheredSecond[] = [];

  add(metric: GatheredMetric, value: number, timeMs: number): void {
    const timestampMs = Math.floor(timeMs / 1000) * 1000;
    let second = metric.open;
    if (second?.timestampMs !== timestampMs) {
      second = { metric, timestampMs, counts: new Map() };
      metric.open = second;
      this.#seconds.push(second);
    }
    second.counts.set(value, (second.counts.get(value) ?? 0) + 1);
  }

  get isEmpty(): boolean {
    return this.#seconds.length === 0;
  }

  /** What was gathered since the last call. */
  take(): readonly MetricInput[] {
    const seconds = this.#seconds;
    this.#seconds = [];
    return seconds.map(({ metric, timestampMs, counts }) => {
      metric.open = undefined;
      const { namespace, name, dimensions, unit } = metric;
      return {
        namespace,
        name,
        dimensions,
        values: [...counts.keys()],
        counts: [...counts.values()],
        unit,
        timestampMs,
      };
    });
  }
}
