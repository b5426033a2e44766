/** The history of an execution as a person follows it: states entered and left, how long they took, what failed. */
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import type { MachineOutcome } from "../../stack/run-machine.js";
import { EXIT, type ExitCode } from "../../shared/errors.js";
import type { Colours } from "./colours.js";

/** One state as it went, for `--json`. */
export interface StateRun {
  readonly name: string;
  readonly type: string;
  /** Index of the item, inside a Map. */
  readonly index?: number;
  /** Since the execution began. */
  readonly enteredMs: number;
  /** Absent for a state that was not left. */
  durationMs?: number;
  /** Of each attempt that failed. */
  readonly errors: string[];
}

interface Entered extends StateRun {
  readonly depth: number;
}

/** How much of a cause is shown: that of a function is its error as JSON, with the stack. */
const MAX_CAUSE_LENGTH = 300;
const ENTERED = /^(\w+)StateEntered$/;
const EXITED = /^\w+StateExited$/;
/** Attempts that went wrong, whatever became of them. */
const FAILED =
  /^(?:(?:Task|LambdaFunction|Activity)(?:Failed|TimedOut|StartFailed|ScheduleFailed|SubmitFailed)|EvaluationFailed)$/;

/** What such a task waits for is somebody else's call. */
const CALLBACK = ".waitForTaskToken";

export class ExecutionStory {
  readonly #colours: Colours;
  readonly #write: (line: string) => void;
  readonly #events = new Map<number, HistoryEvent>();
  readonly #entered = new Map<number, Entered>();
  #advice: string | undefined;
  #startMs = 0;

  /** `advice` is given once, when a state waits for a call from outside. */
  constructor(write: (line: string) => void, colours: Colours, advice?: string) {
    this.#write = write;
    this.#colours = colours;
    this.#advice = advice;
  }

  /** In the order in which they were entered. */
  get states(): readonly StateRun[] {
    return [...this.#entered.values()].map(({ depth: _depth, ...state }) => state);
  }

  take(event: HistoryEvent): void {
    const { id = 0, type = "" } = event;
    this.#events.set(id, event);
    if (type === "ExecutionStarted") this.#startMs = timeOf(event);
    const kind = ENTERED.exec(type)?.[1];
    if (kind !== undefined) this.#enter(event, id, kind);
    else if (EXITED.test(type)) this.#leave(event);
    else if (FAILED.test(type)) this.#fail(event);
    else if (type === "ActivityScheduled") this.#wait(event, "a worker of its activity");
    else if (event.taskSubmittedEventDetails?.resource?.endsWith(CALLBACK) === true)
      this.#wait(event, "SendTaskSuccess or SendTaskFailure with its token");
  }

  #enter(event: HistoryEvent, id: number, type: string): void {
    const { name = "" } = event.stateEnteredEventDetails ?? {};
    const enteredMs = timeOf(event) - this.#startMs;
    const { depth, index } = this.#placeAfter(event);
    const state: Entered = { name, type, enteredMs, errors: [], depth, ...(index === undefined ? {} : { index }) };
    this.#entered.set(id, state);
    this.#say(enteredMs, state, `${this.#colours.dim("entered")} ${shown(state)} ${this.#colours.dim(`(${type})`)}`);
  }

