/** Failures with what a client is told of them: a status, a type, a readable message. */

export class RequestError extends Error {
  readonly statusCode: number;
  /** `error_type` of the answer. */
  readonly errorType: string;
  /** Further members of the answer. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(statusCode: number, errorType: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = errorType;
    this.statusCode = statusCode;
    this.errorType = errorType;
    this.details = details;
  }
}

/** In which way a library function failed. Each has another cause, and so another name and status. */
export type LibraryFailure =
  /** It answered another statusCode than 200. */
  | "status"
  /** It answered 200 with `success: false`. */
  | "refused"
  /** It threw, timed out or died: the header X-Amz-Function-Error. */
  | "function-error"
  /** Its answer is no JSON, or not in the envelope. */
  | "unreadable"
  /** Lambda did not run it: no such function, throttled, no connection. */
  | "unreachable"
  /** The payload is over Lambda's 6 MB: nothing is wrong with the library. */
  | "too-large"
  /** The time that the caller could spare was over. */
  | "late"
  /** It failed too often lately, and was not asked. */
  | "circuit-open";

const TOLD: Readonly<Record<LibraryFailure, readonly [statusCode: number, errorType: string]>> = {
  status: [502, "LibraryStatusError"],
  refused: [502, "LibraryRefusedError"],
  "function-error": [502, "LibraryFunctionError"],
  unreadable: [502, "LibraryUnreadableError"],
  unreachable: [503, "LibraryUnreachableError"],
  "too-large": [413, "RequestTooLargeException"],
  late: [504, "LibraryTimeoutError"],
  "circuit-open": [503, "CircuitOpenError"],
};

export class LibraryError extends RequestError {
  readonly library: string;
  readonly failure: LibraryFailure;
  /** Of the library's own answer, when it gave one. */
  readonly libraryStatus: number | undefined;
  /** The last lines of the library's log, when Lambda sent them. */
  readonly logTail: string | undefined;

  constructor(
    library: string,
    failure: LibraryFailure,
    message: string,
    more: { readonly libraryStatus?: number; readonly logTail?: string | undefined; readonly cause?: unknown } = {},
  ) {
    const [statusCode, errorType] = TOLD[failure];
    super(statusCode, errorType, `${library}: ${message}`, { library });
    if (more.cause !== undefined) this.cause = more.cause;
    this.library = library;
    this.failure = failure;
    this.libraryStatus = more.libraryStatus;
    this.logTail = more.logTail;
  }

  /** The same call will fail again: the library says that what it was given is wrong, or Lambda that it is too large. */
  get isFinal(): boolean {
    const status = this.libraryStatus ?? 0;
    return this.failure === "too-large" || (this.failure === "status" && status >= 400 && status < 500);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "Error");
