/**
 * The executions under way: each is run by the interpreter, and what it tells is written as it comes. Only these are in
 * memory; what has ended is in the store alone.
 */
import type { Json } from "../../../config/json.js";
import { messageOf } from "../../../shared/errors.js";
import type { RunContext } from "../run-context.js";
import type { Definition } from "../interpreter/definition.js";
import type { HistoryEvent } from "../interpreter/history.js";
import { runExecution, type Checkpoint, type ExecutionEnd } from "../interpreter/run-execution.js";
import type { Failure } from "../interpreter/states-error.js";
import { removeWhenIdle } from "../machines/changes.js";
import { SUSPENDED } from "../interpreter/task-runner.js";
import type { ExecutionRow } from "../rows.js";
import { reasonOf } from "./callbacks.js";
import { eventLog, type EventLog } from "./event-log.js";
import type { Ended, Runner, Started } from "./started.js";
import { abortedMapRun, StoredMapRuns } from "./map-runs.js";
import { tellEnd, tellStatus } from "./status-change.js";
import { contextOf, isExpress, newExecution, parentMachineOf } from "./views.js";

/** An Express execution ends after five minutes at the latest. */
const EXPRESS_SECONDS = 300;

const NO_FAILURE: Failure = { error: undefined, cause: undefined };

interface Live {
  readonly stop: AbortController;
  /** The end of it is not to be written: the process closes, or forgets everything. */
  dropped: boolean;
  readonly done: Promise<void>;
}

export class ExecutionRuns implements Runner {
  readonly #context: RunContext;
  readonly #live = new Map<string, Live>();
  readonly #waiting = new Map<string, Set<(row: ExecutionRow) => void>>();

  constructor(context: RunContext) {
    this.#context = context;
  }

