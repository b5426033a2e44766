/** Reading metrics: GetMetricStatistics, GetMetricData with metric math, ListMetrics. */
import type { Clock } from "../../shared/clock.js";
import {
  booleanMember,
  numberMember,
  objectListMember,
  objectMember,
  stringListMember,
  stringMember,
  Violations,
} from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidCombination, invalidValue, validationError } from "./errors.js";
import { compileExpression, seriesOf, type Series } from "./expression.js";
import {
  checkViolations,
  dimensionList,
  dimensionsOf,
  pageOf,
  requiredNumber,
  requiredString,
  requiredTime,
  unitOf,
} from "./input.js";
import { isPercentile, STATISTICS, statisticOf } from "./statistics.js";
import { floorTo, type MetricIdentity, type MetricStore } from "./store.js";

const MAX_DATAPOINTS = 1440;
const MAX_QUERIES = 500;
const MAX_DATA_POINTS_PER_PAGE = 100_800;
const METRICS_PER_PAGE = 500;
const RECENT_MS = 3 * 3_600_000;

/** One entry of `MetricDataQueries`, or of the `Metrics` of an alarm. */
export interface MetricQuery {
  readonly id: string;
  readonly label: string | undefined;
  readonly returnData: boolean;
  readonly stat:
    | {
        readonly metric: MetricIdentity;
        readonly periodMs: number;
        readonly name: string;
        readonly unit: string | undefined;
      }
    | undefined;
  readonly expression: string | undefined;
  readonly periodMs: number | undefined;
}

export interface QueryResult {
  readonly query: MetricQuery;
  readonly series: Series;
}

export function checkPeriod(seconds: number, at: string): number {
  const fits = [1, 5, 10, 20, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0);
  if (!fits) throw invalidValue(`The parameter ${at} must be 1, 5, 10, 20, 30 or a multiple of 60.`);
  return seconds * 1000;
}

