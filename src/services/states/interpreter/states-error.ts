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

/**
 * An expression of JSONata, or what it gave, cannot be used. The history has an `EvaluationFailed` of it; `location` is the
 * field (`Arguments/Input/name`). The run of states puts the state's name and event in front of the cause.
 */
export class QueryEvaluationError extends StatesError {
  readonly location: string | undefined;

  constructor(cause: string, location?: string) {
    super("States.QueryEvaluationError", cause);
    this.location = location;
  }
}
