/**
 * Runs one execution of a state machine from its input to its end. Pure: definition, input, clock and task runner go in,
 * history and end come out; nothing here knows of a service, a file or a socket.
 */
import { setMaxListeners } from "node:events";
import type { Json, JsonObject } from "../../../config/json.js";
import { objectOf, textOf } from "../../../config/json.js";
import type { Cancel, Clock } from "../../../shared/clock.js";
import type { Definition } from "./definition.js";
import type { ExecutionEnd } from "./execution-end.js";
import type { Cursor, HistorySink } from "./history.js";
import { History, present, shownInput, shownOutput } from "./history.js";
import type { MapRuns } from "./map-runs.js";
import type { Frame, Machine, Probe, Run } from "./run.js";
import { runStates } from "./run-states.js";
import type { Variables } from "./scope.js";
import type { Failure } from "./states-error.js";
import { StatesError } from "./states-error.js";
import type { TaskRunner } from "./task-runner.js";
import { Turns } from "./turns.js";

export type { ExecutionEnd } from "./execution-end.js";

const MS_PER_SECOND = 1000;

/** Where an execution goes on after this process was ended: the state at the top that it was in starts anew. */
export interface Checkpoint {
  readonly stateName: string;
  readonly input: Json;
  readonly variables: Variables;
  /** Events after it belong to the state that starts anew: they are written again, under the same numbers. */
  readonly lastEventId: number;
  /** A Wait is counted from it. */
  readonly enteredMs: number;
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
  /** Absent where there can be no distributed Map: Express executions, TestState. */
  readonly mapRuns?: MapRuns | undefined;
  readonly probe?: Probe | undefined;
}

/** The end by time or by StopExecution follows from no event (measured, https://github.com/floci-io/floci/issues/2965). */
const FROM_OUTSIDE: Cursor = { previousEventId: 0 };

/** Why a frame's signal was aborted, when it was not StopExecution. */
const TIME_IS_UP = new Error("the time of the execution is up");

/** Runs an execution to its end, or from a checkpoint to its end. Rejects only for faults of the program. */
export async function runExecution(request: ExecutionRequest): Promise<ExecutionEnd> {
  const { definition, signal, resume } = request;
  const ending = new AbortController();
  // Each task of each branch listens.
  setMaxListeners(0, ending.signal);
  const run = runOf(request);
  if (resume === undefined) started(request, run.history);
  const end = (reason: unknown): void => {
    run.history.seal();
    ending.abort(reason);
  };
  const stopped = (): void => end(signal.reason);
  signal.addEventListener("abort", stopped, { once: true });
  if (signal.aborted) stopped();
  const cancelDeadline = deadline(request, () => end(TIME_IS_UP));
  const frame = topOf(request, run.history, ending.signal);
  const machine: Machine = resume === undefined ? definition : { StartAt: resume.stateName, States: definition.States };
  try {
    const output = await runStates(machine, resume?.input ?? request.input, run, frame);
    run.history.end(frame, "ExecutionSucceeded", ["executionSucceededEventDetails", shownOutput(output)]);
    return { status: "SUCCEEDED", output };
  } catch (thrown) {
    return failed(thrown, ending.signal, run.history, frame);
  } finally {
    cancelDeadline?.();
    signal.removeEventListener("abort", stopped);
  }
}

/** TimeoutSeconds counts from the start of the execution, whatever process it was in. */
function deadline({ definition, context, clock }: ExecutionRequest, timeIsUp: () => void): Cancel | undefined {
  const seconds = definition.TimeoutSeconds;
  if (seconds === undefined) return undefined;
  const startMs = Date.parse(textOf(objectOf(context["Execution"])["StartTime"]));
  const endMs = (Number.isNaN(startMs) ? clock.now() : startMs) + seconds * MS_PER_SECOND;
  return clock.after(endMs - clock.now(), timeIsUp);
}

function runOf({ definition, context, clock, tasks, history, mapRuns, probe, resume }: ExecutionRequest): Run {
  return {
    executionArn: textOf(objectOf(context["Execution"])["Id"]),
    context,
    queryLanguage: definition.QueryLanguage ?? "JSONPath",
    clock,
    tasks,
    history: new History(history, resume?.lastEventId ?? 0),
    mapRuns,
    runStates,
    turns: new Turns(),
    probe,
  };
}

function topOf({ checkpoint, resume }: ExecutionRequest, history: History, signal: AbortSignal): Frame {
  const frame: Frame = {
    variables: resume?.variables ?? {},
    // The first state does not follow from ExecutionStarted (recorded).
    previousEventId: resume === undefined || resume.lastEventId === 1 ? 0 : resume.lastEventId,
    signal,
    map: undefined,
    nested: false,
    firstEnteredMs: resume?.enteredMs,
    entering: (stateName, input, enteredMs) =>
      checkpoint?.({ stateName, input, variables: frame.variables, lastEventId: history.lastId, enteredMs }),
  };
  return frame;
}

function started({ context, input }: ExecutionRequest, history: History): void {
  const roleArn = objectOf(context["Execution"])["RoleArn"];
  history.record({ previousEventId: 0 }, "ExecutionStarted", [
    "executionStartedEventDetails",
    present({ roleArn, ...shownInput(input) }),
  ]);
}

function failed(thrown: unknown, signal: AbortSignal, history: History, frame: Frame): ExecutionEnd {
  if (signal.aborted && signal.reason === TIME_IS_UP) {
    // The error stands in the history alone (recorded).
    history.end(FROM_OUTSIDE, "ExecutionTimedOut", ["executionTimedOutEventDetails", { error: "States.Timeout" }]);
    return { status: "TIMED_OUT" };
  }
  if (signal.aborted) {
    const { error, cause } = signal.reason as Failure;
    history.end(FROM_OUTSIDE, "ExecutionAborted", ["executionAbortedEventDetails", present({ error, cause })]);
    return { status: "ABORTED", error, cause };
  }
  if (!(thrown instanceof StatesError)) throw thrown;
  const { error, cause } = thrown.failure;
  history.end(frame, "ExecutionFailed", ["executionFailedEventDetails", present({ error, cause })]);
  return { status: "FAILED", error, cause };
}
