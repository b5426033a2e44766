/**
 * Lines of Dynatrace's metric ingestion protocol: `key,dimension="value" payload time`.
 * https://docs.dynatrace.com/docs/extend-dynatrace/extend-metrics/reference/metric-ingestion-protocol
 */

export interface MetricLine {
  /** Made fit: see `keyOf`. */
  readonly key: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly payload: { readonly delta: number } | { readonly gauge: number } | Summary;
  /** Milliseconds. */
  readonly timeMs: number;
}

export interface Summary {
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
}

const MAX_VALUE_LENGTH = 250;

export function lineOf({ key, dimensions, payload, timeMs }: MetricLine): string {
  const shown = Object.entries(dimensions)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `,${dimensionKey(name)}=${quoted(value)}`);
  return `${keyOf(key)}${shown.join("")} ${payloadOf(payload)} ${timeMs}`;
}

function payloadOf(payload: MetricLine["payload"]): string {
  if ("delta" in payload) return `count,delta=${payload.delta}`;
  if ("gauge" in payload) return `gauge,${payload.gauge}`;
  const { min, max, sum, count } = payload;
  return `gauge,min=${min},max=${max},sum=${sum},count=${count}`;
}

/** Sections of letters, digits, `_` and `-`, the first of them beginning with a letter. */
const keyOf = (text: string): string => text.replace(/[^A-Za-z0-9_.-]/g, "_").replace(/^[^A-Za-z]+/, "");
const dimensionKey = (text: string): string => text.toLowerCase().replace(/[^a-z0-9_.:-]/g, "_");
const quoted = (text: string): string =>
  `"${text
    .slice(0, MAX_VALUE_LENGTH)
    .replace(/[\\"]/g, "\\$&")
    .replace(/[\r\n]+/g, " ")}"`;
