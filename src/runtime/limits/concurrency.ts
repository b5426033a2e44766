/**
 * Concurrency: a function with reserved concurrency is throttled beyond it, whatever its version; all others together
 * beyond the account's 1,000. Lambda never queues a synchronous call; it answers 429 with a reason and Retry-After.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
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

/** What is under way, this function's versions taken together, and all functions without a reservation. */
export interface Running {
  readonly ofFunction: number;
  readonly unreserved: number;
}

/** Throws when one more invocation beside those under way is more than the function may have. */
export function checkConcurrency({ ofFunction, unreserved }: Running, reserved: number | undefined): void {
  if (reserved !== undefined) {
    if (ofFunction >= reserved) throw new Throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
  } else if (unreserved >= LAMBDA.accountConcurrency) {
    throw new Throttled("ConcurrentInvocationLimitExceeded");
  }
}
