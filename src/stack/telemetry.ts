/**
 * What a running stack keeps of its functions: log lines in CloudWatch Logs, the numbers of AWS/Lambda and AWS/SQS and
 * those in embedded metric lines in CloudWatch, and a word when an alarm changes. Lines are gathered for a moment and
 * stored together, off the path of the invocation. Embedded metrics count whoever wrote the line: a function, an API's access
 * log, PutLogEvents.
 * Metric names: AWS Lambda developer guide, "Types of metrics"; SQS developer guide, "Available CloudWatch metrics".
 */
import type { FunctionConfig } from "../config/function-config.js";
import type { LogRecord } from "../runtime/log-capture.js";
import type { InvocationObserver } from "../runtime/types.js";
import type { CloudWatchService, MetricInput } from "../services/cloudwatch/index.js";
import type { Gateway } from "../services/gateway.js";
import type { LogsService } from "../services/logs/index.js";
import type { SqsAdmin } from "../services/sqs/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { Bus } from "../shared/bus.js";
import type { Cancel, Clock } from "../shared/clock.js";
import { messageOf } from "../shared/errors.js";

const GATHER_MS = 50;
const QUEUE_PERIOD_MS = 60_000;
/** Most lines are done with after this one search. */
const EMF_MARK = '"_aws"';

interface Stream {
  readonly group: string;
  readonly name: string;
  readonly lines: { readonly timestampMs: number; readonly message: string }[];
}

export interface TelemetryOptions {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly bus: Bus;
  /** Whether the stack has queues at all: without them SQS is not loaded for its numbers. */
  readonly hasQueues: boolean;
  readonly notice: (text: string) => void;
}

export class StackTelemetry {
  readonly #options: TelemetryOptions;
  #streams = new Map<string, Stream>();
  /** Values of one metric within a second go as one: a busy function has thousands. */
  #metrics = new Map<string, MetricInput & { readonly values: number[] }>();
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> = Promise.resolve();
  #measuring: Promise<void> = Promise.resolve();
  readonly #stops: (() => void)[] = [];

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#stops.push(
      options.bus.on("AlarmChanged", ({ alarmName, state, reason }) =>
        options.notice(`alarm ${alarmName} is ${state}: ${reason}`),
      ),
      options.bus.on("LogWritten", ({ messages }) => this.#measure(messages)),
    );
    if (options.hasQueues) this.#everyMinute();
  }

  /** One log record of a function. */
  record(fn: FunctionConfig, logStream: string, { timeMs, text }: LogRecord): void {
    if (text === "") return;
    const key = `${fn.logging.logGroup}\n${logStream}`;
    const stream = this.#streams.get(key) ?? { group: fn.logging.logGroup, name: logStream, lines: [] };
    this.#streams.set(key, stream);
    stream.lines.push({ timestampMs: timeMs, message: text });
    this.#flushSoon();
  }

  /** Counts invocations: what the handler throws is an error here, though the platform's report says success. */
  readonly observer: InvocationObserver = {
    started: () => undefined,
    ended: (fn, _requestId, _request, outcome) => {
      // What could not be started at all is no invocation.
      if (!("result" in outcome)) return;
      const { functionError, report } = outcome.result;
      this.#add(fn, "Invocations", 1, "Count");
      this.#add(fn, "Errors", functionError === undefined ? 0 : 1, "Count");
      this.#add(fn, "Duration", report.durationMs, "Milliseconds");
      this.#flushSoon();
    },
    throttled: (fn) => {
      this.#add(fn, "Throttles", 1, "Count");
      this.#flushSoon();
    },
  };

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS).unref();
  }

  /** Stores what has been gathered; resolves when it is stored. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const streams = [...this.#streams.values()];
    const metrics = [...this.#metrics.values()];
    this.#streams = new Map();
    this.#metrics = new Map();
    this.#storing = this.#storing
      .then(() => this.#store(streams, metrics))
      .catch((error: unknown) => this.#options.notice(`log lines were lost: ${messageOf(error)}`));
    // Lines tell their metrics when they are stored.
    return this.#storing.then(() => this.#measuring);
  }

  async close(): Promise<void> {
    await this.flush();
    for (const stop of this.#stops.splice(0)) stop();
    await this.#measuring;
  }

  async #store(streams: readonly Stream[], metrics: readonly MetricInput[]): Promise<void> {
    if (streams.length === 0 && metrics.length === 0) return;
    const logs = (await this.#options.gateway.service("logs")) as LogsService;
    const cloudwatch = (await this.#options.gateway.service("cloudwatch")) as CloudWatchService;
    // At once: what is appended within one turn shares a commit.
    await Promise.all(streams.map(({ group, name, lines }) => logs.append(group, name, lines)));
    if (metrics.length > 0) await cloudwatch.putMetric(...metrics);
  }

  /**
   * Stores the metrics that lines carry. The header of the format is not required.
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Generation_PutLogEvents.html
   */
  #measure(messages: readonly string[]): void {
    const lines = messages.filter((message) => message.includes(EMF_MARK));
    if (lines.length === 0) return;
    const { gateway, notice } = this.#options;
    this.#measuring = this.#measuring
      .then(async () => {
        const cloudwatch = (await gateway.service("cloudwatch")) as CloudWatchService;
        await cloudwatch.putLogLines(lines);
      })
      .catch((error: unknown) => notice(`metrics in log lines were lost: ${messageOf(error)}`));
  }

  /** Of the present of the stack, which alarms look at; lines of a log have the machine's time. */
  #add(fn: FunctionConfig, name: string, value: number, unit: string): void {
    const timestampMs = Math.floor(this.#options.clock.now() / 1000) * 1000;
    const key = `${fn.name}\n${name}\n${timestampMs}`;
    const gathered = this.#metrics.get(key);
    if (gathered !== undefined) {
      gathered.values.push(value);
      return;
    }
    this.#metrics.set(key, {
      namespace: "AWS/Lambda",
      name,
      dimensions: { FunctionName: fn.name },
      values: [value],
      unit,
      timestampMs,
    });
  }

  /** Depths and ages of every queue, as SQS sends them once a minute. */
  #everyMinute(): void {
    let cancel: Cancel = () => undefined;
    const tick = (): void => {
      cancel = this.#options.clock.after(QUEUE_PERIOD_MS, () => {
        this.#measureQueues().catch((error: unknown) =>
          this.#options.notice(`the numbers of the queues could not be stored: ${messageOf(error)}`),
        );
        tick();
      });
    };
    tick();
    this.#stops.push(() => cancel());
  }

  async #measureQueues(): Promise<void> {
    const sqs = (await this.#options.gateway.service("sqs")) as EmbeddedService & SqsAdmin;
    const cloudwatch = (await this.#options.gateway.service("cloudwatch")) as CloudWatchService;
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
}
