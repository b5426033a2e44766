/**
 * Runs one execution of a state machine from its input to its end. Pure: definition, input, clock and task runner go in,
 * history and end come out; nothing here knows of a service, a file or a socket.
 */
import type { Json, JsonObject } from "../../../config/json.js";
import type { Clock } from "../../../shared/clock.js";
import type { Definition } from "./definition.js";
import type { HistorySink } from "./history.js";
import type { MapRuns } from "./map-runs.js";
import type { Variables } from "./scope.js";
import type { Failure } from "./states-error.js";
import type { TaskRunner } from "./task-runner.js";

/** Where an execution goes on after this process was ended: the state at the top that it was in starts anew. */
export interface Checkpoint {
  readonly stateName: string;
  readonly input: Json;
  readonly variables: Variables;
  readonly lastEventId: number;
}

export interface ExecutionRequest {
  readonly definition: Definition;
  readonly input: Json;
  /** `Execution` and `StateMachine` of the context object; `State`, `Task` and `Map` are filled in. */
  readonly context: JsonObject;
  readonly clock: Clock;
  readonly tasks: TaskRunner;
  readonly history: HistorySink;
  /** Aborted by StopExecution; its reason is a `Failure`. */
  readonly signal: AbortSignal;
  /** Told at each state of the top that is entered. */
  readonly checkpoint?: ((checkpoint: Checkpoint) => void) | undefined;
  readonly resume?: Checkpoint | undefined;
  /** Absent where there can be no distributed Map (child executions of one, TestState). */
  readonly mapRuns?: MapRuns | undefined;
}

export type ExecutionEnd =
  | { readonly status: "SUCCEEDED"; readonly output: Json }
  | ({ readonly status: "FAILED" | "TIMED_OUT" | "ABORTED" } & Failure);
