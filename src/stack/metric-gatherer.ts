/** Values of one metric within a second go to CloudWatch as one: a busy function has thousands. */
import type { MetricInput } from "../services/cloudwatch/index.js";

export interface MetricValue {
  readonly namespace: string;
  readonly name: string;
  readonly dimension: readonly [name: string, value: string];
  readonly value: number;
  readonly unit: string;
  readonly timeMs: number;
}

type Gathered = MetricInput & { readonly values: number[] };

export class MetricGatherer {
  #metrics = new Map<string, Gathered>();

  add({ namespace, name, dimension: [dimension, of], value, unit, timeMs }: MetricValue): void {
    const timestampMs = Math.floor(timeMs / 1000) * 1000;
    const key = `${namespace}\n${of}\n${name}\n${timestampMs}`;
    const gathered = this.#metrics.get(key);
    if (gathered !== undefined) {
      gathered.values.push(value);
      return;
    }
    this.#metrics.set(key, { namespace, name, dimensions: { [dimension]: of }, values: [value], unit, timestampMs });
  }

  /** What was gathered since the last call. */
  take(): readonly MetricInput[] {
    const metrics = [...this.#metrics.values()];
    this.#metrics = new Map();
    return metrics;
  }
}
