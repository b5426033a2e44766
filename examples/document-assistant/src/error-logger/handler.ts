/** Function `error-logger`: writes what the others report as one line each, with a number for the alarm. Invoked asynchronously. */
import { isFields } from "../shared/json.js";
import { log } from "../shared/log.js";
import { count, emitMetrics } from "../shared/metrics.js";

const MEMBERS = [
  "source_lambda",
  "error_type",
  "error_message",
  "stack_trace",
  "request_id",
  "severity",
  "timestamp",
  "additional_context",
] as const;

export const handler = async (event: unknown): Promise<void> => {
  if (!isFields(event)) throw new TypeError("the report must be a JSON object");
  const report = Object.fromEntries(MEMBERS.map((member) => [member, event[member] ?? null]));
  log("ERROR", "reported", { report });
  emitMetrics(
    { Source: textOf(report["source_lambda"]), Severity: textOf(report["severity"]) },
    { ReportedErrors: count(1) },
  );
};

const textOf = (value: unknown): string => (typeof value === "string" && value !== "" ? value : "unknown");
