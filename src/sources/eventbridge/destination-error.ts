/** An API destination has not taken an event: why, and what of it decides on the next attempt. */
export class DestinationError extends Error {
  override readonly name = "DestinationError";
  /** `ERROR_CODE` of the dead letter. */
  readonly code: string;
  readonly final: boolean;
  /** Of the header Retry-After: the next attempt waits at least as long. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    more: { readonly code?: string; readonly final?: boolean; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(`Unable to invoke ApiDestination endpoint: ${message}`);
    this.code = more.code ?? "SDK_CLIENT_ERROR";
    this.final = more.final ?? false;
    this.retryAfterMs = more.retryAfterMs;
  }
}
