/**
 * One execution in memory, and a change of it: everything is done on a draft, and written and taken in together, so that
 * a refused update leaves nothing behind.
 */
import type { DurableStore } from "./store.js";
import {
  operationRow,
  type EventDetails,
  type EventRow,
  type ExecutionRow,
  type OperationRow,
  type OperationStatus,
} from "./rows.js";

/** What a draft sets of an operation; everything else stays. */
export type OperationChange = Partial<Omit<OperationRow, "id" | "order" | "change">> & {
  readonly status: OperationStatus;
};
type NewOperation = Omit<Parameters<typeof operationRow>[0], "order" | "change" | "startMs" | "status">;

export class Execution {
  row: ExecutionRow;
  /** By id, in the order of their start. */
  readonly operations: Map<string, OperationRow>;

  constructor(row: ExecutionRow, operations: readonly OperationRow[]) {
    this.row = row;
    this.operations = new Map(operations.map((operation) => [operation.id, operation]));
  }

  /** Undefined where a function was chained without a payload. */
  get input(): string | undefined {
    return this.operations.get(this.row.id)?.input;
  }
}

export class Draft {
  readonly nowMs: number;
  row: ExecutionRow;
  readonly #execution: Execution;
  readonly #changed = new Map<string, OperationRow>();
  readonly #events: { readonly id: number; readonly row: EventRow }[] = [];
  /** Operations whose functions are to be called once this is written. */
  readonly calls: string[] = [];

  constructor(execution: Execution, nowMs: number) {
    this.#execution = execution;
    this.row = execution.row;
    this.nowMs = nowMs;
  }

  get(id: string): OperationRow | undefined {
    return this.#changed.get(id) ?? this.#execution.operations.get(id);
  }

  *operations(): Generator<OperationRow> {
    for (const operation of this.#execution.operations.values()) yield this.#changed.get(operation.id) ?? operation;
    for (const operation of this.#changed.values()) if (!this.#execution.operations.has(operation.id)) yield operation;
  }

  /** Rows keep their members in one order: no spread makes them. */
  set(change: Partial<ExecutionRow>): void {
    this.row = Object.assign(Object.assign({}, this.row), change);
  }

  start(operation: NewOperation): OperationRow {
    const { operations: order, changes } = this.row;
    const row = operationRow(
      Object.assign({ status: "STARTED" as const, startMs: this.nowMs, order, change: changes + 1 }, operation),
    );
    this.#changed.set(row.id, row);
    this.set({ operations: order + 1, changes: changes + 1 });
    return row;
  }

  change(operation: OperationRow, change: OperationChange): OperationRow {
    const number = this.row.changes + 1;
    const row = Object.assign(operationRow(operation), change, { change: number });
    this.#changed.set(row.id, row);
    this.set({ changes: number });
    return row;
  }

  /** Changes what the function is not told of. */
  amend(operation: OperationRow, change: Partial<OperationRow>): void {
    this.#changed.set(operation.id, Object.assign(operationRow(operation), change));
  }

  /** The function is to hear of what has changed, at once or when the invocation under way has ended. */
  wake(): void {
    // One that fails waits for its next attempt, whatever else happens.
    if (this.row.retryMs === undefined) this.set({ isDue: true });
  }

  event(type: string, operation: EventRow["operation"], details: EventDetails): void {
    const id = this.row.events + 1;
    const about = operation && {
      id: operation.id,
      name: operation.name,
      subType: operation.subType,
      parentId: operation.parentId,
    };
    this.#events.push({ id, row: { type, timestampMs: this.nowMs, operation: about, details } });
    this.set({ events: id });
  }

  /** What has changed since the function was told last, in the order of the changes. */
  unseen(): OperationRow[] {
    const { seen } = this.row;
    return [...this.operations()].filter(({ change }) => change > seen).toSorted((a, b) => a.change - b.change);
  }

  /** Within a transaction. */
  commit(store: DurableStore): void {
    const { id } = this.row;
    store.put(this.row);
    for (const operation of this.#changed.values()) {
      store.putOperation(id, operation);
      this.#execution.operations.set(operation.id, operation);
    }
    for (const event of this.#events) store.putEvent(id, event.id, event.row);
    this.#execution.row = this.row;
  }
}