export function checkStatistic(name: string, at: string): string {
  if ((STATISTICS as readonly string[]).includes(name) || isPercentile(name)) return name;
  if (/^(p|tm|wm|tc|ts|pr)\d|^(TM|WM|TC|TS|PR)\(|^IQM$/i.test(name)) {
    throw invalidValue(`The value ${name} for parameter ${at} is not emulated by lambda-run.`);
  }
  throw invalidValue(`The value ${name} for parameter ${at} is invalid.`);
}

export function getMetricStatistics(store: MetricStore, input: JsonObject): JsonObject {
  const metric = identityOf(input, "");
  const startMs = requiredTime(input, "StartTime");
  const endMs = requiredTime(input, "EndTime");
  const periodMs = checkPeriod(requiredNumber(input, "Period"), "Period");
  const statistics = stringListMember(input, "Statistics") ?? [];
  const extended = stringListMember(input, "ExtendedStatistics") ?? [];
  const unit = unitOf(input, "");
  if (statistics.length === 0 && extended.length === 0) {
    throw invalidCombination("At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  }
  const violations = new Violations();
  for (const [index, name] of statistics.entries())
    violations.oneOf(name, `statistics.${index + 1}.member`, STATISTICS);
  checkViolations(violations);
  for (const name of extended) checkStatistic(name, "ExtendedStatistics");
  if (startMs >= endMs) throw invalidValue("The parameter StartTime must be less than the parameter EndTime.");
  const points = Math.ceil((endMs - startMs) / periodMs);
  if (points > MAX_DATAPOINTS) {
    throw invalidCombination(
      `You have requested up to ${points.toLocaleString("en-US")} datapoints, which exceeds the limit of ${MAX_DATAPOINTS.toLocaleString("en-US")}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    );
  }
  // Periods are counted from the start of the request, cut to its minute.
  const firstMs = floorTo(startMs, Math.min(periodMs, 60_000));
  const unitShown = unit ?? store.unitAt(metric, firstMs, endMs);
  const datapoints = [...store.buckets(metric, firstMs, endMs, periodMs, unit)].map(([timeMs, summary]) => ({
    Timestamp: timeMs / 1000,
    ...Object.fromEntries(statistics.map((name) => [name, statisticOf(summary, name)])),
    ...(extended.length > 0
      ? { ExtendedStatistics: Object.fromEntries(extended.map((name) => [name, statisticOf(summary, name)])) }
      : {}),
    Unit: unitShown,
  }));
  return { Label: metric.name, Datapoints: datapoints };
}

export function getMetricData(store: MetricStore, input: JsonObject): JsonObject {
  const queries = queriesOf(objectListMember(input, "MetricDataQueries") ?? [], "MetricDataQueries");
  const startMs = requiredTime(input, "StartTime");
  const endMs = requiredTime(input, "EndTime");
  const scanBy = stringMember(input, "ScanBy") ?? "TimestampDescending";
  const maxPoints = numberMember(input, "MaxDatapoints") ?? MAX_DATA_POINTS_PER_PAGE;
  const violations = new Violations();
  violations.oneOf(scanBy, "scanBy", ["TimestampDescending", "TimestampAscending"]);
  violations.range(maxPoints, "maxDatapoints", 1, MAX_DATA_POINTS_PER_PAGE);
  checkViolations(violations);
  if (startMs >= endMs) throw validationError("The parameter StartTime must be less than the parameter EndTime.");

  const results = evaluateQueries(store, queries, startMs, endMs);
  const flat = results.flatMap(({ query, series }) => {
    const points = [...series].sort(([left], [right]) =>
      scanBy === "TimestampAscending" ? left - right : right - left,
    );
    return points.map(([timeMs, value]) => ({ query, timeMs, value }));
  });
  const { items, NextToken } = pageOf(flat, stringMember(input, "NextToken"), maxPoints);
  const lastOnPage = items.at(-1)?.query;
  return {
    MetricDataResults: results.map(({ query, series }) => {
      const points = items.filter((item) => item.query === query);
      return {
        Id: query.id,
        Label: query.label ?? query.stat?.metric.name ?? query.id,
        Timestamps: points.map(({ timeMs }) => timeMs / 1000),
        Values: points.map(({ value }) => value),
        StatusCode: points.length < series.size && query === lastOnPage ? "PartialData" : "Complete",
      };
    }),
    ...(NextToken === undefined ? {} : { NextToken }),
    Messages: [],
  };
}

export function queriesOf(list: readonly JsonObject[], at: string): readonly MetricQuery[] {
  if (list.length === 0) throw validationError(`The parameter ${at} is required.`);
  if (list.length > MAX_QUERIES)
    throw validationError(`The collection ${at} must not have a size greater than ${MAX_QUERIES}.`);
  const ids = new Set<string>();
  return list.map((entry, index) => {
    const prefix = `${at}.member.${index + 1}.`;
    const id = requiredString(entry, "Id", `${prefix}Id`);
    if (!/^[a-z][A-Za-z0-9_]*$/.test(id))
      throw validationError(
        `The value ${id} for parameter ${prefix}Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
      );
    if (ids.has(id)) throw validationError(`The values for parameter Id in ${at} are not unique.`);
    ids.add(id);
    const metricStat = objectMember(entry, "MetricStat");
    const expression = stringMember(entry, "Expression");
    if ((metricStat === undefined) === (expression === undefined)) {
      throw validationError(`Exactly one of ${prefix}MetricStat and ${prefix}Expression must be specified.`);
    }
    if (entry["AccountId"] !== undefined)
      throw validationError(`The parameter ${prefix}AccountId is not emulated by lambda-run.`);
    const period = numberMember(entry, "Period");
    return {
      id,
      label: stringMember(entry, "Label"),
      returnData: booleanMember(entry, "ReturnData") ?? true,
      stat: metricStat === undefined ? undefined : metricStatOf(metricStat, `${prefix}MetricStat.`),
      expression,
      periodMs: period === undefined ? undefined : checkPeriod(period, `${prefix}Period`),
    };
  });
}

function metricStatOf(entry: JsonObject, at: string): NonNullable<MetricQuery["stat"]> {
  return {
    metric: identityOf(objectMember(entry, "Metric") ?? {}, `${at}Metric.`),
    periodMs: checkPeriod(requiredNumber(entry, "Period", `${at}Period`), `${at}Period`),
    name: checkStatistic(requiredString(entry, "Stat", `${at}Stat`), `${at}Stat`),
    unit: unitOf(entry, at),
  };
}

export function identityOf(input: JsonObject, at: string): MetricIdentity {
  return {
    namespace: requiredString(input, "Namespace", `${at}Namespace`),
    name: requiredString(input, "MetricName", `${at}MetricName`),
    dimensions: dimensionsOf(input, at),
  };
}

/**
 * The series of every query that returns data. Periods are counted from `originMs`, by default the epoch; a period
 * belongs to the answer when it starts within the time asked for.
 */
export function evaluateQueries(
  store: MetricStore,
  queries: readonly MetricQuery[],
  startMs: number,
  endMs: number,
  originMs = 0,
): readonly QueryResult[] {
  const known = new Map<string, Series>();
  const pending = new Set<string>();
  const byId = new Map(queries.map((query) => [query.id, query]));
  const stats = queries.filter((query) => query.stat !== undefined);
  const periodMs = Math.max(
    ...stats.map((query) => query.stat?.periodMs ?? 0),
    ...queries.map((query) => query.periodMs ?? 0),
    1000,
  );
  const align = (timeMs: number, step: number): number => originMs + floorTo(timeMs - originMs, step);

  const evaluate = (query: MetricQuery): Series => {
    const done = known.get(query.id);
    if (done !== undefined) return done;
    if (pending.has(query.id)) throw validationError(`The expression with id ${query.id} refers to itself.`);
    pending.add(query.id);
    const series = query.stat === undefined ? evaluateExpression(query) : readSeries(query.stat);
    pending.delete(query.id);
    known.set(query.id, series);
    return series;
  };
  const readSeries = ({ metric, periodMs: step, name, unit }: NonNullable<MetricQuery["stat"]>): Series => {
    const points: [number, number][] = [];
    for (const [timeMs, summary] of store.buckets(metric, align(startMs, step), endMs, step, unit)) {
      const value = statisticOf(summary, name);
      if (value !== undefined) points.push([timeMs, value]);
    }
    return new Map(points);
  };
  const evaluateExpression = (query: MetricQuery): Series => {
    const scope = {
      timestamps: () => periodsFrom(align(startMs, periodMs), endMs, periodMs),
      periodMs,
      lookup: (id: string) => {
        const target = byId.get(id);
        return target === undefined ? undefined : evaluate(target);
      },
      metrics: (part: string | undefined) =>
        stats.filter(({ id }) => part === undefined || id.includes(part)).map(evaluate),
    };
    return seriesOf(compileExpression(query.expression ?? ""), scope, query.id);
  };
  return queries.filter((query) => query.returnData).map((query) => ({ query, series: evaluate(query) }));
}

/** Starts of all periods. Only what fills gaps asks for them: a long time with little data in it is nothing to refuse. */
function periodsFrom(firstMs: number, endMs: number, periodMs: number): number[] {
  const count = Math.max(0, Math.ceil((endMs - firstMs) / periodMs));
  if (count > MAX_DATA_POINTS_PER_PAGE)
    throw validationError(
      `The expression would have ${count} datapoints, which exceeds the limit of ${MAX_DATA_POINTS_PER_PAGE}.`,
    );
  return Array.from({ length: count }, (_, index) => firstMs + index * periodMs);
}

export function listMetrics(store: MetricStore, clock: Clock, input: JsonObject): JsonObject {
  const namespace = stringMember(input, "Namespace");
  const name = stringMember(input, "MetricName");
  const recently = stringMember(input, "RecentlyActive");
  const violations = new Violations();
  violations.oneOf(recently, "recentlyActive", ["PT3H"]);
  checkViolations(violations);
  const filters = (objectListMember(input, "Dimensions") ?? []).map((entry, index) => ({
    name: requiredString(entry, "Name", `Dimensions.member.${index + 1}.Name`),
    value: stringMember(entry, "Value"),
  }));
  const metrics = store.metrics().filter(
    (metric) =>
      (namespace === undefined || metric.namespace === namespace) &&
      (name === undefined || metric.name === name) &&
      (recently === undefined || metric.lastMs >= clock.now() - RECENT_MS) &&
      filters.every((filter) => {
        const value = Object.hasOwn(metric.dimensions, filter.name) ? metric.dimensions[filter.name] : undefined;
        return value !== undefined && (filter.value === undefined || filter.value === value);
      }),
  );
  const { items, NextToken } = pageOf(metrics, stringMember(input, "NextToken"), METRICS_PER_PAGE);
  return {
    Metrics: items.map((metric) => ({
      Namespace: metric.namespace,
      MetricName: metric.name,
      Dimensions: dimensionList(metric.dimensions),
    })),
    ...(NextToken === undefined ? {} : { NextToken }),
  };
}
