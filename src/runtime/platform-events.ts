/**
 * What the platform says about an environment: one typed event for each thing that happens, printed as the text lines
 * (`START`, `END`, `REPORT` ...) or JSON lines of CloudWatch Logs, and sent as it is to Telemetry API subscribers.
 * Shapes: AWS Lambda developer guide, "Telemetry API Event schema reference", schema version 2022-12-13.
 */
import type { LoggingConfig } from "../config/function-config.js";
import type { Span } from "./response-clock.js";

export type InitPhase = "init" | "invoke";
export type PhaseStatus = "success" | "error" | "timeout";

interface Named<T extends string, R> {
  readonly type: T;
  readonly record: R;
}

export interface Tracing {
  readonly type: "X-Amzn-Trace-Id";
  readonly value: string;
}

export const tracingOf = (traceHeader: string | undefined): Tracing | undefined =>
  traceHeader === undefined ? undefined : { type: "X-Amzn-Trace-Id", value: traceHeader };

export type PlatformEvent =
  | Named<
      "platform.initStart",
      {
        readonly initializationType: "on-demand";
        readonly phase: InitPhase;
        /** A container image has none. */
        readonly runtimeVersion?: string;
        readonly runtimeVersionArn?: string;
        readonly functionName: string;
        readonly functionVersion: string;
      }
    >
  | Named<
      "platform.initRuntimeDone",
      {
        readonly initializationType: "on-demand";
        readonly phase: InitPhase;
        readonly status: PhaseStatus;
        readonly errorType?: string;
      }
    >
  | Named<
      "platform.initReport",
      {
        readonly initializationType: "on-demand";
        readonly phase: InitPhase;
        readonly status: PhaseStatus;
        readonly errorType?: string;
        readonly metrics: { readonly durationMs: number };
      }
    >
  | Named<
      "platform.start",
      { readonly requestId: string; readonly version: string; readonly tracing: Tracing | undefined }
    >
  | Named<
      "platform.runtimeDone",
      {
        readonly requestId: string;
        readonly status: PhaseStatus;
        readonly errorType: string | undefined;
        readonly metrics: { readonly durationMs: number; readonly producedBytes: number };
        readonly tracing: Tracing | undefined;
        /** Of a response; errors have none. */
        readonly spans: readonly Span[] | undefined;
      }
    >
  | Named<
      "platform.report",
      {
        readonly requestId: string;
        readonly status: PhaseStatus;
        readonly errorType: string | undefined;
        readonly metrics: ReportMetrics;
        readonly tracing: Tracing | undefined;
      }
    >
  | Named<
      "platform.extension",
      { readonly name: string; readonly state: string; readonly events: readonly string[]; readonly errorType?: string }
    >
  | Named<
      "platform.telemetrySubscription",
      { readonly name: string; readonly state: string; readonly types: readonly string[] }
    >
  | Named<
      "platform.logsDropped",
      { readonly droppedBytes: number; readonly droppedRecords: number; readonly reason: string }
    >;

export interface ReportMetrics {
  readonly durationMs: number;
  readonly billedDurationMs: number;
  readonly memorySizeMB: number;
  readonly maxMemoryUsedMB: number;
  readonly initDurationMs: number | undefined;
}

/** Order of the system log levels; INFO hides the init details, WARN all but failures (per-event levels unverified). */
const SYSTEM_LEVELS = { DEBUG: 0, INFO: 1, WARN: 2 } as const;

function levelOf(event: PlatformEvent): keyof typeof SYSTEM_LEVELS {
  switch (event.type) {
    case "platform.initRuntimeDone":
    case "platform.extension":
    case "platform.telemetrySubscription":
      return "DEBUG";
    case "platform.logsDropped":
      return "WARN";
    case "platform.initStart":
    case "platform.start":
      return "INFO";
    case "platform.initReport":
    case "platform.runtimeDone":
    case "platform.report":
      return event.record.status === "success" ? "INFO" : "WARN";
  }
}

/** The log lines of an event under the function's logging configuration; none when it is not logged. */
export function linesOf(event: PlatformEvent, timeMs: number, logging: LoggingConfig): readonly string[] {
  if (logging.format === "Text") return textLines(event);
  if (SYSTEM_LEVELS[levelOf(event)] < SYSTEM_LEVELS[logging.systemLogLevel]) return [];
  return [JSON.stringify({ time: new Date(timeMs).toISOString(), type: event.type, record: event.record })];
}

function textLines(event: PlatformEvent): readonly string[] {
  switch (event.type) {
    case "platform.initStart":
      const { runtimeVersion, runtimeVersionArn = "" } = event.record;
      if (runtimeVersion === undefined) return [];
      return [`INIT_START Runtime Version: ${runtimeVersion}\tRuntime Version ARN: ${runtimeVersionArn}`];
    case "platform.initReport": {
      const { metrics, phase, status, errorType } = event.record;
      // Printed only for an INIT that failed; otherwise REPORT carries the figure.
      if (status === "success") return [];
      return [
        `INIT_REPORT Init Duration: ${ms(metrics.durationMs)} ms\tPhase: ${phase}\tStatus: ${status}${errorColumn(errorType)}`,
      ];
    }
    case "platform.start":
      return [`START RequestId: ${event.record.requestId} Version: ${event.record.version}`];
    case "platform.runtimeDone":
      return [`END RequestId: ${event.record.requestId}`];
    case "platform.report":
      return [reportLine(event.record)];
    case "platform.extension":
      return [
        `EXTENSION\tName: ${event.record.name}\tState: ${event.record.state}\tEvents: [${event.record.events.join(", ")}]${errorColumn(event.record.errorType)}`,
      ];
    case "platform.telemetrySubscription":
      return [
        `TELEMETRY\tName: ${event.record.name}\tState: ${event.record.state}\tTypes: [${event.record.types.join(", ")}]`,
      ];
    case "platform.logsDropped":
      return [
        `LOGS_DROPPED\tRecords: ${event.record.droppedRecords}\tBytes: ${event.record.droppedBytes}\tReason: ${event.record.reason}`,
      ];
    case "platform.initRuntimeDone":
      return [];
  }
}

function reportLine(record: Extract<PlatformEvent, { type: "platform.report" }>["record"]): string {
  const { metrics } = record;
  const columns = [
    `REPORT RequestId: ${record.requestId}`,
    `Duration: ${ms(metrics.durationMs)} ms`,
    `Billed Duration: ${metrics.billedDurationMs} ms`,
    `Memory Size: ${metrics.memorySizeMB} MB`,
    `Max Memory Used: ${metrics.maxMemoryUsedMB} MB`,
  ];
  if (metrics.initDurationMs !== undefined) columns.push(`Init Duration: ${ms(metrics.initDurationMs)} ms`);
  // An error that the handler threw is the function's own affair: only what the platform ended gets a status.
  if (record.status === "success") columns.push("");
  // With a status the line ends with it, without one it ends with a tab.
  else columns.push(`Status: ${record.status}${errorColumn(record.errorType)}`);
  return columns.join("\t");
}

const ms = (value: number): string => value.toFixed(2);
const errorColumn = (errorType: string | undefined): string =>
  errorType === undefined ? "" : `\tError Type: ${errorType}`;
