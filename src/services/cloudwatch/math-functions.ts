/**
 * The functions of metric math. S is a series, TS[] an array of them; a function of single values is applied to each.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions
 */
import { validationError } from "./errors.js";
import {
  asList,
  choose,
  each,
  eachSeries,
  isSeries,
  reduce,
  type MathScope,
  type MathValue,
  type Series,
} from "./math-values.js";

export type Node = (scope: MathScope) => MathValue;
type Reducer = (values: readonly number[]) => number;

const sum: Reducer = (values) => values.reduce((total, value) => total + value, 0);
const deviation = (values: readonly number[], mean: number): number =>
  Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
const average: Reducer = (values) => sum(values) / values.length;

/** S to a number, TS[] to a series: point by point. */
const REDUCERS: Readonly<Record<string, Reducer>> = {
  SUM: sum,
  AVG: average,
  MIN: (values) => values.reduce((least, value) => Math.min(least, value), Infinity),
  MAX: (values) => values.reduce((most, value) => Math.max(most, value), -Infinity),
  STDDEV: (values) => deviation(values, average(values)),
  DATAPOINT_COUNT: (values) => values.length,
};

const SCALARS: Readonly<Record<string, (value: number) => number>> = {
  ABS: Math.abs,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
  LOG: Math.log,
  LOG10: Math.log10,
};

/** Of the start of a period, in UTC. */
const CALENDAR: Readonly<Record<string, (date: Date) => number>> = {
  MINUTE: (date) => date.getUTCMinutes(),
  HOUR: (date) => date.getUTCHours(),
  // Monday is 1.
  DAY: (date) => date.getUTCDay() || 7,
  DATE: (date) => date.getUTCDate(),
  MONTH: (date) => date.getUTCMonth() + 1,
  YEAR: (date) => date.getUTCFullYear(),
  EPOCH: (date) => date.getTime() / 1000,
};

/** A point and the one before it. */
const STEPS: Readonly<Record<string, (rise: number, seconds: number) => number>> = {
  DIFF: (rise) => rise,
  DIFF_TIME: (_rise, seconds) => seconds,
  RATE: (rise, seconds) => rise / seconds,
};

const ORDERS = ["ASC", "DESC"];

/** The call of a function. Throws ValidationError for one that is not emulated. */
export function functionNode(name: string, args: readonly Node[], words: readonly string[] = []): Node {
  const [first, second, third] = args;
  const single = args.length === 1 ? first : undefined;
  const reducer = own(REDUCERS, name);
  if (reducer !== undefined && single !== undefined) return (scope) => reduce(single(scope), reducer);
  const scalar = own(SCALARS, name);
  if (scalar !== undefined && single !== undefined) return (scope) => each(single(scope), scalar);
  const calendar = own(CALENDAR, name);
  if (calendar !== undefined && single !== undefined)
    return (scope) => eachSeries(single(scope), (time) => calendar(new Date(time)));
  const step = own(STEPS, name);
  if (step !== undefined && single !== undefined) return (scope) => steps(single(scope), step);
  if (name === "SORT" && first !== undefined) return sortNode(first, second, words);
  if (single !== undefined) {
    if (name === "RUNNING_SUM") return (scope) => runningSum(single(scope));
    if (name === "PERIOD") return (scope) => periodOf(single, scope);
    if (name === "TIME_SERIES") return (scope) => timeSeries(single(scope), scope);
    if (name === "METRIC_COUNT") return (scope) => asList(single(scope)).length;
    if (name === "REMOVE_EMPTY") return (scope) => asList(single(scope)).filter(({ size }) => size > 0);
    if (name === "FIRST") return (scope) => asList(single(scope))[0] ?? new Map<number, number>();
    if (name === "LAST") return (scope) => asList(single(scope)).at(-1) ?? new Map<number, number>();
  }
  if (name === "SLICE" && first !== undefined && second !== undefined && args.length <= 3)
    return (scope) => asList(first(scope)).slice(numberOf(second(scope)), third && numberOf(third(scope)));
  if (name === "IF" && first !== undefined && second !== undefined && args.length <= 3)
    return (scope) => choose(first(scope), second(scope), third?.(scope));
  throw validationError(
    `The metric math function ${name} with ${args.length} arguments is not emulated by lambda-run.`,
  );
}

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

function numberOf(value: MathValue): number {
  if (typeof value === "number") return value;
  throw validationError("A number is expected where a time series stands.");
}

function steps(value: MathValue, step: (rise: number, seconds: number) => number): MathValue {
  if (typeof value === "number") throw validationError("A time series is expected where a number stands.");
  if (!isSeries(value)) return value.map((series) => steps(series, step) as Series);
  const points = [...value].sort(([left], [right]) => left - right);
  return new Map(
    points.slice(1).map(([time, point], index): [number, number] => {
      const [before, last] = points[index] ?? [time, point];
      return [time, step(point - last, (time - before) / 1000)];
    }),
  );
}

function runningSum(value: MathValue): MathValue {
  if (typeof value === "number") return value;
  if (!isSeries(value)) return value.map((series) => runningSum(series) as Series);
  let total = 0;
  const points = [...value].sort(([left], [right]) => left - right);
  return new Map(points.map(([time, point]) => [time, (total += point)]));
}

/** In seconds; all series of a request are laid on one period. */
function periodOf(target: Node, scope: MathScope): number {
  target(scope);
  return scope.periodMs / 1000;
}

function timeSeries(value: MathValue, { timestamps }: MathScope): MathValue {
  return typeof value === "number" ? new Map(timestamps().map((time) => [time, value])) : value;
}

function sortNode(target: Node, count: Node | undefined, [by = "", order = ""]: readonly string[]): Node {
  const measure = own(REDUCERS, by);
  if (measure === undefined || by === "STDDEV" || !ORDERS.includes(order))
    throw validationError(`SORT takes AVG, MIN, MAX or SUM, and ASC or DESC, not ${by} and ${order}.`);
  return (scope) => {
    const ranked = asList(target(scope))
      .filter(({ size }) => size > 0)
      .map((series) => ({ series, rank: measure([...series.values()]) }))
      .sort((left, right) => (order === "ASC" ? left.rank - right.rank : right.rank - left.rank))
      .map(({ series }) => series);
    return count === undefined ? ranked : ranked.slice(0, numberOf(count(scope)));
  };
}
