/**
 * What does the work of Task states. The interpreter knows of no service: it says what is to be run and is told the result.
 */
import type { Json, JsonObject } from "../../../config/json.js";
import type { Failure } from "./states-error.js";

/** How the state waits for the end of its work. */
export type TaskPattern = "request-response" | "sync" | "sync:2" | "waitForTaskToken";

/** `Resource`, taken apart. */
export type TaskResource =
  /** The ARN of a function stands as the resource: input and result go through as they are. */
  | { readonly kind: "function"; readonly arn: string }
  | { readonly kind: "activity"; readonly arn: string }
  /** `arn:aws:states:::lambda:invoke.waitForTaskToken` is `lambda`, `invoke`; `aws-sdk:s3:getObject` is `aws-sdk:s3`, `getObject`. */
  | { readonly kind: "service"; readonly service: string; readonly action: string; readonly pattern: TaskPattern };

export interface TaskCall {
  readonly resource: TaskResource;
  /** The state's input after Parameters or Arguments. */
  readonly parameters: Json;
  /** Present where the work is to be ended by SendTaskSuccess or SendTaskFailure; it stands in the context, too. */
  readonly token: string | undefined;
  readonly executionArn: string;
  readonly heartbeatSeconds: number | undefined;
  readonly credentials: JsonObject | undefined;
}

/** One of the two messages of an HTTP call, as TestState shows it: all texts. */
export interface HttpMessage {
  readonly protocol: string;
  readonly headers: string;
  readonly body?: string;
  readonly method?: string;
  readonly url?: string;
  readonly statusCode?: string;
  readonly statusMessage?: string;
}

export interface HttpExchange {
  /** Without what a connection of EventBridge adds. */
  readonly request: HttpMessage;
  /** With it. */
  readonly revealedRequest: HttpMessage;
  /** Undefined when none came. */
  readonly response: HttpMessage | undefined;
}

/** What the history has of work under way. */
export interface TaskProgress {
  /** The call has been accepted; its end comes by itself (`.sync`, `.waitForTaskToken`). `output` is the call's answer. */
  submitted(output: Json): void;
  /** A worker has taken the activity. */
  started(workerName: string | undefined): void;
  /** Resets the time of HeartbeatSeconds. */
  heartbeat(): void;
  /** For TestState, which alone shows it: nobody else wants it to be written. */
  exchanged?(exchange: () => HttpExchange): void;
}

/**
 * The reason of an aborted signal when the process ends: the execution goes on in the next one, so what a task has begun
 * elsewhere is left alone.
 */
export const SUSPENDED: Failure = { error: undefined, cause: undefined };

export interface TaskRunner {
  /**
   * What AWS finds wrong with the parameters before it schedules the task, one sentence for each fault. The execution then
   * fails with `States.Runtime` and the cause "An error occurred while executing the state 'S' (entered at the event id
   * #2). The Parameters '{...}' could not be used to start the Task: [sentence, sentence]". Absent: nothing is checked.
   */
  faults?(resource: TaskResource, parameters: Json): Promise<readonly string[]>;
  /**
   * Resolves with the result. Rejects with StatesError when the work failed. `signal` aborts it: its time is up, or the
   * execution was stopped.
   */
  run(call: TaskCall, progress: TaskProgress, signal: AbortSignal): Promise<Json>;
}
