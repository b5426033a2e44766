/** What the history keeps: every invocation, and every event that might have started one. One JSON line each. */
import type { InvocationStatus } from "../../runtime/types.js";

/** An invocation as it is written: nothing in it costs a look into the event. */
export interface KeptInvocation {
  readonly kind: "invocation";
  /** The request id. */
  readonly id: string;
  readonly timeMs: number;
  readonly functionName: string;
  /** Source file without extension, and export: for functions that no template declares. */
  readonly handler?: string | undefined;
  /** JSON text, as the function received it. */
  readonly event: string;
  readonly status: InvocationStatus | "failed";
  readonly durationMs: number;
  readonly initDurationMs?: number | undefined;
  readonly maxMemoryUsedMb?: number | undefined;
  readonly errorType?: string | undefined;
  readonly errorMessage?: string | undefined;
  /** JSON text of the answer; cut when long. */
  readonly result: string;
  readonly logs: string;
}

/** The same as readers get it, with what its event and answer say. */
export interface InvocationRecord extends KeptInvocation {
  /** `s3`, `sqs`, `http`, `direct` ... as the event says. */
  readonly source: string;
  /** Bucket and key, queue, method and path: what tells one event from the next. */
  readonly subject: string;
  /** `statusCode` of an answer to a request over HTTP. */
  readonly httpStatus?: number;
}

/** An object event of S3. */
export interface ObjectRecord {
  readonly kind: "object";
  readonly id: string;
  readonly timeMs: number;
  /** `s3:ObjectCreated:Put` */
  readonly name: string;
  readonly bucket: string;
  readonly key: string;
  readonly sequencer: string;
}

/** A message that no filter of a mapping let through. Lambda deletes such messages without a word. */
export interface FilteredRecord {
  readonly kind: "filtered";
  /** The message's id. */
  readonly id: string;
  readonly timeMs: number;
  readonly queueArn: string;
  readonly functionName: string;
  readonly patterns: readonly string[];
  readonly body: string;
}

/** An execution of a state machine or durable function, at its end. */
export interface ExecutionRecord {
  readonly kind: "execution";
  readonly id: string;
  readonly timeMs: number;
  readonly executionArn: string;
  /** Of the machine or, where it is durable, the function. */
  readonly machineName: string;
  readonly durable?: true;
  /** `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED` or `STOPPED`. */
  readonly status: string;
  readonly durationMs: number;
  /** JSON text. */
  readonly input: string;
  /** JSON text; cut when long. */
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** Invocations that succeeded and are not kept, since so many ran. */
export interface LeftOutRecord {
  readonly kind: "left-out";
  readonly id: string;
  /** At the end of the second, or less, in which they ran. */
  readonly timeMs: number;
  readonly count: number;
}

export type HistoryRecord = InvocationRecord | ExecutionRecord | ObjectRecord | FilteredRecord | LeftOutRecord;
/** A line of the history on disk. */
export type KeptRecord = KeptInvocation | ExecutionRecord | ObjectRecord | FilteredRecord | LeftOutRecord;

export const failed = (record: HistoryRecord): boolean =>
  record.kind === "invocation"
    ? record.status !== "success"
    : record.kind === "execution" && record.status !== "SUCCEEDED";

/** Enough of an id to type. */
export const shortId = (id: string): string => id.slice(0, 8);

export const leftOutWords = ({ count }: LeftOutRecord): string =>
  `${count} more invocations succeeded within a second; their events are not kept`;
