/**
 * Machines, executions and their histories in the state store.
 *
 *     machines     name
 *     deleting     machine                           of the rows of machines, since each state of an execution looks at it
 *     revisions    [machine, revision id or ""]      every definition that executions may have begun with
 *     versions     [machine, number]
 *     aliases      [machine, alias]
 *     executions   ARN
 *     by-machine   [machine, -start, ARN]            newest first, as ListExecutions has them
 *     by-map-run   [Map Run, -start, ARN]
 *     running      ARN                               the checkpoint, `null` before the first
 *     history      [ARN, event id]
 *     expiry       [forgotten at, ARN]               ended executions
 *     map-runs     ARN
 *     map-runs-of  [execution, Map Run]
 *     activities   name
 */
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";
import type { HistoryEvent } from "./interpreter/history.js";
import type { Checkpoint } from "./interpreter/run-execution.js";
import { RUNNING_TABLE } from "./left-running.js";
import type {
  ActivityRow,
  AliasRow,
  EventRow,
  ExecutionRow,
  MachineRow,
  MapRunRow,
  Revision,
  VersionRow,
} from "./rows.js";

/** Nothing sorts after it: names and ARNs are text. */
const LAST = "\uffff";
/** AWS forgets executions 90 days after their end. */
export const RETENTION_MS = 90 * 24 * 60 * 60 * 1000;
/** Forgotten with each start: more than a start adds, so that the tables shrink. */
const SWEEP_PER_START = 5;
/** Longer than any key of ours; what is longer is nobody's. */
const MAX_KEY_LENGTH = 500;

type ByStart = [owner: string, negativeStartMs: number, arn: string];

