/** What a subscription filter of CloudWatch Logs sends to a function. */
import { gunzipSync } from "node:zlib";

export interface LogsEvent {
  readonly awslogs: { readonly data: string };
}

export interface LogLine {
  /** Milliseconds. */
  readonly timestamp: number;
  readonly message: string;
}

export interface LogBatch {
  readonly logGroup: string;
  readonly logStream: string;
  readonly lines: readonly LogLine[];
}

/** Without lines when it is the control message by which CloudWatch Logs tries the way. */
export function logBatch({ awslogs }: LogsEvent): LogBatch {
  const text = gunzipSync(Buffer.from(awslogs.data, "base64")).toString("utf8");
  const { messageType, logGroup, logStream, logEvents } = JSON.parse(text) as {
    readonly messageType: string;
    readonly logGroup: string;
    readonly logStream: string;
    readonly logEvents: readonly LogLine[];
  };
  return { logGroup, logStream, lines: messageType === "DATA_MESSAGE" ? logEvents : [] };
}

type Members = Readonly<Record<string, unknown>>;

/** The members of a line that is a JSON object. */
export function membersOf(message: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}
