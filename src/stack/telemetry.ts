/**
 * # Metrics of functions, queues and state machines
 *
 * What a running stack keeps of its functions and machines: log lines in CloudWatch Logs, numbers and those in embedded
 * metric lines in CloudWatch, and a word when an alarm changes. Lines and numbers are gathered for a moment and stored
 * together, off the path of the invocation.
 *
 * Mimics: names, units and dimensions of the Lambda developer guide ("Types of metrics for Lambda functions"), of "Monitoring
 * Step Functions metrics using Amazon CloudWatch" and of "Available CloudWatch metrics for Amazon SQS", read in November 2026.
 *
 * Gaps:
 * - AWS/Lambda has Invocations, Errors, Duration, Throttles and ConcurrentExecutions by FunctionName; none by version or alias,
 *   none of asynchronous invocations (AsyncEventAge, DeadLetterErrors ...), of mappings (IteratorAge) and of the account
 * - AWS/States has ExecutionsStarted, -Succeeded, -Failed, -TimedOut, -Aborted and ExecutionTime by StateMachineArn; none of
 *   activities, functions and integrations
 * - AWS/SQS has the three depths and the age of the oldest message; none of what was sent, received and deleted
 * - AWS/S3, AWS/SNS, AWS/Events, AWS/ApiGateway and AWS/DynamoDB send nothing
 *
 * By design:
 * - Times are those of the stack's clock, so that alarms see what happened in virtual time
 *
 * Unverified:
 * - Throttles has a zero for each invocation that was not throttled
 */
import type { FunctionConfig } from "../config/function-config.js";
import type { LogRecord } from "../runtime/log-capture.js";
import type { InvocationObserver } from "../runtime/types.js";
import type { CloudWatchService, MetricInput } from "../services/cloudwatch/index.js";
import type { Gateway } from "../services/gateway.js";
import type { LogsService } from "../services/logs/index.js";
import { arnOf, type Realm } from "../shared/arn.js";
import type { Bus, EndedExecution } from "../shared/bus.js";
import { VirtualClock, type Clock } from "../shared/clock.js";
import { messageOf } from "../shared/errors.js";
import type { Activity } from "./activity.js";
import { MetricGatherer, type GatheredMetric } from "./metric-gatherer.js";
import { measureQueues } from "./queue-metrics.js";

const GATHER_MS = 50;
/** Numbers are stored in every so many rounds of lines: nobody looks for one of this moment, and each time costs rows. */
const METRIC_ROUNDS = 5;
/** Most lines are done with after this one search. */
const EMF_MARK = '"_aws"';
interface FunctionMetrics {
  /** Invocations under way. */
  running: number;
  readonly concurrentExecutions: GatheredMetric;
  readonly invocations: GatheredMetric;
  readonly errors: GatheredMetric;
  readonly throttles: GatheredMetric;
  readonly duration: GatheredMetric;
}

interface MachineMetrics {
  readonly started: GatheredMetric;
  /** By the status of the end. */
  readonly ends: ReadonlyMap<string, GatheredMetric>;
  readonly time: GatheredMetric;
}

interface Stream {
  readonly group: string;
  readonly name: string;
  readonly lines: { readonly timestampMs: number; readonly message: string }[];
}

export interface TelemetryOptions {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly activity: Activity;
  readonly realm: Realm;
  /** Whether the stack has queues at all: without them SQS is not loaded for its numbers. */
  readonly hasQueues: boolean;
  readonly notice: (text: string) => void;
}

export class StackTelemetry {
  readonly #options: TelemetryOptions;
  readonly #metrics = new MetricGatherer();
  readonly #functions = new Map<string, FunctionMetrics>();
  readonly #machines = new Map<string, MachineMetrics>();
  #streams = new Map<string, Stream>();
  #timer: NodeJS.Timeout | undefined;
  #rounds = 0;
  /** Tells that what was gathered is stored. */
  #stored: () => void = () => undefined;
  #storing: Promise<void> = Promise.resolve();
  /** Metrics in lines. */
  #measuring: Promise<void> = Promise.resolve();
  readonly #stops: (() => void)[] = [];

