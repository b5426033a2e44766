/**
 * Asynchronous invocation, as services and sources ask for it: the event is kept durably, the caller does not wait for
 * the function. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
 */

export interface AsyncOptions {
  /** All attempts carry the same one; made when absent. */
  readonly requestId?: string;
  /** When it was accepted; now without it. */
  readonly enqueuedMs?: number;
  readonly qualifier?: string;
  /** Base64 of the client context. */
  readonly clientContext?: string;
  readonly traceHeader?: string;
}

export interface AsyncInvoker {
  /** Resolves when the event is kept: from then on it survives the end of this process. */
  enqueue(functionName: string, payload: Buffer, options?: AsyncOptions): Promise<void>;
}
