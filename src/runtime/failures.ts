/**
 * The bodies that a caller gets when the platform, not the handler, says that an invocation failed.
 * Texts as recorded on AWS (Nov 2025) and from the open platform code; the runtime's fidelity card names the
 * unverified ones.
 */
import { LAMBDA } from "../shared/aws-limits.js";
import type { ProcessExit } from "./sandbox/sandbox.js";

export interface Failure {
  readonly errorType: string;
  readonly payload: Buffer;
}

function failure(errorType: string, errorMessage: string): Failure {
  return { errorType, payload: Buffer.from(JSON.stringify({ errorType, errorMessage })) };
}

/** The function, its init included, outlived its timeout. AWS prints the configured seconds with two decimals. */
export function timedOut(requestId: string, timeoutSeconds: number): Failure {
  return failure("Sandbox.Timedout", `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
}

/** The runtime process ended while it should have been working. */
export function exited(requestId: string, exit: ProcessExit): Failure {
  const errorType = exit.kind === "out-of-memory" ? "Runtime.OutOfMemory" : "Runtime.ExitError";
  return failure(errorType, `RequestId: ${requestId} Error: ${describeExit(exit)}`);
}

function describeExit(exit: ProcessExit): string {
  switch (exit.kind) {
    case "out-of-memory":
      return "Runtime exited with error: signal: killed";
    case "signal":
      return `Runtime exited with error: signal: ${SIGNAL_NAMES[exit.signal] ?? exit.signal.replace(/^SIG/, "").toLowerCase()}`;
    case "exit":
      return exit.code === 0 ? "Runtime exited without providing a reason" : `Runtime exited with error: exit status ${exit.code}`;
  }
}

/** Signals as Go's os package names them, which is what AWS prints. */
const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGABRT: "aborted",
  SIGTERM: "terminated",
  SIGINT: "interrupt",
  SIGHUP: "hangup",
  SIGQUIT: "quit",
  SIGILL: "illegal instruction",
  SIGTRAP: "trace/breakpoint trap",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGPIPE: "broken pipe",
  SIGALRM: "alarm clock",
  SIGUSR1: "user defined signal 1",
  SIGUSR2: "user defined signal 2",
};

/** The runtime posted more than a response may hold. */
export function responseTooLarge(): Failure {
  return failure(
    "Function.ResponseSizeTooLarge",
    `Response payload size exceeded maximum allowed payload size (${LAMBDA.responseBytes} bytes).`,
  );
}

/** The runtime closed the connection, or sent garbage, in the middle of a response. */
export function truncatedResponse(): Failure {
  return failure("Runtime.TruncatedResponse", "The response was cut short by the runtime.");
}

export function extensionFailed(errorType: string, requestId: string, message: string): Failure {
  return failure(errorType, `RequestId: ${requestId} Error: ${message}`);
}