  #leave(event: HistoryEvent): void {
    const state = this.#stateAround(event, event.stateExitedEventDetails?.name);
    if (state === undefined) return;
    const nowMs = timeOf(event) - this.#startMs;
    state.durationMs = nowMs - state.enteredMs;
    this.#say(
      nowMs,
      state,
      `${this.#colours.dim("left")}    ${shown(state)} ${this.#colours.dim(`after ${state.durationMs} ms`)}`,
    );
  }

  #fail(event: HistoryEvent): void {
    const state = this.#stateAround(event, undefined);
    if (state === undefined) return;
    const { error, cause } = failureOf(event);
    state.errors.push(error ?? "");
    this.#say(
      timeOf(event) - this.#startMs,
      state,
      `${this.#colours.red("failed")}  ${shown(state)}: ${failureText(error, cause)}`,
    );
  }

  #wait(event: HistoryEvent, what: string): void {
    const state = this.#stateAround(event, undefined);
    if (state === undefined) return;
    const { yellow } = this.#colours;
    this.#say(timeOf(event) - this.#startMs, state, `${yellow("waits")}   ${shown(state)}: for ${what}`);
    if (this.#advice !== undefined) this.#write(`${yellow("note")} ${this.#advice}`);
    this.#advice = undefined;
  }

  #say(atMs: number, { depth }: Entered, text: string): void {
    this.#write(`${this.#colours.dim(`${String(atMs).padStart(6)} ms`)}  ${"  ".repeat(depth)}${text}`);
  }

  /** The state whose run `event` belongs to: the nearest one before it, of this name where one is given. */
  #stateAround(event: HistoryEvent, name: string | undefined): Entered | undefined {
    for (let before = this.#before(event); before !== undefined; before = this.#before(before)) {
      const state = this.#entered.get(before.id ?? 0);
      if (state !== undefined && (name === undefined || state.name === name)) return state;
    }
    return undefined;
  }

  /** How deep a state stands that is entered with this event, and for which item of a Map. */
  #placeAfter(event: HistoryEvent): { readonly depth: number; readonly index: number | undefined } {
    const before = this.#before(event);
    const top = { depth: 0, index: undefined };
    if (before?.type === "MapIterationStarted") {
      const { name, index } = before.mapIterationStartedEventDetails ?? {};
      return { depth: (this.#stateAround(before, name)?.depth ?? 0) + 1, index };
    }
    if (before?.type === "ParallelStateStarted") {
      const around = this.#stateAround(before, undefined);
      return { depth: (around?.depth ?? 0) + 1, index: around?.index };
    }
    const exited = before?.stateExitedEventDetails?.name;
    const last = before === undefined || exited === undefined ? undefined : this.#stateAround(before, exited);
    return last === undefined ? top : { depth: last.depth, index: last.index };
  }

  #before({ previousEventId = 0 }: HistoryEvent): HistoryEvent | undefined {
    return this.#events.get(previousEventId);
  }
}

/** What stands on stderr at the end. */
export function endLine({ status, error, cause, durationMs }: MachineOutcome, { green, red }: Colours): string {
  if (status === "SUCCEEDED") return `${green("succeeded")} in ${durationMs} ms`;
  const how = status.toLowerCase().replace("_", " ");
  const text = failureText(error, cause);
  return `${red(how)} after ${durationMs} ms${text === "" ? "" : `: ${text}`}`;
}

export function exitCodeOfExecution({ status, error }: MachineOutcome): ExitCode {
  if (status === "SUCCEEDED") return EXIT.ok;
  return status === "TIMED_OUT" || error === "States.Timeout" ? EXIT.timeout : EXIT.functionError;
}

export function executionJson(outcome: MachineOutcome, states: readonly StateRun[]): Record<string, unknown> {
  const { status, executionArn, output, error, cause, durationMs } = outcome;
  return {
    status,
    executionArn,
    output: output === undefined ? null : (JSON.parse(output) as unknown),
    error: error ?? null,
    cause: cause ?? null,
    durationMs,
    states,
  };
}

const timeOf = ({ timestamp }: HistoryEvent): number => timestamp?.getTime() ?? 0;
const shown = ({ name, index }: StateRun): string => (index === undefined ? name : `${name} [${index}]`);

/** Details of failures stand under a name of their own for each type. */
function failureOf(event: HistoryEvent): { readonly error?: string | undefined; readonly cause?: string | undefined } {
  for (const [member, details] of Object.entries(event))
    if (member.endsWith("EventDetails") && typeof details === "object" && details !== null)
      return details as { readonly error?: string; readonly cause?: string };
  return {};
}

/** The error and its cause in a line; of the error of a function, its message. */
export function failureText(error: string | undefined, cause: string | undefined): string {
  const reason = messageIn(cause) ?? cause ?? "";
  const short = reason.length > MAX_CAUSE_LENGTH ? `${reason.slice(0, MAX_CAUSE_LENGTH)}...` : reason;
  return [error ?? "", short].filter((text) => text !== "").join(": ");
}

/** The message in the error of a function. */
function messageIn(cause: string | undefined): string | undefined {
  try {
    const { errorMessage } = JSON.parse(cause ?? "") as { readonly errorMessage?: unknown };
    return typeof errorMessage === "string" ? errorMessage : undefined;
  } catch {
    return undefined;
  }
}
