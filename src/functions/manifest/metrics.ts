/** One log line that CloudWatch turns into metrics. AWS: "Specification: Embedded metric format". */

const UNITS = {
  KeysListed: "Count",
  ManifestLines: "Count",
  ManifestBytes: "Bytes",
  QueueHighWater: "Count",
  PresignMs: "Milliseconds",
} as const;

export type Metrics = Readonly<Record<keyof typeof UNITS, number>>;

export function metricsLine(functionName: string, requestId: string, metrics: Metrics, now: Date): string {
  const directive = {
    Namespace: "Manifest",
    Dimensions: [["FunctionName"]],
    Metrics: Object.entries(UNITS).map(([Name, Unit]) => ({ Name, Unit })),
  };
  const embedded = { Timestamp: now.getTime(), CloudWatchMetrics: [directive] };
  return JSON.stringify({ _aws: embedded, FunctionName: functionName, RequestId: requestId, ...metrics });
}
