/**
 * What the parts of the interpreter hand each other: the execution as a whole, a branch of it, and the state that a branch is in.
 */
import type { Json, JsonObject } from "../../../config/json.js";
import type { Clock } from "../../../shared/clock.js";
import type { Definition, QueryLanguage, State } from "./definition.js";
import type { Cursor, History } from "./history.js";
import type { MapRuns } from "./map-runs.js";
import type { Variables } from "./scope.js";
import type { Failure } from "./states-error.js";
import type { HttpExchange, TaskRunner } from "./task-runner.js";
import type { Turns } from "./turns.js";

/** The definition, a branch of a Parallel state, or the processor of a Map state. */
export type Machine = Pick<Definition, "StartAt" | "States" | "QueryLanguage">;

export type RunStates = (machine: Machine, input: Json, run: Run, frame: Frame) => Promise<Json>;

/** One execution. */
export interface Run {
  readonly executionArn: string;
  /** `Execution` and `StateMachine` of the context object. */
  readonly context: JsonObject;
  /** Of states that say none, those inside branches included. */
  readonly queryLanguage: QueryLanguage;
  readonly clock: Clock;
  readonly tasks: TaskRunner;
  readonly history: History;
  readonly mapRuns: MapRuns | undefined;
  /** Runs a branch to its end. It stands here because Parallel and Map are built on it, and it on them. */
  readonly runStates: RunStates;
  readonly turns: Turns;
  readonly probe: Probe | undefined;
}

/** A branch: the states at the top, a branch of Parallel, or an iteration of Map. */
export interface Frame extends Cursor {
  /** What expressions see: those assigned here over those around. Replaced as states assign. */
  variables: Variables;
  /** Aborted when the execution is stopped, or when the branch is no longer wanted. */
  readonly signal: AbortSignal;
  /** `Map` of the context object: `{Item: {Index, Value}}`. */
  readonly map: JsonObject | undefined;
  /** False at the top. */
  readonly nested: boolean;
  /** Told at each state that is entered, before the history is. */
  readonly entering?: ((stateName: string, input: Json, enteredMs: number) => void) | undefined;
  /** When the first state was entered, where a process before this one did it. */
  readonly firstEnteredMs?: number | undefined;
}

/** A state from its entry to its exit. */
export interface Step {
  readonly name: string;
  readonly state: State;
  readonly language: QueryLanguage;
  /** As it came in, before InputPath. */
  readonly input: Json;
  readonly run: Run;
  readonly frame: Frame;
  readonly enteredMs: number;
  readonly enteredEventId: number;
  /** The event before the entry. */
  readonly eventBeforeId: number;
  retryCount: number;
  taskToken: string | undefined;
}

/** How a state is left. */
export interface Exit {
  readonly output: Json;
  /** Undefined at the end of the branch. */
  readonly next: string | undefined;
  readonly assigned: Variables | undefined;
}

export type DataStage =
  | "afterInputPath"
  | "afterParameters"
  | "afterArguments"
  | "result"
  | "afterResultSelector"
  | "afterResultPath"
  | "afterItemsPath"
  | "afterItemSelector"
  | "afterItemBatcher"
  | "afterItemsPointer";

/**
 * TestState: looks on while a state runs, may leave by throwing, and puts things in the place of others. Causes are then
 * without the name of the state and its event.
 */
export interface Probe {
  /** Stands in for the whole context object. */
  readonly context?: JsonObject | undefined;
  /** Attempts that the retriers have used up. */
  readonly retriesDone?: number | undefined;
  /** Stands in for the branches of Parallel and the iterations of Map. */
  branches?(step: Step): Promise<Json>;
  data?(stage: DataStage, value: Json): void;
  exchanged?(exchange: () => HttpExchange): void;
  /** A retrier takes the failure; the wait of `delaySeconds` is about to begin. */
  retrying?(retrierIndex: number, delaySeconds: number, failure: Failure): void;
  /** A catcher takes the failure. */
  caught?(catcherIndex: number, failure: Failure): void;
}
