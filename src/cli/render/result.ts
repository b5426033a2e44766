/** The outcome of an invocation: the payload on stdout, or one JSON object, and the exit code that goes with it. */
import type { InvokeResult } from "../../runtime/types.js";
import { EXIT, type ExitCode } from "../../shared/errors.js";

/** Exit code of the CLI for what the function did. */
export function exitCodeOfResult(result: InvokeResult): ExitCode {
  if (result.report.status === "timeout") return EXIT.timeout;
  if (result.functionError === undefined) return EXIT.ok;
  return isLimit(result) ? EXIT.limit : EXIT.functionError;
}

/** ENOSPC, or EFBIG where no tmpfs bounds /tmp and a single file grows past its size. */
export const TMP_IS_FULL = /\b(ENOSPC|EFBIG)\b/;

/** Memory and payload are told by the platform; a full /tmp is an error that the handler passes on. */
function isLimit({ payload }: InvokeResult): boolean {
  const { errorType, errorMessage } = parseError(payload);
  return (
    errorType === "Runtime.OutOfMemory" ||
    errorType === "Function.ResponseSizeTooLarge" ||
    TMP_IS_FULL.test(errorMessage ?? "")
  );
}

interface ErrorPayload {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

function parseError(payload: Buffer): ErrorPayload {
  const value = parsePayload(payload);
  return typeof value === "object" && value !== null ? value : {};
}

/** JSON where it is JSON; a streamed or custom response is text. */
function parsePayload(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8")) as unknown;
  } catch {
    return payload.toString("utf8");
  }
}

/** `{status, payload, error, report, logs}`. */
export function resultJson(result: InvokeResult): Record<string, unknown> {
  const failed = result.functionError !== undefined;
  return {
    status: result.report.status,
    payload: failed ? null : parsePayload(result.payload),
    error: failed ? parsePayload(result.payload) : null,
    report: result.report,
    logs: result.logs,
  };
}
