/**
 * One JSON object a line, in the form that Splunk and Dynatrace read. Never the event itself: file names and rows are other
 * people's data, and a line has an end. Printed bare: console.log puts a prefix before it that no filter pattern of JSON fits.
 */
import type { FileDetails, Job, Priority } from "./request.js";

export type Action = "lambda_start" | "processing_start" | "process_complete" | "validation_error" | "lambda_error";

/** Members of `dt.metrics`. */
export type Metrics = Readonly<
  Partial<
    Record<
      | "object_size"
      | "process_start"
      | "process_success"
      | "process_duration"
      | "rows_processed"
      | "validation_error"
      | "processing_error",
      number
    >
  >
>;

const LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
type Level = (typeof LEVELS)[number];
const SOURCETYPE = "lambda:s3_processor";
const MAX_TEXT_LENGTH = 1024;

const IS_FAILURE: Readonly<Record<Action, boolean>> = {
  lambda_start: false,
  processing_start: false,
  process_complete: false,
  validation_error: true,
  lambda_error: true,
};

export interface Line {
  readonly action: Action;
  readonly requestId: string;
  readonly job?: Job | undefined;
  readonly metrics?: Metrics;
  readonly error?: Error;
}

export function log(line: Line, env: NodeJS.ProcessEnv = process.env): void {
  const level: Level = IS_FAILURE[line.action] ? "ERROR" : line.action === "lambda_start" ? "DEBUG" : "INFO";
  const least = LEVELS.findIndex((one) => one === (env["LOG_LEVEL"] ?? "INFO").toUpperCase());
  if (LEVELS.indexOf(level) < least) return;
  process.stdout.write(`${JSON.stringify(shown(line, level, env))}\n`);
}

function shown({ action, requestId, job, metrics, error }: Line, level: Level, env: NodeJS.ProcessEnv): object {
  const file: Partial<FileDetails> = job?.file ?? {};
  const priority: Priority | undefined = job?.options.priority;
  return {
    timestamp: new Date().toISOString(),
    level,
    action,
    request_id: requestId,
    bucket: file.bucket,
    key: cut(file.key),
    size: file.sizeBytes,
    etag: file.etag,
    source: cut(job?.source),
    event_id: cut(job?.eventId),
    priority,
    ...(error === undefined ? {} : { error_type: error.name, error_message: cut(error.message) }),
    ...(metrics === undefined ? {} : { "dt.metrics": metrics }),
    ...(env["DT_CUSTOM_PROP"] ? { "dt.custom_prop": env["DT_CUSTOM_PROP"] } : {}),
    ...(env["DT_CLUSTER_ID"] ? { "dt.cluster_id": env["DT_CLUSTER_ID"] } : {}),
    "splunk.index": env["SPLUNK_INDEX"] ?? "s3_processor",
    "splunk.sourcetype": IS_FAILURE[action] ? `${SOURCETYPE}:error` : SOURCETYPE,
  };
}

const cut = (text: string | undefined): string | undefined => text?.slice(0, MAX_TEXT_LENGTH);
