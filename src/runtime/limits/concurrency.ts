/**
 * Concurrency: a function with reserved concurrency is throttled beyond it, every other one beyond the account's 1,000.
 * Lambda never queues a synchronous call; it answers 429 with a reason and Retry-After.
 */
import { LAMBDA } from "../../shared/aws-limits.js";

export type ThrottleReason = "ReservedFunctionConcurrentInvocationLimitExceeded" | "ConcurrentInvocationLimitExceeded";

/** The Lambda API answers it as TooManyRequestsException. */
export class Throttled extends Error {
  readonly reason: ThrottleReason;
  readonly retryAfterSeconds = 1;
  override readonly name = "Throttled";

  constructor(reason: ThrottleReason) {
    super("Rate Exceeded.");
    this.reason = reason;
  }
}

/** Throws when one more invocation beside `running` is more than the function may have. */
export function checkConcurrency(running: number, reserved: number | undefined): void {
  if (reserved !== undefined) {
    if (running >= reserved) throw new Throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
  } else if (running >= LAMBDA.accountConcurrency) {
    throw new Throttled("ConcurrentInvocationLimitExceeded");
  }
}
