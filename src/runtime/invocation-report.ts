/** The figures of one invocation: what the REPORT line, `platform.report` and the InvokeResult say. */
import type { Answer, InitEnd, InvokeEnd } from "./answer.js";
import { MEBIBYTE } from "../shared/aws-limits.js";
import type { PlatformEvent, Tracing } from "./platform-events.js";
import type { Span } from "./response-clock.js";
import type { InvocationReport, InvocationStatus } from "./types.js";

export interface ReportInputs {
  readonly requestId: string;
  readonly end: InvokeEnd | InitEnd;
  readonly answer: Answer;
  readonly durationMs: number;
  /** Cold invocations only. */
  readonly initDurationMs: number | undefined;
  readonly memoryMb: number;
  readonly peakBytes: number;
  readonly tmpUsedBytes: number | undefined;
}

export function makeReport(inputs: ReportInputs): InvocationReport {
  const { end, answer, memoryMb } = inputs;
  const status: InvocationStatus = end.kind === "timeout" ? "timeout" : answer.failed ? "error" : "success";
  const outOfMemory = end.kind === "exit" && end.exit.kind === "out-of-memory";
  return {
    requestId: inputs.requestId,
    durationMs: round(inputs.durationMs),
    // INIT is billed since August 2025; that the sum is rounded up once is not verified.
    billedDurationMs: Math.ceil(inputs.durationMs + (inputs.initDurationMs ?? 0)),
    memorySizeMb: memoryMb,
    maxMemoryUsedMb: outOfMemory ? memoryMb : Math.min(memoryMb, Math.ceil(inputs.peakBytes / MEBIBYTE)),
    status,
    initDurationMs: inputs.initDurationMs === undefined ? undefined : round(inputs.initDurationMs),
    errorType: answer.platformError,
    tmpUsedBytes: inputs.tmpUsedBytes,
  };
}

/** The runtime's part of an invocation is over. An error that the handler threw is a success of the platform's. */
export function runtimeDoneEvent(
  report: InvocationReport,
  producedBytes: number,
  tracing: Tracing | undefined,
  spans: readonly Span[] | undefined,
): PlatformEvent {
  const { requestId, durationMs } = report;
  const { status, errorType } = statusOf(report);
  return {
    type: "platform.runtimeDone",
    record: { requestId, status, errorType, metrics: { durationMs, producedBytes }, tracing, spans },
  };
}

export function reportEvent(report: InvocationReport, tracing: Tracing | undefined): PlatformEvent {
  const { requestId } = report;
  const { status, errorType } = statusOf(report);
  const metrics = {
    durationMs: report.durationMs,
    billedDurationMs: report.billedDurationMs,
    memorySizeMB: report.memorySizeMb,
    maxMemoryUsedMB: report.maxMemoryUsedMb,
    initDurationMs: report.initDurationMs,
  };
  return { type: "platform.report", record: { requestId, status, errorType, metrics, tracing } };
}

/** As the open platform code has it: `error` is what ended the environment, not what a handler threw. */
function statusOf({ status, errorType }: InvocationReport): {
  readonly status: "success" | "error" | "timeout";
  readonly errorType: string | undefined;
} {
  if (status === "timeout") return { status, errorType: undefined };
  return { status: errorType === undefined ? "success" : "error", errorType };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
