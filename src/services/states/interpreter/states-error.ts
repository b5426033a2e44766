/** What fails a state: the name that Retry and Catch look at, and the cause. */
export interface Failure {
  /** `States.Timeout`, `Lambda.ResourceNotFoundException`, or what a task said. A callback may leave it out. */
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/**
 * Something that a state cannot go on with. Where none of the classes below says otherwise, the run of states puts the state's
 * name and event in front of the cause, as AWS does for what is wrong with the data or the definition.
 */
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

/** The cause is complete as it stands: a task, a branch or a Fail state has said it. */
export class StateFailure extends StatesError {}

/** Ends the execution past every Retry and Catch. */
export class TerminalFailure extends StateFailure {}

/**
 * The time of a task is up. AWS gives no cause, and says `States.Timeout` of missed heartbeats, too; `States.HeartbeatTimeout`
 * in a retrier or catcher matches those.
 */
export class TaskTimeout extends StateFailure {
  readonly heartbeat: boolean;

  constructor(heartbeat: boolean) {
    super("States.Timeout");
    this.heartbeat = heartbeat;
  }
}