export class StatesStore {
  readonly #state: StateStore;
  readonly #machines: Database<MachineRow, string>;
  readonly #deleting: Database<boolean, string>;
  readonly #revisions: Database<Revision, [string, string]>;
  readonly #versions: Database<VersionRow, [string, number]>;
  readonly #aliases: Database<AliasRow, [string, string]>;
  readonly #executions: Database<ExecutionRow, string>;
  readonly #byMachine: Database<boolean, ByStart>;
  readonly #byMapRun: Database<boolean, ByStart>;
  readonly #running: Database<Checkpoint | null, string>;
  readonly #history: Database<EventRow, [string, number]>;
  readonly #expiry: Database<boolean, [number, string]>;
  readonly #mapRuns: Database<MapRunRow, string>;
  readonly #mapRunsOf: Database<boolean, [string, string]>;
  readonly #activities: Database<ActivityRow, string>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#machines = state.table("states-machines");
    this.#deleting = state.table("states-deleting");
    this.#revisions = state.table("states-revisions");
    this.#versions = state.table("states-versions");
    this.#aliases = state.table("states-aliases");
    this.#executions = state.table("states-executions");
    this.#byMachine = state.table("states-by-machine");
    this.#byMapRun = state.table("states-by-map-run");
    this.#running = state.table(RUNNING_TABLE);
    this.#history = state.table("states-history");
    this.#expiry = state.table("states-expiry");
    this.#mapRuns = state.table("states-map-runs");
    this.#mapRunsOf = state.table("states-map-runs-of");
    this.#activities = state.table("states-activities");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  machine(name: string): MachineRow | undefined {
    return isKey(name) ? this.#machines.get(name) : undefined;
  }

  /** The row has the whole definition: a machine of 10,000 states spent two thirds of its time on reading it. */
  isDeleting(name: string): boolean {
    return this.#deleting.get(name) === true;
  }

  *machines(): Generator<MachineRow> {
    for (const { value } of this.#machines.getRange({})) yield value;
  }

  /** Its revision is kept for the executions that begin with it. */
  putMachine(row: MachineRow): void {
    this.#machines.putSync(row.name, row);
    if (row.deleting) this.#deleting.putSync(row.name, true);
    else this.#deleting.removeSync(row.name);
    this.#revisions.putSync([row.name, row.revision.revisionId ?? ""], row.revision);
  }

  revision(machineName: string, revisionId: string | undefined): Revision | undefined {
    return this.#revisions.get([machineName, revisionId ?? ""]);
  }

  /** With its versions, aliases and revisions; its executions are dropped by `dropExecutions`. */
  removeMachine(name: string): void {
    this.#machines.removeSync(name);
    this.#deleting.removeSync(name);
    for (const { key } of Array.from(this.#versions.getRange({ start: [name, 0], end: [name, Infinity] })))
      this.#versions.removeSync(key);
    for (const table of [this.#aliases, this.#revisions] as Database<unknown, [string, string]>[])
      for (const { key } of Array.from(table.getRange({ start: [name, ""], end: [name, LAST] }))) table.removeSync(key);
  }

  version(machineName: string, number: number): VersionRow | undefined {
    return isKey(machineName) ? this.#versions.get([machineName, number]) : undefined;
  }

  /** Newest first. */
  versions(machineName: string): VersionRow[] {
    const range = this.#versions.getRange({ start: [machineName, Infinity], end: [machineName, 0], reverse: true });
    return Array.from(range, ({ value }) => value);
  }

  putVersion(row: VersionRow): void {
    this.#versions.putSync([row.machineName, row.number], row);
  }

  removeVersion(machineName: string, number: number): void {
    this.#versions.removeSync([machineName, number]);
  }

  alias(machineName: string, name: string): AliasRow | undefined {
    return isKey(machineName) && isKey(name) ? this.#aliases.get([machineName, name]) : undefined;
  }

  aliases(machineName: string): AliasRow[] {
    const range = this.#aliases.getRange({ start: [machineName, ""], end: [machineName, LAST] });
    return Array.from(range, ({ value }) => value);
  }

  putAlias(row: AliasRow): void {
    this.#aliases.putSync([row.machineName, row.name], row);
  }

  removeAlias(machineName: string, name: string): void {
    this.#aliases.removeSync([machineName, name]);
  }

  execution(arn: string): ExecutionRow | undefined {
    return isKey(arn) ? this.#executions.get(arn) : undefined;
  }

  /** A new one, running. */
  addExecution(row: ExecutionRow): void {
    this.#executions.putSync(row.arn, row);
    this.#byMachine.putSync([row.machineName, -row.startMs, row.arn], true);
    if (row.mapRunArn !== undefined) this.#byMapRun.putSync([row.mapRunArn, -row.startMs, row.arn], true);
    this.#running.putSync(row.arn, null);
  }

  endExecution(row: ExecutionRow, stopMs: number): void {
    this.#executions.putSync(row.arn, row);
    this.#running.removeSync(row.arn);
    this.#expiry.putSync([stopMs + RETENTION_MS, row.arn], true);
  }

  /** Runs again from its checkpoint. */
  reviveExecution(row: ExecutionRow, from: Checkpoint | null): void {
    this.#executions.putSync(row.arn, row);
    this.#running.putSync(row.arn, from);
  }

  /** Newest first, after one of them. */
  executionsOf(machineName: string, after?: ExecutionRow): Generator<ExecutionRow> {
    return this.#newestFirst(this.#byMachine, machineName, after);
  }

  executionsOfMapRun(arn: string, after?: ExecutionRow): Generator<ExecutionRow> {
    return this.#newestFirst(this.#byMapRun, arn, after);
  }

  *#newestFirst(table: Database<boolean, ByStart>, owner: string, after?: ExecutionRow): Generator<ExecutionRow> {
    const start: ByStart = after === undefined ? [owner, -Infinity, ""] : [owner, -after.startMs, after.arn];
    for (const [, , arn] of table.getKeys({ start, end: [owner, Infinity, ""] })) {
      const row = arn === after?.arn ? undefined : this.#executions.get(arn);
      if (row !== undefined) yield row;
    }
  }

  /** A machine's, and those of its distributed Maps (`machine/label`). */
  allExecutionsOf(machineName: string): string[] {
    const keys = (start: string, end: string): string[] =>
      Array.from(this.#byMachine.getKeys({ start: [start, -Infinity, ""], end: [end, Infinity, ""] }), (key) => key[2]);
    return [...keys(machineName, machineName), ...keys(`${machineName}/`, `${machineName}/${LAST}`)];
  }

  checkpoint(arn: string, checkpoint: Checkpoint): void {
    this.#running.putSync(arn, checkpoint);
  }

  checkpointOf(arn: string): Checkpoint | undefined {
    return this.#running.get(arn) ?? undefined;
  }

  isRunning(arn: string): boolean {
    return this.#running.doesExist(arn);
  }

  running(): string[] {
    return Array.from(this.#running.getKeys({}));
  }

  putEvent(arn: string, timestampMs: number, { id, previousEventId, type, details }: HistoryEvent): void {
    this.#history.putSync([arn, id], { timestampMs, previousEventId, type, details });
  }

  *history(arn: string, { after, reverse }: { readonly after: number | undefined; readonly reverse: boolean }) {
    const from = after ?? (reverse ? Infinity : 0);
    const end = reverse ? 0 : Infinity;
    for (const { key, value } of this.#history.getRange({ start: [arn, from], end: [arn, end], reverse }))
      if (key[1] !== after) yield { id: key[1], ...value };
  }

  lastEventId(arn: string): number {
    const [key] = Array.from(this.#history.getKeys({ start: [arn, Infinity], end: [arn, 0], reverse: true, limit: 1 }));
    return key?.[1] ?? 0;
  }

  /** What was written behind a checkpoint is written anew. */
  forgetEventsAfter(arn: string, id: number): void {
    for (const key of Array.from(this.#history.getKeys({ start: [arn, id + 1], end: [arn, Infinity] })))
      this.#history.removeSync(key);
  }

  removeExecution(row: ExecutionRow): void {
    this.forgetEventsAfter(row.arn, 0);
    this.#executions.removeSync(row.arn);
    this.#running.removeSync(row.arn);
    this.#byMachine.removeSync([row.machineName, -row.startMs, row.arn]);
    if (row.mapRunArn !== undefined) this.#byMapRun.removeSync([row.mapRunArn, -row.startMs, row.arn]);
    if (row.stopMs !== undefined) this.#expiry.removeSync([row.stopMs + RETENTION_MS, row.arn]);
    for (const { arn } of this.mapRunsOf(row.arn)) {
      this.#mapRuns.removeSync(arn);
      this.#mapRunsOf.removeSync([row.arn, arn]);
    }
  }

  sweep(nowMs: number): void {
    for (const key of Array.from(this.#expiry.getKeys({ end: [nowMs + 1, ""], limit: SWEEP_PER_START }))) {
      const [atMs, arn] = key;
      this.#expiry.removeSync(key);
      const row = this.#executions.get(arn);
      // It may have been redriven since.
      if (row?.stopMs !== undefined && row.stopMs + RETENTION_MS === atMs) this.removeExecution(row);
    }
  }

  mapRun(arn: string): MapRunRow | undefined {
    return isKey(arn) ? this.#mapRuns.get(arn) : undefined;
  }

  mapRunsOf(executionArn: string): MapRunRow[] {
    const keys = this.#mapRunsOf.getKeys({ start: [executionArn, ""], end: [executionArn, LAST] });
    return Array.from(keys, ([, arn]) => this.#mapRuns.get(arn)).filter((row) => row !== undefined);
  }

  putMapRun(row: MapRunRow): void {
    this.#mapRuns.putSync(row.arn, row);
    this.#mapRunsOf.putSync([row.executionArn, row.arn], true);
  }

  activity(name: string): ActivityRow | undefined {
    return isKey(name) ? this.#activities.get(name) : undefined;
  }

  *activities(): Generator<ActivityRow> {
    for (const { value } of this.#activities.getRange({})) yield value;
  }

  putActivity(row: ActivityRow): void {
    this.#activities.putSync(row.name, row);
  }

  removeActivity(name: string): void {
    this.#activities.removeSync(name);
  }

  async clear(): Promise<void> {
    const tables: Pick<Database, "clearAsync">[] = [
      this.#machines,
      this.#deleting,
      this.#revisions,
      this.#versions,
      this.#aliases,
      this.#executions,
      this.#byMachine,
      this.#byMapRun,
      this.#running,
      this.#history,
      this.#expiry,
      this.#mapRuns,
      this.#mapRunsOf,
      this.#activities,
    ];
    await Promise.all(tables.map((table) => table.clearAsync()));
  }
}

const isKey = (text: string): boolean => text !== "" && text.length <= MAX_KEY_LENGTH;
