/**
 * What pipes reach of a stack. Each rejects with an AwsError for what the service answers with, and with anything else
 * when no answer came.
 */
import type { InvokeAnswer } from "../../runtime/types.js";
import type { QueueSender } from "../sqs/queue-sender.js";

export interface HttpCall {
  /** `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`, its `*` filled in. */
  readonly arn: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PipeServices {
  readonly queues: () => Promise<QueueSender>;
  readonly invoke: (functionArn: string, payload: string) => Promise<InvokeAnswer>;
  /** Asynchronously. */
  readonly enqueue: (functionArn: string, payload: string) => Promise<void>;
  readonly startExecution: (stateMachineArn: string, input: string) => Promise<void>;
  /** Of an Express machine, to its end. */
  readonly runExecution: (
    stateMachineArn: string,
    input: string,
  ) => Promise<{
    readonly status: string;
    readonly output?: string | undefined;
    readonly error?: string | undefined;
    readonly cause?: string | undefined;
  }>;
  readonly publish: (topicArn: string, message: string) => Promise<void>;
  /** As PutEvents takes entries and answers. */
  readonly putEvents: (entries: readonly Record<string, unknown>[]) => Promise<Readonly<Record<string, unknown>>>;
  /** Into a stream of Kinesis. */
  readonly putRecord: (
    streamArn: string,
    record: { readonly data: Buffer; readonly partitionKey: string },
  ) => Promise<void>;
  /** Into a group that is there. */
  readonly writeLog: (
    groupName: string,
    streamName: string,
    events: readonly { readonly timestampMs: number; readonly message: string }[],
  ) => Promise<void>;
  /** The body of the answer; a status that is no success rejects. */
  readonly callApi: (call: HttpCall) => Promise<string>;
}
