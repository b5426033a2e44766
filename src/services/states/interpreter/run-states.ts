/**
 * Runs states one after the other from the start of a machine or of a branch to its end: enters a state, retries and catches
 * what fails it, leaves it.
 */
import type { Json } from "../../../config/json.js";
import { choose } from "./choice.js";
import { leaveByCatcher } from "./catch.js";
import { leaveWithResult } from "./data-flow.js";
import type { StateType } from "./definition.js";
import { queryLanguageOf } from "./definition.js";
import { isTerminal } from "./error-names.js";
import { fail } from "./fail.js";
import { present, shownInput, shownOutput, shownVariables } from "./history.js";
import { runMap } from "./map/map-state.js";
import { runParallel } from "./parallel.js";
import { pass } from "./pass.js";
import { isTooLarge, tooLargeCause } from "./payload-limit.js";
import { Retries } from "./retry.js";
import type { Exit, Frame, Machine, Run, Step } from "./run.js";
import { QueryEvaluationError, StateFailure, StatesError, TerminalFailure } from "./states-error.js";
import { succeed } from "./succeed.js";
import { doTask } from "./task.js";
import { wait } from "./wait.js";

const MS_PER_SECOND = 1000;
/** States that last; the history says of those inside branches when they are broken off. */
const LASTING: ReadonlySet<StateType> = new Set(["Task", "Wait", "Parallel", "Map"]);
/** What these evaluate before they begin follows, in the history, from the event before their entry (recorded). */
const PREPARED: ReadonlySet<StateType> = new Set(["Task", "Parallel", "Map"]);

export async function runStates(machine: Machine, input: Json, run: Run, frame: Frame): Promise<Json> {
  let enteredMs = frame.firstEnteredMs ?? run.clock.now();
  let name = machine.StartAt;
  let data = input;
  for (;;) {
    frame.entering?.(name, data, enteredMs);
    const { output, next } = await runState(machine, name, data, run, frame, enteredMs);
    if (run.turns.isOver()) await run.turns.next();
    if (next === undefined) return output;
    name = next;
    data = output;
    enteredMs = run.clock.now();
  }
}

/** Runs one state. The variables that it assigns are in `frame` afterwards. */
export async function runState(
  machine: Machine,
  name: string,
  input: Json,
  run: Run,
  frame: Frame,
  enteredMs: number = run.clock.now(),
): Promise<Exit> {
  const step = enter(machine, name, input, run, frame, enteredMs);
  try {
    const exit = await attempts(step);
    leave(step, exit);
    return exit;
  } catch (thrown) {
    if (thrown instanceof TerminalFailure) run.history.seal();
    else if (frame.nested && LASTING.has(step.state.Type)) run.history.aside(frame, `${step.state.Type}StateAborted`);
    throw thrown;
  }
}

function enter(machine: Machine, name: string, input: Json, run: Run, frame: Frame, enteredMs: number): Step {
  if (frame.signal.aborted) throw frame.signal.reason as Error;
  const state = machine.States[name];
  if (state === undefined) throw new TerminalFailure("States.Runtime", `There is no state '${name}'.`);
  const eventBeforeId = frame.previousEventId;
  const entered = { name, ...shownInput(input) };
  const enteredEventId = run.history.record(frame, `${state.Type}StateEntered`, ["stateEnteredEventDetails", entered]);
  const language = queryLanguageOf({ QueryLanguage: machine.QueryLanguage ?? run.queryLanguage }, state);
  return {
    name,
    state,
    language,
    input,
    run,
    frame,
    enteredMs,
    enteredEventId,
    eventBeforeId,
    retryCount: 0,
    taskToken: undefined,
  };
}

function leave(step: Step, { output, assigned }: Exit): void {
  const { name, state, run, frame } = step;
  // The quota of one Assign is that of an output; the failure of it is not documented.
  if (isTooLarge(output) || (assigned !== undefined && isTooLarge(assigned)))
    throw new TerminalFailure("States.DataLimitExceeded", tooLargeCause(name));
  const shown = { name, ...shownOutput(output), ...(assigned === undefined ? {} : shownVariables(assigned)) };
  run.history.record(frame, `${state.Type}StateExited`, ["stateExitedEventDetails", shown]);
  if (assigned !== undefined) frame.variables = { ...frame.variables, ...assigned };
}

/** Tries until the state is left, or its failure is neither retried nor caught. */
async function attempts(step: Step): Promise<Exit> {
  const { run, frame, state } = step;
  const retries = new Retries(state, run.probe?.retriesDone);
  for (;;) {
    try {
      return await behave(step);
    } catch (thrown) {
      const failure = settled(step, thrown);
      const retry = retries.next(failure);
      if (retry === undefined) return recover(step, failure);
      run.probe?.retrying?.(retry.retrierIndex, retry.delaySeconds, failure.failure);
      await run.clock.sleep(retry.delaySeconds * MS_PER_SECOND, frame.signal);
      step.retryCount += 1;
    }
  }
}

async function recover(step: Step, failure: StateFailure): Promise<Exit> {
  const { Type: type } = step.state;
  if (type === "Map" || type === "Parallel") step.run.history.record(step.frame, `${type}StateFailed`);
  let exit: Exit | undefined;
  try {
    exit = await leaveByCatcher(step, failure);
  } catch (thrown) {
    throw settled(step, thrown);
  }
  if (exit === undefined) throw failure;
  return exit;
}

async function behave(step: Step): Promise<Exit> {
  switch (step.state.Type) {
    case "Task":
      return leaveWithResult(step, await doTask(step));
    case "Parallel":
      return leaveWithResult(step, await (step.run.probe?.branches?.(step) ?? runParallel(step)));
    case "Map":
      return leaveWithResult(step, await (step.run.probe?.branches?.(step) ?? runMap(step)));
    case "Pass":
      return pass(step);
    case "Choice":
      return choose(step);
    case "Wait":
      return wait(step);
    case "Succeed":
      return succeed(step);
    case "Fail":
      return fail(step);
  }
}

/**
 * What was thrown, as Retry and Catch look at it. Throws again what they never see: the end of the branch, a failure that ends
 * the execution, and faults of the program.
 */
function settled(step: Step, thrown: unknown): StateFailure {
  if (step.frame.signal.aborted || !(thrown instanceof StatesError)) throw thrown;
  const failure = thrown instanceof StateFailure ? thrown : located(step, thrown);
  if (failure instanceof TerminalFailure) throw failure;
  if (thrown instanceof QueryEvaluationError) evaluationFailed(step, failure, thrown.location);
  const { error, cause } = failure.failure;
  if (isTerminal(error)) throw new TerminalFailure(error, cause);
  return failure;
}

function located(step: Step, { failure: { error, cause = "" } }: StatesError): StateFailure {
  if (step.run.probe !== undefined) return new StateFailure(error, cause);
  const where = `An error occurred while executing the state '${step.name}' (entered at the event id #${step.enteredEventId}).`;
  return new StateFailure(error, `${where} ${cause}`);
}

function evaluationFailed(step: Step, { failure: { error, cause } }: StateFailure, location: string | undefined): void {
  const { run, frame, state } = step;
  const begun = frame.previousEventId !== step.enteredEventId;
  if (!begun && PREPARED.has(state.Type)) frame.previousEventId = step.eventBeforeId;
  run.history.record(frame, "EvaluationFailed", [
    "evaluationFailedEventDetails",
    present({ state: step.name, location, error, cause }),
  ]);
}
