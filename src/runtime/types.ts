/** What goes into one invocation and what comes out: the vocabulary of the runtime room. */
import type { FunctionConfig } from "../config/function-config.js";

export type InvocationStatus = "success" | "error" | "timeout";

/** The numbers of the REPORT line. */
export interface InvocationReport {
  readonly requestId: string;
  readonly durationMs: number;
  readonly billedDurationMs: number;
  readonly memorySizeMb: number;
  readonly maxMemoryUsedMb: number;
  /** Cold invocations only. */
  readonly initDurationMs?: number | undefined;
  readonly status: InvocationStatus;
  /** Platform error type (`Runtime.ExitError`, `Sandbox.Timedout` ...) when status is not success. */
  readonly errorType?: string | undefined;
  /** Bytes in /tmp after the invocation. */
  readonly tmpUsedBytes?: number | undefined;
}

export interface InvokeRequest {
  /** JSON text; passes through unparsed. */
  readonly payload: Buffer;
  readonly requestId?: string | undefined;
  /** Base64 of the client context, already checked for size. */
  readonly clientContext?: string | undefined;
  readonly cognitoIdentity?: string | undefined;
  /** Qualifier as the caller gave it; it shows in `invokedFunctionArn`. */
  readonly qualifier?: string | undefined;
  readonly traceHeader?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Receives a streamed response while it is produced; buffered handlers call it never. */
  readonly onStream?: ((stream: ResponseStreamHead) => ResponseStreamSink) | undefined;
}

export interface ResponseStreamHead {
  readonly contentType: string;
}

export interface ResponseStreamSink {
  write(chunk: Buffer): void | Promise<void>;
  end(error?: { readonly errorType: string; readonly errorMessage: string }): void;
}

/** What the caller gets of an invocation. */
export interface InvokeAnswer {
  readonly requestId: string;
  readonly executedVersion: string;
  /** Body of the answer: the handler's JSON, or the error object. */
  readonly payload: Buffer;
  /** `Unhandled` whenever the function failed. */
  readonly functionError?: "Unhandled" | undefined;
}

/**
 * Told of the handler's answer as soon as it is there, once at most: the invocation itself resolves when its report is
 * made, too. An answer of the platform (timeout, exit) comes with the result alone.
 */
export type OnAnswer = (answer: InvokeAnswer) => void;

export interface InvokeResult extends InvokeAnswer {
  readonly report: InvocationReport;
  /** START ... REPORT of this invocation, whole (bounded by the log limit). */
  readonly logs: string;
}

/** Told of every invocation, whoever asked for it: the history, the live log and tests listen here. */
export interface InvocationObserver {
  started(config: FunctionConfig, requestId: string, request: InvokeRequest): void;
  /** `outcome` is the result, or what `invoke` rejected with. */
  ended(config: FunctionConfig, requestId: string, request: InvokeRequest, outcome: InvocationOutcome): void;
  /** There was no room for it, so that it did not start. */
  throttled?(config: FunctionConfig): void;
}

export type InvocationOutcome = { readonly result: InvokeResult } | { readonly error: unknown };
