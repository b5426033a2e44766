/**
 * Map Runs and the child executions of distributed Map states.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
 */
import type { RunContext } from "../run-context.js";
import type {
  ChildEnd,
  ChildExecution,
  MapRun,
  MapRunLimits,
  MapRunOptions,
  MapRuns,
} from "../interpreter/map-runs.js";
import type { Failure } from "../interpreter/states-error.js";
import type { Counts, ExecutionRow, MapRunRow } from "../rows.js";
import { executionArn, expressArn, mapRunArn, newName } from "./names.js";
import type { Runner, Started } from "./started.js";
import { newExecution } from "./views.js";

const NO_COUNTS: Counts = {
  pending: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  aborted: 0,
  total: 0,
  resultsWritten: 0,
};

/** Those of one execution. */
export class StoredMapRuns implements MapRuns {
  readonly #context: RunContext;
  readonly #runs: Runner;
  readonly #parent: Started;

  constructor(context: RunContext, runs: Runner, parent: Started) {
    this.#context = context;
    this.#runs = runs;
    this.#parent = parent;
  }

  open(options: MapRunOptions): MapRun {
    const { maxConcurrency, toleratedFailureCount, toleratedFailurePercentage } = options;
    const { clock, realm } = this.#context;
    const { arn, machineName } = this.#parent.row;
    const row: MapRunRow = {
      arn: mapRunArn(realm, machineName, options.label),
      executionArn: arn,
      status: "RUNNING",
      startMs: clock.now(),
      stopMs: undefined,
      limits: { maxConcurrency, toleratedFailureCount, toleratedFailurePercentage },
      items: NO_COUNTS,
      executions: NO_COUNTS,
    };
    return new StoredMapRun(this.#context, this.#runs, this.#parent, row, options);
  }
}

const COUNTED = { SUCCEEDED: "succeeded", FAILED: "failed", TIMED_OUT: "timedOut", ABORTED: "aborted" } as const;

class StoredMapRun implements MapRun {
  readonly arn: string;
  readonly #context: RunContext;
  readonly #runs: Runner;
  readonly #parent: Started;
  readonly #options: MapRunOptions;

  constructor(context: RunContext, runs: Runner, parent: Started, row: MapRunRow, options: MapRunOptions) {
    this.arn = row.arn;
    this.#context = context;
    this.#runs = runs;
    this.#parent = parent;
    this.#options = options;
    this.#write(() => row);
  }

  limits(): MapRunLimits {
    return this.#context.store.mapRun(this.arn)?.limits ?? this.#options;
  }

  planned(items: number, executions: number): void {
    this.#change((row) => ({
      items: { ...row.items, total: items, pending: items },
      executions: { ...row.executions, total: executions, pending: executions },
    }));
  }

  async runChild(child: ChildExecution): Promise<ChildEnd> {
    const { store } = this.#context;
    const kept = this.#options.executionType === "STANDARD";
    const row = this.#childRow(child, kept);
    if (kept) await store.write(() => store.addExecution(row));
    this.#count(child.itemCount, "pending", "running");
    const abort = (): void => void this.#runs.stop(row.arn, failureOf(child.signal));
    const { revision } = this.#parent;
    const running = this.#runs.run({
      row,
      revision,
      definition: child.definition,
      context: child.context,
      unkept: !kept,
    });
    child.signal.addEventListener("abort", abort, { once: true });
    if (child.signal.aborted) abort();
    const { row: ended, end } = await running;
    child.signal.removeEventListener("abort", abort);
    this.#count(child.itemCount, "running", COUNTED[end.status]);
    const { arn, name, startMs } = row;
    return { end, executionArn: arn, name, startMs, stopMs: ended.stopMs ?? startMs };
  }

  resultsWritten(items: number): void {
    this.#change((row) => ({ items: { ...row.items, resultsWritten: items } }));
  }

  ended(status: "SUCCEEDED" | "FAILED" | "ABORTED"): void {
    this.#change(() => ({ status, stopMs: this.#context.clock.now() }));
  }

  #childRow(child: ChildExecution, kept: boolean): ExecutionRow {
    const { clock, realm } = this.#context;
    const { row } = this.#parent;
    const name = newName();
    const machineName = `${row.machineName}/${this.#options.label}`;
    return newExecution({
      arn: kept ? executionArn(realm, machineName, name) : expressArn(realm, machineName, name),
      machineName,
      name,
      startMs: clock.now(),
      input: JSON.stringify(child.input),
      revisionId: row.revisionId,
      mapRunArn: this.arn,
      itemCount: child.itemCount,
    });
  }

  /** One execution, and all its items, go from one state to another. */
  #count(items: number, from: "pending" | "running", to: "running" | (typeof COUNTED)[keyof typeof COUNTED]): void {
    const moved = (counts: Counts, by: number): Counts => ({
      ...counts,
      [from]: Math.max(0, counts[from] - by),
      [to]: counts[to] + by,
    });
    this.#change((row) => ({ items: moved(row.items, items), executions: moved(row.executions, 1) }));
  }

  #change(changed: (row: MapRunRow) => Partial<MapRunRow>): void {
    this.#write(() => {
      const row = this.#context.store.mapRun(this.arn);
      return row === undefined ? undefined : { ...row, ...changed(row) };
    });
  }

  #write(work: () => MapRunRow | undefined): void {
    const { store, log } = this.#context;
    store
      .write(() => {
        const row = work();
        if (row !== undefined) store.putMapRun(row);
      })
      .catch((error: unknown) => log.error({ err: error }, "a Map Run could not be written"));
  }
}

/** One whose process was ended: nothing of it runs any more. */
export function abortedMapRun(row: MapRunRow, stopMs: number): MapRunRow {
  const aborted = (counts: Counts): Counts => ({
    ...counts,
    pending: 0,
    running: 0,
    aborted: counts.aborted + counts.pending + counts.running,
  });
  return { ...row, status: "ABORTED", stopMs, items: aborted(row.items), executions: aborted(row.executions) };
}

/** Why a child is stopped: what StopExecution said of its parent; nothing where the Map has failed. */
function failureOf({ reason }: AbortSignal): Failure {
  const { error, cause } = reason instanceof Error ? {} : (reason as Failure);
  return { error, cause };
}
