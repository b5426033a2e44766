/** The values of metric math: numbers, time series and arrays of them, and how they are combined. */
import { validationError } from "./errors.js";

/** Value by start of period. */
export type Series = ReadonlyMap<number, number>;
export type MathValue = number | Series | readonly Series[];

export interface MathScope {
  /** The series of an id; undefined when no query has it. */
  readonly lookup: (id: string) => Series | undefined;
  /** Series of all metrics in the request, or of those whose id contains a text. */
  readonly metrics: (part: string | undefined) => readonly Series[];
  /** Starts of all periods asked for, oldest first. */
  readonly timestamps: () => readonly number[];
  readonly periodMs: number;
}

type Operator = (left: number, right: number) => number;

export const isSeries = (value: MathValue): value is Series => value instanceof Map;

export function asList(value: MathValue): readonly Series[] {
  if (typeof value === "number") throw validationError("A number cannot be a member of an array of time series.");
  return isSeries(value) ? [value] : value;
}

export function each(value: MathValue, change: (value: number) => number): MathValue {
  if (typeof value === "number") return change(value);
  if (isSeries(value)) return new Map([...value].map(([time, point]) => [time, change(point)]));
  return value.map((series) => new Map([...series].map(([time, point]) => [time, change(point)])));
}

/** Each point as a function of its time. */
export function eachSeries(value: MathValue, change: (time: number) => number): MathValue {
  if (typeof value === "number") throw validationError("A time series is expected where a number stands.");
  const changed = (series: Series): Series => new Map([...series.keys()].map((time) => [time, change(time)]));
  return isSeries(value) ? changed(value) : value.map(changed);
}

/** Two series meet where both have a point; a point divided by zero is left out, as on AWS. */
export function combine(left: MathValue, right: MathValue, operator: Operator): MathValue {
  if (typeof left === "number" && typeof right === "number") return operator(left, right);
  if (typeof right === "number") return finite(each(left, (value) => operator(value, right)));
  if (typeof left === "number") return finite(each(right, (value) => operator(left, value)));
  if (isSeries(left) && isSeries(right)) {
    const points: [number, number][] = [];
    for (const [time, value] of left) {
      const other = right.get(time);
      if (other !== undefined) points.push([time, operator(value, other)]);
    }
    return finite(new Map(points));
  }
  if (isSeries(left)) return asList(right).map((series) => combine(left, series, operator) as Series);
  return left.map((series) => combine(series, right, operator) as Series);
}

function finite(value: MathValue): MathValue {
  return isSeries(value) ? new Map([...value].filter(([, point]) => Number.isFinite(point))) : value;
}

/** Of one series a number; of several one series, point by point. */
export function reduce(value: MathValue, reducer: (values: readonly number[]) => number): MathValue {
  if (typeof value === "number") return value;
  if (isSeries(value)) return reducer([...value.values()]);
  const columns = new Map<number, number[]>();
  for (const series of value) {
    for (const [time, point] of series) columns.set(time, [...(columns.get(time) ?? []), point]);
  }
  return new Map([...columns].map(([time, points]) => [time, reducer(points)]));
}

/** `filler` undefined repeats the last value before the gap. */
export function filled(value: MathValue, scope: MathScope, filler: MathValue | undefined): MathValue {
  if (typeof value === "number") return value;
  const times = scope.timestamps();
  const fill = (series: Series): Series => {
    const points: [number, number][] = [];
    let last: number | undefined;
    for (const time of times) {
      const gap = filler === undefined ? last : pointAt(filler, time);
      const point = series.get(time) ?? gap;
      if (point !== undefined) points.push([time, point]);
      last = point;
    }
    return new Map(points);
  };
  return isSeries(value) ? fill(value) : value.map(fill);
}

export function choose(condition: MathValue, yes: MathValue, no: MathValue | undefined): MathValue {
  if (typeof condition === "number") return condition === 0 ? (no ?? new Map<number, number>()) : yes;
  const points: [number, number][] = [];
  for (const series of asList(condition).slice(0, 1)) {
    for (const [time, holds] of series) {
      const chosen = holds === 0 ? no : yes;
      const point = chosen === undefined ? undefined : pointAt(chosen, time);
      if (point !== undefined) points.push([time, point]);
    }
  }
  return new Map(points);
}

function pointAt(value: MathValue, time: number): number | undefined {
  if (typeof value === "number") return value;
  return isSeries(value) ? value.get(time) : undefined;
}
