/** Values of one period, summed up, and what the statistics make of them. Pure. */

/** What is stored for one period. Percentiles need the values themselves. */
export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Value and how often, in order of value; undefined when a client sent a statistic set of several values. */
  readonly values: readonly (readonly [value: number, count: number])[] | undefined;
}

/** From here on values are rounded to three digits, so that a period stays small whatever is put into it. */
const MAX_DISTINCT_VALUES = 500;
const ROUNDED_DIGITS = 3;

export const STATISTICS = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"] as const;
const PERCENTILE = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/;

export function summarize(values: readonly number[], counts?: readonly number[]): Summary {
  const pairs = values.map((value, index) => [value, counts?.[index] ?? 1] as const).filter(([, count]) => count > 0);
  return {
    count: pairs.reduce((total, [, count]) => total + count, 0),
    sum: pairs.reduce((total, [value, count]) => total + value * count, 0),
    min: Math.min(...pairs.map(([value]) => value)),
    max: Math.max(...pairs.map(([value]) => value)),
    values: distinct(pairs),
  };
}

/** One summary of several; at least one must be given. */
export function combine(summaries: readonly Summary[]): Summary {
  let [count, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const summary of summaries) {
    count += summary.count;
    sum += summary.sum;
    min = Math.min(min, summary.min);
    max = Math.max(max, summary.max);
  }
  const pairs: (readonly [number, number])[] = [];
  for (const { values } of summaries) {
    if (values === undefined) return { count, sum, min, max, values };
    pairs.push(...values);
  }
  return { count, sum, min, max, values: summaries.length === 1 ? pairs : distinct(pairs) };
}

function distinct(pairs: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const exact = tally(pairs);
  const few =
    exact.size > MAX_DISTINCT_VALUES
      ? tally([...exact].map(([value, count]) => [Number(value.toPrecision(ROUNDED_DIGITS)), count]))
      : exact;
  return [...few].sort(([left], [right]) => left - right);
}

function tally(pairs: readonly (readonly [number, number])[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [value, count] of pairs) counts.set(value, (counts.get(value) ?? 0) + count);
  return counts;
}

export function isPercentile(name: string): boolean {
  return PERCENTILE.test(name);
}

/** Undefined when the period cannot answer: a percentile of a statistic set. */
export function statisticOf(summary: Summary, name: string): number | undefined {
  switch (name) {
    case "SampleCount":
      return summary.count;
    case "Sum":
      return summary.sum;
    case "Average":
      return summary.sum / summary.count;
    case "Minimum":
      return summary.min;
    case "Maximum":
      return summary.max;
    default: {
      const percent = PERCENTILE.exec(name)?.[1];
      return percent === undefined ? undefined : percentile(summary, Number(percent));
    }
  }
}

/** Between two values the percentile is interpolated. */
function percentile({ values, count }: Summary, percent: number): number | undefined {
  if (values === undefined || count === 0) return undefined;
  const rank = (percent / 100) * (count - 1);
  const low = valueAt(values, Math.floor(rank));
  const high = valueAt(values, Math.ceil(rank));
  return low + (high - low) * (rank - Math.floor(rank));
}

function valueAt(values: readonly (readonly [number, number])[], rank: number): number {
  let seen = 0;
  for (const [value, count] of values) {
    seen += count;
    if (rank < seen) return value;
  }
  return values.at(-1)?.[0] ?? 0;
}
