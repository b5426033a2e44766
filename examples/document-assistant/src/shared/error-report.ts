/**
 * Tells the error logger, asynchronously: Lambda takes the event and answers 202. Failures only; a logger that heard of each
 * success too would cost an invocation for every one of the others.
 */
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { lambdaClient } from "./clients.js";
import { LibraryError, messageOf, nameOf, RequestError } from "./errors.js";
import { functionName, log } from "./log.js";

export interface ErrorReport {
  readonly source_lambda: string;
  readonly error_type: string;
  readonly error_message: string;
  readonly stack_trace: string | undefined;
  readonly request_id: string;
  readonly severity: Severity;
  readonly timestamp: string;
  readonly additional_context: Readonly<Record<string, unknown>>;
}

export type Severity = "WARNING" | "ERROR" | "CRITICAL";

/** The logger must not hold up an answer. */
const PATIENCE_MS = 2000;

export async function reportError(
  error: unknown,
  requestId: string,
  severity: Severity = "ERROR",
  context: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const report: ErrorReport = {
    source_lambda: functionName(),
    error_type: error instanceof RequestError ? error.errorType : nameOf(error),
    error_message: messageOf(error),
    stack_trace: error instanceof Error ? error.stack : undefined,
    request_id: requestId,
    severity,
    timestamp: new Date().toISOString(),
    additional_context: {
      ...context,
      ...(error instanceof LibraryError
        ? { library: error.library, failure: error.failure, log_tail: error.logTail }
        : {}),
    },
  };
  log(severity === "WARNING" ? "WARN" : "ERROR", report.error_message, { ...report, stack_trace: undefined });
  const FunctionName = process.env["ERROR_LOGGER_FUNCTION"] ?? "";
  if (FunctionName === "") return;
  try {
    await lambdaClient().send(
      new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: JSON.stringify(report) }),
      { abortSignal: AbortSignal.timeout(PATIENCE_MS) },
    );
  } catch (cause) {
    // The line above is in this function's own log: nothing is lost but the copy.
    log("ERROR", "the error logger could not be told", { reason: messageOf(cause) });
  }
}
