/**
 * Depths and ages of every queue, as SQS sends them once a minute.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
import type { CloudWatchService, MetricInput } from "../services/cloudwatch/index.js";
import type { Gateway } from "../services/gateway.js";
import type { EmbeddedService } from "../services/service.js";
import type { SqsAdmin } from "../services/sqs/index.js";
import type { Cancel, Clock } from "../shared/clock.js";
import { messageOf } from "../shared/errors.js";

const PERIOD_MS = 60_000;

/** Begins; returns the way to stop. */
export function measureQueues(gateway: Gateway, clock: Clock, notice: (text: string) => void): Cancel {
  let cancel: Cancel = () => undefined;
  const tick = (): void => {
    cancel = clock.after(PERIOD_MS, () => {
      measure(gateway).catch((error: unknown) =>
        notice(`the numbers of the queues could not be stored: ${messageOf(error)}`),
      );
      tick();
    });
  };
  tick();
  return () => cancel();
}

async function measure(gateway: Gateway): Promise<void> {
  const sqs = (await gateway.service("sqs")) as EmbeddedService & SqsAdmin;
  const cloudwatch = (await gateway.service("cloudwatch")) as CloudWatchService;
  for (const { name } of sqs.queues()) {
    const { visible, inFlight, delayed, oldestAgeMs = 0 } = await sqs.depths(name);
    const dimensions = { QueueName: name };
    const metric = (metricName: string, value: number, unit: string): MetricInput => ({
      namespace: "AWS/SQS",
      name: metricName,
      dimensions,
      values: [value],
      unit,
    });
    await cloudwatch.putMetric(
      metric("ApproximateNumberOfMessagesVisible", visible, "Count"),
      metric("ApproximateNumberOfMessagesNotVisible", inFlight, "Count"),
      metric("ApproximateNumberOfMessagesDelayed", delayed, "Count"),
      metric("ApproximateAgeOfOldestMessage", oldestAgeMs / 1000, "Seconds"),
    );
  }
}
