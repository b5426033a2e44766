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
  /** `undefined` is printed as such before the first invocation, as on AWS. */
  requestId: string | undefined;
  tenantId: string | undefined;
}

export const logContext: LogContext = { requestId: undefined, tenantId: undefined };

/** Captured early so that user code that replaces `write` does not catch ours. */
const write = process.stdout.write.bind(process.stdout);

export function logsJson(environment: NodeJS.ProcessEnv): boolean {
  return environment["AWS_LAMBDA_LOG_FORMAT"]?.toUpperCase() === "JSON";
}

export function patchConsole(environment: NodeJS.ProcessEnv): void {
  const json = logsJson(environment);
  const least = json ? LEVELS.indexOf((environment["AWS_LAMBDA_LOG_LEVEL"]?.toUpperCase() ?? "TRACE") as Level) : 0;
  const print = json ? printJson : printText;
  const target = console as unknown as Record<string, (...args: unknown[]) => void>;
  for (const [method, level] of Object.entries(METHODS)) {
    target[method] = LEVELS.indexOf(level) < least ? () => undefined : (...args) => print(level, args);
  }
}

function printText(level: Level, args: unknown[]): void {
  const message = format(...args).replaceAll("\n", "\r");
  write(`${new Date().toISOString()}\t${logContext.requestId}\t${level}\t${message}\n`);
}

function printJson(level: Level, args: unknown[]): void {
  const line: Record<string, unknown> = { timestamp: new Date().toISOString(), level, requestId: logContext.requestId };
  if (logContext.tenantId !== undefined) line["tenantId"] = logContext.tenantId;
  if (args.length === 1) {
    line["message"] = args[0];
  } else {
    line["message"] = format(...args);
    const error = args.find((arg) => arg instanceof Error);
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
    return JSON.stringify({ ...line, message: format("%O", line["message"]) });
  }
}

function errorMembers(error: Error): Record<string, unknown> {
  return { errorType: error.constructor.name, errorMessage: error.message, stackTrace: error.stack?.split("\n") ?? [] };
}
