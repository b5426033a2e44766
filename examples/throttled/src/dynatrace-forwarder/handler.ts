/**
 * Metrics to Dynatrace: those in log lines (`dt.metrics`) as they come, and once a minute those of queues, functions and the
 * machine out of CloudWatch. Lines that Dynatrace refuses while it takes the others go to the queue of failures: to send all of
 * them again would count the good ones twice.
 */
import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { logBatch, membersOf, type LogsEvent } from "../shared/log-batch.js";
import { postWithToken } from "../shared/post.js";
import { Token } from "../shared/token.js";
import { lineOf, type MetricLine } from "./lines.js";

const cloudwatch = new CloudWatchClient({});
const sqs = new SQSClient({});
const { DYNATRACE_URL = "", DYNATRACE_TOKEN_SECRET = "", FAILURES_URL, METRICS = "[]" } = process.env;
const token = new Token(DYNATRACE_TOKEN_SECRET);
const RETRY_BASE_MS = Number(process.env["RETRY_BASE_MS"] ?? 500);
const PREFIX = "s3_processor";
const PERIOD_SECONDS = 60;
const MAX_LINES = 1000;
/** Counted up; all else is measured. */
const MEASURED = new Set(["object_size", "process_duration"]);

/** `[namespace, name, dimension, value]`, as the template lists them. */
type Wanted = readonly [namespace: string, name: string, dimension: string, value: string];
const wanted = JSON.parse(METRICS) as readonly Wanted[];
const STATISTICS = { min: "Minimum", max: "Maximum", sum: "Sum", count: "SampleCount" } as const;

export async function handler(event: LogsEvent | { readonly time: string }): Promise<{ readonly lines: number }> {
  const lines = ("awslogs" in event ? fromLogs(event) : await fromCloudWatch(Date.parse(event.time))).map(lineOf);
  for (let from = 0; from < lines.length; from += MAX_LINES) await send(lines.slice(from, from + MAX_LINES));
  return { lines: lines.length };
}

function fromLogs(event: LogsEvent): MetricLine[] {
  return logBatch(event).lines.flatMap(({ timestamp: timeMs, message }) => {
    const { "dt.metrics": metrics, priority, action, "dt.cluster_id": cluster } = membersOf(message) ?? {};
    if (typeof metrics !== "object" || metrics === null) return [];
    const dimensions = { action: textOf(action), priority: textOf(priority), cluster: textOf(cluster) };
    return Object.entries(metrics).flatMap(([name, value]: [string, unknown]): MetricLine[] => {
      if (typeof value !== "number" || !Number.isFinite(value)) return [];
      const payload = MEASURED.has(name) ? { gauge: value } : { delta: value };
      return [{ key: `${PREFIX}.${name}`, dimensions, payload, timeMs }];
    });
  });
}

/** The last minute that is over. */
async function fromCloudWatch(nowMs: number): Promise<MetricLine[]> {
  const endMs = Math.floor(nowMs / 60_000) * 60_000;
  const queries = wanted.flatMap(([namespace, name, dimension, value], index): MetricDataQuery[] =>
    Object.entries(STATISTICS).map(([short, Stat]) => ({
      Id: `${short}${index}`,
      MetricStat: {
        Metric: { Namespace: namespace, MetricName: name, Dimensions: [{ Name: dimension, Value: value }] },
        Period: PERIOD_SECONDS,
        Stat,
      },
    })),
  );
  const { MetricDataResults: results = [] } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(endMs - PERIOD_SECONDS * 1000),
      EndTime: new Date(endMs),
      MetricDataQueries: queries,
    }),
  );
  const valueOf = (id: string): number | undefined => results.find(({ Id }) => Id === id)?.Values?.[0];
  return wanted.flatMap(([namespace, name, dimension, value], index): MetricLine[] => {
    const [min, max, sum, count] = ["min", "max", "sum", "count"].map((short) => valueOf(`${short}${index}`));
    if (min === undefined || max === undefined || sum === undefined || count === undefined) return [];
    const key = `${PREFIX}.${namespace.replace("/", ".").toLowerCase()}.${name}`;
    return [
      {
        key,
        dimensions: { [dimension]: value },
        payload: { min, max, sum, count },
        timeMs: endMs - PERIOD_SECONDS * 1000,
      },
    ];
  });
}

async function send(lines: readonly string[]): Promise<void> {
  const answer = await postWithToken(
    token,
    (value) => ({
      url: `${DYNATRACE_URL}/api/v2/metrics/ingest`,
      headers: { authorization: `Api-Token ${value}`, "content-type": "text/plain; charset=utf-8" },
      body: lines.join("\n"),
    }),
    RETRY_BASE_MS,
  );
  if (answer.status === 202) return;
  const refused = answer.status === 400 ? refusedLines(answer.text) : [];
  if (refused.length === 0) throw new Error(`Dynatrace answers ${answer.status}: ${answer.text.slice(0, 200)}`);
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: FAILURES_URL,
      MessageBody: JSON.stringify(refused.map(({ line, error }) => ({ line: lines[line - 1], error }))),
    }),
  );
}

function refusedLines(text: string): readonly { readonly line: number; readonly error: string }[] {
  const { error } = membersOf(text) ?? {};
  const { invalidLines = [] } = (error ?? {}) as {
    readonly invalidLines?: readonly { readonly line: number; readonly error: string }[];
  };
  return invalidLines;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
