/** Numbers that only grow, and the size of every table and index; written in the transaction of the change itself. */
import type { Database } from "lmdb";
import type { StateStore } from "../../kit/state-store.js";
import type { Totals } from "./table-record.js";

type CounterName = "table" | "stream" | "sequence";

const NOTHING: Totals = { items: 0, bytes: 0 };

export class Counters {
  readonly #rows: Database<number | Totals, string>;

  constructor(store: StateStore) {
    this.#rows = store.table("dynamodb.counters");
  }

  /** Takes the next number. Inside a transaction. */
  next(name: CounterName): number {
    const number = this.peek(name);
    this.#rows.putSync(name, number + 1);
    return number;
  }

  peek(name: CounterName): number {
    return (this.#rows.get(name) as number | undefined) ?? 1;
  }

  totals(tableId: number, indexId: number): Totals {
    return (this.#rows.get(totalsKey(tableId, indexId)) as Totals | undefined) ?? NOTHING;
  }

  /** Inside a transaction. */
  add(tableId: number, indexId: number, items: number, bytes: number): void {
    if (items === 0 && bytes === 0) return;
    const before = this.totals(tableId, indexId);
    this.#rows.putSync(totalsKey(tableId, indexId), { items: before.items + items, bytes: before.bytes + bytes });
  }

  /** Inside a transaction. */
  forget(tableId: number, indexId: number): void {
    this.#rows.removeSync(totalsKey(tableId, indexId));
  }

  /** The numbers stay: what was forgotten must not be confused with what comes. */
  clearTotals(): void {
    for (const key of Array.from(this.#rows.getKeys())) if (key.includes("/")) this.#rows.removeSync(key);
  }
}

function totalsKey(tableId: number, indexId: number): string {
  return `${tableId}/${indexId}`;
}