  constructor(options: TelemetryOptions) {
    this.#options = options;
    const { bus, gateway, clock, notice } = options;
    this.#stops.push(
      bus.on("AlarmChanged", ({ alarmName, state, reason }) => notice(`alarm ${alarmName} is ${state}: ${reason}`)),
      bus.on("ExecutionStarted", ({ machineName }) => this.#add(this.#machine(machineName).started, 1)),
      bus.on("ExecutionEnded", (execution) => this.#executionEnded(execution)),
      bus.on("LogWritten", ({ messages }) => this.#measure(messages)),
    );
    if (options.hasQueues) this.#stops.push(measureQueues(gateway, clock, notice));
  }

  readonly observer: InvocationObserver = {
    started: (fn) => {
      const metrics = this.#function(fn);
      metrics.running += 1;
      this.#add(metrics.concurrentExecutions, metrics.running);
    },
    ended: (fn, _requestId, _request, outcome) => {
      const metrics = this.#function(fn);
      metrics.running -= 1;
      if (!("result" in outcome)) return;
      const { functionError, report } = outcome.result;
      this.#add(metrics.invocations, 1);
      // The report calls it a success when a handler throws; the metric counts it.
      this.#add(metrics.errors, functionError === undefined ? 0 : 1);
      this.#add(metrics.throttles, 0);
      this.#add(metrics.duration, report.durationMs);
    },
    throttled: (fn) => this.#add(this.#function(fn).throttles, 1),
  };

  /** One log record of a function. */
  record(fn: FunctionConfig, logStream: string, { text }: LogRecord): void {
    if (text === "") return;
    const key = `${fn.logging.logGroup}\n${logStream}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = { group: fn.logging.logGroup, name: logStream, lines: [] };
      this.#streams.set(key, stream);
    }
    stream.lines.push({ timestampMs: this.#options.clock.now(), message: text });
    this.#storeSoon();
  }

  /** Stores what has been gathered; resolves when it is stored. */
  flush(): Promise<void> {
    return this.#flush(this.#metrics.take());
  }

  #flush(metrics: readonly MetricInput[]): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const streams = [...this.#streams.values()];
    const stored = this.#stored;
    this.#streams = new Map();
    this.#stored = () => undefined;
    this.#storing = this.#storing
      .then(() => this.#store(streams, metrics))
      .catch((error: unknown) => this.#options.notice(`log lines were lost: ${messageOf(error)}`))
      .finally(stored);
    return this.#storing;
  }

  #round(): void {
    this.#rounds += 1;
    if (this.#rounds % METRIC_ROUNDS === 0) return void this.flush();
    void this.#flush([]);
    if (!this.#metrics.isEmpty) this.#storeSoon();
  }

  async close(): Promise<void> {
    await this.flush();
    for (const stop of this.#stops.splice(0)) stop();
    await this.#measuring;
  }

  /** In virtual time at once, and time stands still meanwhile: alarms and subscribers see it at the time it is of. */
  #storeSoon(): void {
    if (this.#timer !== undefined) return;
    const { clock, activity } = this.#options;
    const isVirtual = clock instanceof VirtualClock;
    if (isVirtual) this.#stored = activity.begin();
    this.#timer = isVirtual
      ? setTimeout(() => void this.flush(), 0).unref()
      : setTimeout(() => this.#round(), GATHER_MS).unref();
  }

  async #store(streams: readonly Stream[], metrics: readonly MetricInput[]): Promise<void> {
    if (streams.length === 0 && metrics.length === 0) return;
    const { gateway } = this.#options;
    if (streams.length > 0) {
      const logs = (await gateway.service("logs")) as LogsService;
      // At once: what is appended within one turn shares a commit.
      await Promise.all(streams.map(({ group, name, lines }) => logs.append(group, name, lines)));
      // Lines tell their metrics when they are stored.
      await this.#measuring;
    }
    if (metrics.length > 0) await ((await gateway.service("cloudwatch")) as CloudWatchService).putMetric(...metrics);
  }

  /**
   * Stores the metrics that lines carry, whoever wrote them: a function, an API's access log, PutLogEvents. The header of the
   * format is not required.
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

  #executionEnded({ machineName, status, startMs, stopMs, durable }: EndedExecution): void {
    // Those of durable functions have metrics of their own, which are not made here.
    if (durable === true) return;
    const { ends, time } = this.#machine(machineName);
    const end = ends.get(status);
    if (end !== undefined) this.#add(end, 1);
    this.#add(time, stopMs - startMs);
  }

  #add(metric: GatheredMetric, value: number): void {
    this.#metrics.add(metric, value, this.#options.clock.now());
    this.#storeSoon();
  }

  #function({ name }: FunctionConfig): FunctionMetrics {
    let metrics = this.#functions.get(name);
    if (metrics === undefined) {
      const of = metricsOf("AWS/Lambda", { FunctionName: name });
      metrics = {
        running: 0,
        concurrentExecutions: of("ConcurrentExecutions"),
        invocations: of("Invocations"),
        errors: of("Errors"),
        throttles: of("Throttles"),
        duration: of("Duration", "Milliseconds"),
      };
      this.#functions.set(name, metrics);
    }
    return metrics;
  }

  #machine(name: string): MachineMetrics {
    let metrics = this.#machines.get(name);
    if (metrics === undefined) {
      const of = metricsOf("AWS/States", { StateMachineArn: arnOf.stateMachine(this.#options.realm, name) });
      metrics = {
        started: of("ExecutionsStarted"),
        ends: new Map([
          ["SUCCEEDED", of("ExecutionsSucceeded")],
          ["FAILED", of("ExecutionsFailed")],
          ["TIMED_OUT", of("ExecutionsTimedOut")],
          ["ABORTED", of("ExecutionsAborted")],
        ]),
        time: of("ExecutionTime", "Milliseconds"),
      };
      this.#machines.set(name, metrics);
    }
    return metrics;
  }
}

function metricsOf(namespace: string, dimensions: GatheredMetric["dimensions"]) {
  return (name: string, unit = "Count"): GatheredMetric => ({ namespace, name, dimensions, unit, open: undefined });
}
