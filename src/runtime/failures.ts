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
  return failure(
    "Sandbox.Timedout",
    `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`,
  );
}

/** The runtime process ended while it should have been working. */
export function exited(requestId: string, exit: ProcessExit): Failure {
  return failure(exitErrorType(exit), `RequestId: ${requestId} Error: ${describeExit(exit)}`);
}

export function exitErrorType({ kind }: ProcessExit): string {
  if (kind === "unstartable") return "Runtime.InvalidEntrypoint";
  return kind === "out-of-memory" ? "Runtime.OutOfMemory" : "Runtime.ExitError";
}

function describeExit(exit: ProcessExit): string {
  if (exit.kind === "unstartable") return exit.reason;
  if (exit.kind === "exit" && exit.code === 0) return "Runtime exited without providing a reason";
  return `Runtime exited with error: ${describeEnd(exit)}`;
}

function describeEnd(exit: ProcessExit): string {
  switch (exit.kind) {
    case "out-of-memory":
      return "signal: killed";
    case "signal":
      return `signal: ${exit.signal}`;
    case "unstartable":
      return exit.reason;
    case "exit":
      return `exit status ${exit.code}`;
  }
}

/** The runtime posted more than a response may hold. */
export function responseTooLarge(maxBytes: number = LAMBDA.responseBytes): Failure {
  return failure(
    "Function.ResponseSizeTooLarge",
    `Response payload size exceeded maximum allowed payload size (${maxBytes} bytes).`,
  );
}

/** The runtime closed the connection, or sent garbage, in the middle of a response. */
export function truncatedResponse(): Failure {
  return failure("Runtime.TruncatedResponse", "The response was cut short by the runtime.");
}

/** An extension ended, or said that it cannot work. The platform prints how its process ended. */
export function extensionFailed(requestId: string, errorType: string, exit: ProcessExit): Failure {
  return failure(
    errorType,
    `RequestId: ${requestId} Error: ${exit.kind === "exit" && exit.code === 0 ? "exit code 0" : describeEnd(exit)}`,
  );
}