  live(): readonly string[] {
    return [...this.#live.keys()];
  }

  isLive(arn: string): boolean {
    return this.#live.has(arn);
  }

  /** Runs what is a row already, or is to be none. Resolves at the end. */
  async run(started: Started): Promise<Ended> {
    const { row } = started;
    const stop = new AbortController();
    let ended = (): void => undefined;
    const live: Live = { stop, dropped: false, done: new Promise((resolve) => (ended = resolve)) };
    this.#live.set(row.arn, live);
    try {
      const end = await this.#interpret(started, live);
      if (live.dropped) return { row, end };
      const { clock, bus } = this.#context;
      const after =
        started.unkept === true ? endedRow(row, end, clock.now(), undefined) : await this.#finish(row, end, live);
      tellEnd(bus, after);
      return { row: after, end };
    } finally {
      this.#live.delete(row.arn);
      ended();
    }
  }

  /** Resolves when it has stopped. */
  async stop(arn: string, failure: Failure): Promise<void> {
    const live = this.#live.get(arn);
    live?.stop.abort(failure);
    await live?.done;
  }

  /** Rejects with the signal's reason. */
  ended(arn: string, signal: AbortSignal): Promise<ExecutionRow> {
    return new Promise((resolve, reject) => {
      const set = this.#waiting.get(arn) ?? new Set();
      this.#waiting.set(arn, set);
      const forget = (): void => {
        signal.removeEventListener("abort", abort);
        set.delete(done);
        if (set.size === 0) this.#waiting.delete(arn);
      };
      const done = (row: ExecutionRow): void => {
        forget();
        resolve(row);
      };
      const abort = (): void => {
        forget();
        reject(reasonOf(signal));
      };
      set.add(done);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
    });
  }

  /** Goes on where the last process was ended. */
  async resume(): Promise<void> {
    const { store } = this.#context;
    for (const arn of store.running()) {
      const row = store.execution(arn);
      const revision = row === undefined ? undefined : store.revision(parentMachineOf(row), row.revisionId);
      if (row === undefined || revision === undefined || this.#live.has(arn)) continue;
      const checkpoint = store.checkpointOf(arn);
      await store.write(() => this.#tidy(row, checkpoint));
      if (row.mapRunArn === undefined) this.begin({ row, revision, resume: checkpoint });
    }
  }

  /** What the last process left of a state that starts anew: its events, and its Map Runs with their children. */
  #tidy(row: ExecutionRow, checkpoint: Checkpoint | undefined): void {
    const { store, clock } = this.#context;
    const stopMs = clock.now();
    for (const run of store.mapRunsOf(row.arn))
      if (run.status === "RUNNING") store.putMapRun(abortedMapRun(run, stopMs));
    if (row.mapRunArn === undefined) store.forgetEventsAfter(row.arn, checkpoint?.lastEventId ?? 0);
    else store.endExecution({ ...row, status: "ABORTED", stopMs }, stopMs);
  }

  /** Runs it without anybody waiting. */
  begin(started: Started): void {
    const { log } = this.#context;
    this.run(started).catch((error: unknown) =>
      log.error({ err: error, executionArn: started.row.arn }, "an execution could not be run"),
    );
  }

  /** Ends all without a trace: they go on when the stack starts again, unless their rows are forgotten. */
  async drop(): Promise<void> {
    const all = [...this.#live.values()];
    for (const live of all) {
      live.dropped = true;
      live.stop.abort(SUSPENDED);
    }
    await Promise.all(all.map(({ done }) => done));
  }

  async #interpret(started: Started, live: Live): Promise<ExecutionEnd> {
    const { row, revision, resume } = started;
    const { store, clock, realm, tasks, log } = this.#context;
    const kept = !isExpress(row.arn);
    const toLog = eventLog(this.#context, revision.logging, row);
    const write = (work: () => void): void => {
      if (live.dropped) return;
      store.write(work).catch((error: unknown) => log.error({ err: error }, "an execution could not be written"));
    };
    const definition = started.definition ?? (JSON.parse(revision.definition) as Definition);
    try {
      return await runExecution({
        definition: limited(definition, row),
        input: JSON.parse(row.input) as Json,
        context: { ...contextOf(row, revision, realm), ...started.context },
        clock,
        tasks: tasks(),
        history: {
          append: (event) => {
            if (!live.dropped) this.#append(row.arn, event, kept ? write : undefined, toLog);
          },
        },
        signal: live.stop.signal,
        checkpoint: started.unkept === true ? undefined : (at) => this.#enter(row, at, live, write),
        resume,
        mapRuns: kept ? new StoredMapRuns(this.#context, this, started) : undefined,
      });
    } catch (error) {
      // A fault of ours: the execution must not stay RUNNING for ever.
      log.error({ err: error, executionArn: row.arn }, "the interpreter failed");
      return { status: "FAILED", error: "States.Runtime", cause: `lambda-run: ${messageOf(error)}` };
    }
  }

  #enter(row: ExecutionRow, at: Checkpoint, live: Live, write: (work: () => void) => void): void {
    const { store } = this.#context;
    write(() => store.checkpoint(row.arn, at));
    // The executions of a machine that is being deleted end with their next state.
    if (store.isDeleting(parentMachineOf(row))) live.stop.abort(NO_FAILURE);
  }

  #append(
    arn: string,
    event: HistoryEvent,
    write: ((work: () => void) => void) | undefined,
    toLog: EventLog | undefined,
  ): void {
    const timestampMs = this.#context.clock.now();
    write?.(() => this.#context.store.putEvent(arn, timestampMs, event));
    toLog?.(event, timestampMs);
  }

  async #finish(row: ExecutionRow, end: ExecutionEnd, live: Live): Promise<ExecutionRow> {
    const { store, clock } = this.#context;
    const stopMs = clock.now();
    const ended = await store.write(() => {
      const after = endedRow(row, end, stopMs, store.checkpointOf(row.arn));
      if (isExpress(row.arn)) store.removeExecution(after);
      else store.endExecution(after, stopMs);
      this.#forgetDeleted(after);
      return after;
    });
    live.dropped = true;
    tellStatus(this.#context, ended);
    for (const done of this.#waiting.get(row.arn) ?? []) done(ended);
    return ended;
  }

  /** The last execution of a machine that is being deleted takes it along. */
  #forgetDeleted(row: ExecutionRow): void {
    const { store } = this.#context;
    const name = parentMachineOf(row);
    if (store.isDeleting(name)) removeWhenIdle(store, name);
  }
}

function limited(definition: Definition, row: ExecutionRow): Definition {
  const { TimeoutSeconds } = definition;
  if (isExpress(row.arn))
    return { ...definition, TimeoutSeconds: Math.min(TimeoutSeconds ?? EXPRESS_SECONDS, EXPRESS_SECONDS) };
  if (TimeoutSeconds === undefined || row.redriveMs === undefined) return definition;
  // The interpreter counts from the start of the execution; a redrive has all the time again.
  return { ...definition, TimeoutSeconds: TimeoutSeconds + (row.redriveMs - row.startMs) / 1000 };
}

function endedRow(
  row: ExecutionRow,
  end: ExecutionEnd,
  stopMs: number,
  stoppedAt: Checkpoint | undefined,
): ExecutionRow {
  const { redriveCount, redriveMs } = row;
  const succeeded = end.status === "SUCCEEDED";
  // Rows have one hidden class: they are made at one place, and no spread begins them.
  return Object.assign(newExecution(row), {
    status: end.status,
    stopMs,
    output: succeeded ? JSON.stringify(end.output) : undefined,
    error: succeeded ? undefined : end.error,
    cause: succeeded ? undefined : end.cause,
    redriveCount,
    redriveMs,
    stoppedAt: succeeded ? undefined : stoppedAt,
  });
}
