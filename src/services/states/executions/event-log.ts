/**
 * The history as lines of CloudWatch Logs, for machines with a loggingConfiguration. Members and levels:
 * https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
 */
import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../../config/json.js";
import { logGroupNameIn } from "../../../shared/arn.js";
import { messageOf } from "../../../shared/errors.js";
import type { LoggingConfiguration } from "../admin.js";
import type { LogLine, RunContext } from "../run-context.js";
import type { HistoryEvent } from "../interpreter/history.js";

const FATAL: ReadonlySet<string> = new Set(["ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"]);
const ERROR = /(?:Failed|Aborted|TimedOut)$|^FailStateEntered$/;
/** What includeExecutionData leaves out. */
const DATA: ReadonlySet<string> = new Set(["input", "output", "parameters", "assignedVariables"]);

/** Of this process, so that two never write to one stream. */
const WRITER = randomBytes(4).toString("hex");

export interface LoggedExecution {
  readonly arn: string;
  readonly machineName: string;
  readonly redriveCount: number;
  readonly startMs: number;
}

export type EventLog = (event: HistoryEvent, timestampMs: number) => void;

/** Undefined where nothing is to be logged. */
export function eventLog(
  { writeLog, log }: Pick<RunContext, "writeLog" | "log">,
  logging: LoggingConfiguration,
  execution: LoggedExecution,
): EventLog | undefined {
  const group = logGroupNameIn(logging.logGroupArns[0] ?? "");
  if (writeLog === undefined || logging.level === "OFF" || group === undefined) return undefined;
  const stream = streamName(execution);
  let waiting: LogLine[] = [];
  const flush = (): void => {
    const lines = waiting;
    waiting = [];
    writeLog(group, stream, lines).catch((error: unknown) =>
      log.warn({ group, reason: messageOf(error) }, "the history of an execution could not be logged"),
    );
  };
  return (event, timestampMs) => {
    if (!isLogged(event.type, logging.level)) return;
    // One write for all events of a turn of the event loop.
    if (waiting.length === 0) queueMicrotask(flush);
    waiting.push({ timestampMs, message: lineOf(event, timestampMs, execution, logging.includeExecutionData) });
  };
}

function isLogged(type: string, level: LoggingConfiguration["level"]): boolean {
  return level === "ALL" || FATAL.has(type) || (level === "ERROR" && ERROR.test(type));
}

function lineOf(event: HistoryEvent, timestampMs: number, execution: LoggedExecution, data: boolean): string {
  const details = event.details?.[1] ?? {};
  return JSON.stringify({
    id: String(event.id),
    type: event.type,
    details: data ? details : withoutData(details),
    previous_event_id: String(event.previousEventId),
    event_timestamp: String(timestampMs),
    execution_arn: execution.arn,
    redrive_count: String(execution.redriveCount),
  });
}

export const withoutData = (details: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(details).filter(([name]) => !DATA.has(name)));

function streamName({ machineName, startMs }: LoggedExecution): string {
  const minute = new Date(startMs).toISOString().slice(0, 16).replace(/[T:]/g, "-");
  return `states/${machineName}/${minute}/${WRITER}`;
}
