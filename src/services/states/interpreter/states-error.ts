/** What fails a state: the name that Retry and Catch look at, and the cause. */
export interface Failure {
  /** `States.Timeout`, `Lambda.ResourceNotFoundException`, or what a task said. A callback may leave it out. */
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

export class StatesError extends Error {
  override readonly name = "StatesError";
  readonly failure: Failure;

  constructor(error: string | undefined, cause?: string) {
    super(cause ?? error ?? "the task failed");
    this.failure = { error, cause };
  }
}
