/** What the state machine sends: `s3_details` and `processing_options`. Not an event of S3: the machine makes it of one. */

export const PRIORITIES = ["high", "standard", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface FileDetails {
  readonly bucket: string;
  /** As it is, not encoded: EventBridge's form. */
  readonly key: string;
  readonly sizeBytes?: number;
  readonly etag?: string;
}

export interface ProcessingOptions {
  /** Several calls of the API at once. */
  readonly useAsync: boolean;
  /** Progress is kept after each batch; else after each row. */
  readonly useBatch: boolean;
  readonly priority: Priority;
  /** Rows in a batch; undefined = as many as the API answers in half a minute. */
  readonly batchSize: number | undefined;
  /** Reads the file piece by piece, so that no connection to S3 stands idle during slow calls. */
  readonly chunkedProcessing: boolean;
}

export interface Job {
  readonly file: FileDetails;
  readonly options: ProcessingOptions;
  readonly source?: string;
  readonly eventId?: string;
}

/** The same again will fail again: answered with status 400, and the machine parks the message. */
export class ValidationError extends Error {
  override readonly name = "ValidationError";
}

type Members = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const MAX_BATCH_SIZE = 1000;

export function parseRequest(event: unknown): Job {
  if (!isObject(event)) throw new ValidationError("the request is no JSON object");
  const { s3_details: file, processing_options: options = {}, source, id } = event;
  if (!isObject(file)) {
    const form = "Records" in event || "detail" in event ? "an event of S3" : "a request";
    throw new ValidationError(`${form} without s3_details: the state machine makes them of the event`);
  }
  if (!isObject(options)) throw new ValidationError("processing_options is no object");
  const size = file["size"];
  const etag = optionalText(file, "etag");
  return {
    file: {
      bucket: requiredText(file, "bucket"),
      key: requiredText(file, "key"),
      ...(typeof size === "number" ? { sizeBytes: size } : {}),
      ...(etag === undefined ? {} : { etag: etag.replaceAll('"', "") }),
    },
    options: {
      useAsync: flag(options, "use_async", true),
      useBatch: flag(options, "use_batch", true),
      priority: priorityOf(options["priority"] ?? "standard"),
      batchSize: batchSizeOf(options["batch_size"] ?? undefined),
      chunkedProcessing: flag(options, "chunked_processing", false),
    },
    ...(typeof source === "string" ? { source } : {}),
    ...(typeof id === "string" ? { eventId: id } : {}),
  };
}

function requiredText(from: Members, name: string): string {
  const value = optionalText(from, name);
  if (value === undefined || value === "") throw new ValidationError(`s3_details has no ${name}`);
  return value;
}

function optionalText(from: Members, name: string): string | undefined {
  const value = from[name] ?? undefined;
  if (value !== undefined && typeof value !== "string") throw new ValidationError(`s3_details.${name} is no text`);
  return value;
}

function flag(from: Members, name: string, fallback: boolean): boolean {
  const value = from[name] ?? fallback;
  if (typeof value !== "boolean") throw new ValidationError(`processing_options.${name} is neither true nor false`);
  return value;
}

function priorityOf(value: unknown): Priority {
  const found = PRIORITIES.find((one) => one === value);
  if (found === undefined) throw new ValidationError(`processing_options.priority is none of ${PRIORITIES.join(", ")}`);
  return found;
}

function batchSizeOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > MAX_BATCH_SIZE)
    throw new ValidationError(`processing_options.batch_size is no whole number from 1 to ${MAX_BATCH_SIZE}`);
  return value;
}
