/**
 * What a pipe logs of an execution: a record for each step that its level lets through.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-logs.html
 */
import { includesData, type KnownPipe } from "../../services/pipes/index.js";
import { logGroupNameIn } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { partOf } from "./parameters.js";
import type { PipeServices } from "./services.js";

type Level = "ERROR" | "INFO" | "TRACE";
const RANK: Readonly<Record<string, number>> = { OFF: 0, ERROR: 1, INFO: 2, TRACE: 3 };

/** The table of that page; what is not here is TRACE. */
const ERRORS = /(?:Failed|Timeout)$/;
const INFOS: ReadonlySet<string> = new Set([
  "ExecutionStarted",
  "ExecutionSucceeded",
  "EnrichmentStageEntered",
  "EnrichmentStageSucceeded",
  "TargetStageEntered",
  "TargetStageSkipped",
  "TargetStageSucceeded",
]);

const levelOf = (step: string): Level => (ERRORS.test(step) ? "ERROR" : INFOS.has(step) ? "INFO" : "TRACE");

export interface LogOptions {
  readonly pipe: KnownPipe;
  readonly executionId: string;
  readonly services: Pick<PipeServices, "writeLog">;
  readonly clock: Clock;
  readonly log: Logger;
}

export class ExecutionLog {
  readonly #options: LogOptions;
  readonly #rank: number;
  readonly #groupName: string | undefined;
  readonly #events: { timestampMs: number; message: string }[] = [];
  #ended = false;

  constructor(options: LogOptions) {
    this.#options = options;
    const { logConfiguration } = options.pipe;
    const { LogGroupArn: arn } = partOf(logConfiguration, "CloudwatchLogsLogDestination");
    this.#groupName = typeof arn === "string" ? logGroupNameIn(arn) : undefined;
    this.#rank = this.#groupName === undefined ? 0 : (RANK[String(logConfiguration?.["Level"])] ?? 0);
  }

  /** `payload` is asked for where the pipe says that its data is to be logged. */
  step(step: string, payload?: () => unknown, error?: unknown): void {
    const level = levelOf(step);
    if (this.#ended || (RANK[level] ?? 0) > this.#rank) return;
    const { pipe, executionId, clock } = this.#options;
    const timestampMs = clock.now();
    const message = JSON.stringify({
      resourceArn: pipe.arn,
      timestamp: timestampMs,
      executionId,
      messageType: step,
      logLevel: level,
      ...(payload !== undefined && includesData(pipe) ? { payload: JSON.stringify(payload()) } : {}),
      ...(error === undefined ? {} : { error: { message: messageOf(error) } }),
    });
    this.#events.push({ timestampMs, message });
  }

  /** To be called once, at the end. Never rejects: a log that cannot be written holds nothing up. */
  async end(): Promise<void> {
    const { pipe, services, log } = this.#options;
    // An execution that took too long may go on behind its end.
    this.#ended = true;
    if (this.#groupName === undefined || this.#events.length === 0) return;
    const streamName = `${pipe.name}/${new Date(this.#events[0]?.timestampMs ?? 0).toISOString().slice(0, 10)}`;
    try {
      await services.writeLog(this.#groupName, streamName, this.#events);
    } catch (error) {
      log.warn({ pipe: pipe.name, logGroup: this.#groupName, reason: messageOf(error) }, "a pipe cannot write its log");
    }
  }
}
