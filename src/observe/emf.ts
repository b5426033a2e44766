/**
 * CloudWatch Embedded Metric Format: metrics that travel inside a log line.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * Pure: one line in, the metric values in it out. A part that breaks the format is left out, never an error: the line
 * is a log line first.
 */

const MAX_NAMESPACE_LENGTH = 1024;
const MAX_METRIC_NAME_LENGTH = 1024;
const MAX_METRICS_PER_DIRECTIVE = 100;
const MAX_VALUES_PER_METRIC = 100;
const MAX_DIMENSIONS_PER_SET = 30;
const MAX_DIMENSION_VALUE_LENGTH = 1024;

/** One metric of one dimension set. */
export interface EmfMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  /** `None` when the line names no unit. */
  readonly unit: string;
  readonly storageResolution: 1 | 60;
  readonly timestampMs: number;
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** The metrics of a log line: a JSON object, alone or after the text that Lambda puts before a message. */
export function parseEmf(line: string): EmfMetric[] {
  // Every log line of every function comes here: most are done with after this one search.
  if (!line.includes('"_aws"')) return [];
  const root = parseObject(line.slice(line.indexOf("{")));
  const metadata = root === undefined ? undefined : root["_aws"];
  if (root === undefined || !isRecord(metadata)) return [];
  const timestampMs = metadata["Timestamp"];
  const directives = metadata["CloudWatchMetrics"];
  if (typeof timestampMs !== "number" || !Array.isArray(directives)) return [];
  return directives.filter(isRecord).flatMap((directive) => metricsOf(root, directive, timestampMs));
}

function metricsOf(root: JsonRecord, directive: JsonRecord, timestampMs: number): EmfMetric[] {
  const namespace = directive["Namespace"];
  const definitions = directive["Metrics"];
  if (typeof namespace !== "string" || namespace === "" || namespace.length > MAX_NAMESPACE_LENGTH) return [];
  if (!Array.isArray(definitions) || definitions.length > MAX_METRICS_PER_DIRECTIVE) return [];
  const sets = dimensionSetsOf(root, directive["Dimensions"]);
  return definitions.filter(isRecord).flatMap((definition) => {
    const name = definition["Name"];
    if (typeof name !== "string" || name === "" || name.length > MAX_METRIC_NAME_LENGTH) return [];
    const values = valuesOf(own(root, name));
    if (values === undefined) return [];
    const unit = typeof definition["Unit"] === "string" ? definition["Unit"] : "None";
    const storageResolution = definition["StorageResolution"] === 1 ? 1 : 60;
    return sets.map((dimensions) => ({ namespace, name, dimensions, values, unit, storageResolution, timestampMs }));
  });
}

/** Each set makes a series of its own; a set whose members are missing or are no strings is left out. */
function dimensionSetsOf(root: JsonRecord, sets: unknown): Readonly<Record<string, string>>[] {
  if (!Array.isArray(sets) || sets.length === 0) return [{}];
  return sets.flatMap((keys: unknown) => {
    if (!Array.isArray(keys) || keys.length > MAX_DIMENSIONS_PER_SET) return [];
    const dimensions: [string, string][] = [];
    for (const key of keys as readonly unknown[]) {
      const value = typeof key === "string" ? own(root, key) : undefined;
      if (typeof key !== "string" || typeof value !== "string") return [];
      if (value === "" || value.length > MAX_DIMENSION_VALUE_LENGTH) return [];
      dimensions.push([key, value]);
    }
    return [Object.fromEntries(dimensions)];
  });
}

function valuesOf(target: unknown): readonly number[] | undefined {
  const values: unknown = typeof target === "number" ? [target] : target;
  if (!Array.isArray(values) || values.length === 0 || values.length > MAX_VALUES_PER_METRIC) return undefined;
  return values.every((value) => typeof value === "number") ? values : undefined;
}

/** Targets are members of the root object; a name like `toString` finds nothing. */
function own(root: JsonRecord, name: string): unknown {
  return Object.hasOwn(root, name) ? root[name] : undefined;
}

function parseObject(text: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
