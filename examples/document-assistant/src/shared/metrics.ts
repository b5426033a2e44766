/**
 * Metrics in embedded metric format: a line in the log that CloudWatch turns into numbers.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

export const NAMESPACE = "DocumentAssistant";

export interface Metric {
  readonly value: number;
  readonly unit: "Count" | "Milliseconds" | "None";
}

export const count = (value: number): Metric => ({ value, unit: "Count" });
export const milliseconds = (value: number): Metric => ({ value: Math.round(value), unit: "Milliseconds" });

/** One line; `context` is searchable in the log and makes no series. */
export function emitMetrics(
  dimensions: Readonly<Record<string, string>>,
  metrics: Readonly<Record<string, Metric>>,
  context: Readonly<Record<string, unknown>> = {},
): void {
  const values = Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value]));
  const line = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: Object.entries(metrics).map(([Name, { unit: Unit }]) => ({ Name, Unit })),
        },
      ],
    },
    ...context,
    ...dimensions,
    ...values,
  };
  // Not console.log: JSON logging would wrap the line.
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
