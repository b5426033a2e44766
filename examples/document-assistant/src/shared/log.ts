/** Structured log lines: one JSON object each. Never the text of documents or questions. */

type Level = "INFO" | "WARN" | "ERROR";

export function log(level: Level, message: string, context: Readonly<Record<string, unknown>> = {}): void {
  const line = { level, message, timestamp: new Date().toISOString(), function: functionName(), ...context };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export const functionName = (): string => process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "local";
