/**
 * Durable executions in the state store.
 *
 *     executions   id
 *     names        [function, name]          id
 *     by-function  [function, -start, -place, id]   newest first, as ListDurableExecutionsByFunction has them
 *     operations   [id, order]
 *     history      [id, event id]
 *     running      id                        what the next process goes on with
 *     expiry       [forgotten at, id]        ended executions
 */
import type { Database } from "lmdb";
import type { StateStore } from "../../kit/state-store.js";
import { RUNNING_TABLE } from "./left-running.js";
import { isClosed, type EventRow, type ExecutionRow, type OperationRow } from "./rows.js";

type ByStart = [functionName: string, negativeStartMs: number, negativePlace: number, id: string];

/** Nothing sorts after it: ids are text. */
const LAST = "\uffff";
const DAY_MS = 86_400_000;
/** Forgotten with each start: more than a start adds, so that the tables shrink. */
const SWEEP_PER_START = 5;

export class DurableStore {
  readonly #state: StateStore;
  readonly #executions: Database<ExecutionRow, string>;
  readonly #names: Database<string, [string, string]>;
  readonly #byFunction: Database<boolean, ByStart>;
  readonly #operations: Database<OperationRow, [string, number]>;
  readonly #history: Database<EventRow, [string, number]>;
  readonly #running: Database<boolean, string>;
  readonly #expiry: Database<boolean, [number, string]>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#executions = state.table("durable-executions");
    this.#names = state.table("durable-names");
    this.#byFunction = state.table("durable-by-function");
    this.#operations = state.table("durable-operations");
    this.#history = state.table("durable-history");
    this.#running = state.table(RUNNING_TABLE);
    this.#expiry = state.table("durable-expiry");
  }

  /** One transaction; what `work` throws undoes it. */
  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  /** Undefined also when its retention is over. */
  execution(id: string, nowMs: number): ExecutionRow | undefined {
    const row = this.#executions.get(id);
    return row === undefined || forgottenMs(row) <= nowMs ? undefined : row;
  }

  named(functionName: string, name: string, nowMs: number): ExecutionRow | undefined {
    const id = this.#names.get([functionName, name]);
    return id === undefined ? undefined : this.execution(id, nowMs);
  }

  /** Newest first or oldest first, behind one of them. */
  *executionsOf(
    functionName: string,
    { isOldestFirst, after, nowMs }: { isOldestFirst: boolean; after: ExecutionRow | undefined; nowMs: number },
  ): Generator<ExecutionRow> {
    const far = isOldestFirst ? Infinity : -Infinity;
    const start: ByStart = after === undefined ? [functionName, far, far, LAST] : byStart(after);
    const end: ByStart = [functionName, -far, -far, LAST];
    for (const [, , , id] of this.#byFunction.getKeys({ start, end, reverse: isOldestFirst })) {
      const row = id === after?.id ? undefined : this.execution(id, nowMs);
      if (row !== undefined) yield row;
    }
  }

  /** In the order of their start. */
  operations(id: string): OperationRow[] {
    return Array.from(this.#operations.getRange({ start: [id, 0], end: [id, Infinity] }), ({ value }) => value);
  }

  *history(id: string, { after, isReverse }: { after: number | undefined; isReverse: boolean }) {
    const from = after ?? (isReverse ? Infinity : 0);
    const end = isReverse ? 0 : Infinity;
    for (const { key, value } of this.#history.getRange({ start: [id, from], end: [id, end], reverse: isReverse }))
      if (key[1] !== after) yield { eventId: key[1], event: value };
  }

  running(): string[] {
    return Array.from(this.#running.getKeys({}));
  }

  add(row: ExecutionRow): void {
    this.#names.putSync([row.functionName, row.name], row.id);
    this.#byFunction.putSync(byStart(row), true);
    this.#running.putSync(row.id, true);
  }

  put(row: ExecutionRow): void {
    this.#executions.putSync(row.id, row);
    if (!isClosed(row)) return;
    if (row.owesLetter) return;
    this.#running.removeSync(row.id);
    this.#expiry.putSync([forgottenMs(row), row.id], true);
  }

  putOperation(id: string, row: OperationRow): void {
    this.#operations.putSync([id, row.order], row);
  }

  putEvent(id: string, eventId: number, row: EventRow): void {
    this.#history.putSync([id, eventId], row);
  }

  /** Removes some executions whose retention is over. */
  sweep(nowMs: number): void {
    for (const key of Array.from(this.#expiry.getKeys({ end: [nowMs + 1, ""], limit: SWEEP_PER_START }))) {
      this.#expiry.removeSync(key);
      const row = this.#executions.get(key[1]);
      if (row !== undefined) this.#remove(row);
    }
  }

  async clear(): Promise<void> {
    const tables: Pick<Database, "clearAsync">[] = [
      this.#executions,
      this.#names,
      this.#byFunction,
      this.#operations,
      this.#history,
      this.#running,
      this.#expiry,
    ];
    await Promise.all(tables.map((table) => table.clearAsync()));
  }

  #remove(row: ExecutionRow): void {
    const { id } = row;
    this.#executions.removeSync(id);
    this.#byFunction.removeSync(byStart(row));
    // The name may have been given to another one since.
    if (this.#names.get([row.functionName, row.name]) === id) this.#names.removeSync([row.functionName, row.name]);
    for (const table of [this.#operations, this.#history] as Database<unknown, [string, number]>[])
      for (const key of Array.from(table.getKeys({ start: [id, 0], end: [id, Infinity] }))) table.removeSync(key);
  }
}

const byStart = ({ functionName, startMs, place, id }: ExecutionRow): ByStart => [functionName, -startMs, -place, id];

const forgottenMs = ({ endMs, retentionDays }: ExecutionRow): number =>
  endMs === undefined ? Infinity : endMs + retentionDays * DAY_MS;
