/**
 * What has become of a batch that a pipe could not hand over. "Customer invocation errors" count as tries of the source;
 * "internal errors" are tried again and do not.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-error-troubleshooting.html
 */
import { AwsError } from "../../services/kit/aws-error.js";

/** A call that was made and has failed: of these events alone, where they are known. */
export class BatchFailed extends Error {
  /** Ids; `all` when not even one is known to be through. */
  readonly failed: ReadonlySet<string> | "all";
  override readonly name = "BatchFailed";

  constructor(message: string, failed: ReadonlySet<string> | "all" = "all", cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.failed = failed;
  }
}

/** The pipe cannot go on at all: it stops, and says why. */
export class PipeMustStop extends Error {
  override readonly name = "PipeMustStop";
}

const TOO_MANY_REQUESTS = 429;

/** Throttles and faults of a service pass. */
const passes = (error: AwsError): boolean =>
  error.statusCode >= 500 ||
  error.statusCode === TOO_MANY_REQUESTS ||
  /Throttl|TooManyRequests|LimitExceeded/.test(error.code);

/** What a call rejected with, as the pipe takes it. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof AwsError) || passes(error)) return error;
  return new BatchFailed(`${error.code}: ${error.message}`, "all", error);
}
