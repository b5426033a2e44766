/**
 * The time that is left for a request, handed down from call to call. API Gateway gives up after 29 s whatever the function
 * may take, so a chain of synchronous calls must end before: each gets what the ones before it left.
 */

/** Under API Gateway's 29 s, with a second for the way. */
const GATEWAY_MS = 28_000;
/** Kept of a function's own time for its answer. */
const RESERVE_MS = 500;

export class Budget {
  readonly #endsAtMs: number;

  private constructor(remainingMs: number) {
    this.#endsAtMs = Date.now() + remainingMs;
  }

  /** Of a function behind API Gateway. */
  static ofRequest(remainingMs: number): Budget {
    return new Budget(Math.min(remainingMs - RESERVE_MS, GATEWAY_MS));
  }

  /** Of an asynchronous function: its own timeout. */
  static ofEvent(remainingMs: number): Budget {
    return new Budget(remainingMs - RESERVE_MS);
  }

  /** Of a library function: what its caller can spare, if that is less than its own. */
  static ofCall(remainingMs: number, callerMs: unknown): Budget {
    const own = remainingMs - RESERVE_MS;
    return new Budget(typeof callerMs === "number" ? Math.min(own, callerMs) : own);
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAtMs - Date.now());
  }

  /** A part of what is left, so that what comes after has something too. */
  share(part: number): Budget {
    return new Budget(this.remainingMs * part);
  }

  signal(): AbortSignal {
    return AbortSignal.timeout(Math.ceil(this.remainingMs));
  }
}
