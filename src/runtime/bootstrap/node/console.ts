/**
 * `console` as the Lambda runtimes patch it: one line per call, `ISO<TAB>requestId<TAB>LEVEL<TAB>message`, or one JSON
 * object when LoggingConfig says so. `process.stdout.write` stays as it is.
 */
import { format } from "node:util";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
type Level = (typeof LEVELS)[number];

const METHODS: Readonly<Record<string, Level>> = {
  trace: "TRACE",
  debug: "DEBUG",
  log: "INFO",
  info: "INFO",
  warn: "WARN",
  error: "ERROR",
  fatal: "FATAL",
};

export interface LogContext {
  /** Before the first invocation the older client prints `undefined`, the newer one `-`. */
  requestId: string | undefined;
  tenantId: string | undefined;
}

export const logContext: LogContext = { requestId: undefined, tenantId: undefined };

/** The newer client's word for "no invocation yet". */
const NO_REQUEST = "-";

/** Captured early so that user code that replaces `write` does not catch ours. */
const write = process.stdout.write.bind(process.stdout);

export function logsJson(environment: NodeJS.ProcessEnv): boolean {
  return environment["AWS_LAMBDA_LOG_FORMAT"]?.toUpperCase() === "JSON";
}

type Print = (level: Level, message: unknown, params: readonly unknown[]) => void;

/** Every method takes one message and parameters: without any the message is `undefined`, and printed as such. */
export function patchConsole(environment: NodeJS.ProcessEnv, modern: boolean): void {
  if (modern) logContext.requestId = NO_REQUEST;
  // A level that is none filters nothing.
  const least = LEVELS.indexOf(environment["AWS_LAMBDA_LOG_LEVEL"]?.toUpperCase() as Level);
  const print: Print = logsJson(environment) ? (...args) => printJson(...args, modern) : printText;
  const target = console as unknown as Record<string, (message?: unknown, ...params: unknown[]) => void>;
  for (const [method, level] of Object.entries(METHODS)) {
    target[method] =
      LEVELS.indexOf(level) < least ? () => undefined : (message, ...params) => print(level, message, params);
  }
}

const printText: Print = (level, message, params) => {
  const text = format(message, ...params).replaceAll("\n", "\r");
  write(`${new Date().toISOString()}\t${logContext.requestId}\t${level}\t${text}\n`);
};

function printJson(level: Level, message: unknown, params: readonly unknown[], modern: boolean): void {
  const line: Record<string, unknown> = { timestamp: new Date().toISOString(), level, requestId: logContext.requestId };
  if (logContext.tenantId !== undefined) line["tenantId"] = logContext.tenantId;
  if (params.length === 0) {
    line["message"] = message;
  } else {
    line["message"] = format(message, ...params);
    // The newer client looks for an error among the parameters only.
    const error = (modern ? params : [message, ...params]).find((value) => value instanceof Error);
    if (error instanceof Error) Object.assign(line, errorMembers(error));
  }
  write(`${stringify(line)}\n`);
}

function stringify(line: Record<string, unknown>): string {
  const replacer = (_key: string, value: unknown): unknown =>
    value instanceof Error ? Object.assign(errorMembers(value), value) : value;
  try {
    return JSON.stringify(line, replacer);
  } catch {
    // Cycles and BigInt: the text form is better than a lost line.
    return JSON.stringify({ ...line, message: format(line["message"]) });
  }
}

function errorMembers(error: Error): Record<string, unknown> {
  const stackTrace = typeof error.stack === "string" ? error.stack.split("\n") : [];
  const made = error.constructor as { readonly name?: string } | undefined;
  return { errorType: made?.name ?? "UnknownError", errorMessage: error.message, stackTrace };
}
