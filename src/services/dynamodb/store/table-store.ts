/** The tables by name, kept in memory and in the store, and the removal of what a deleted table leaves behind. */
import type { Database } from "lmdb";
import type { StateStore } from "../../kit/state-store.js";
import { resourceNotFound } from "../errors.js";
import type { TableRecord } from "./table-record.js";

/** Rows of a deleted table, or of one index of it, that are still to be removed. */
export interface Leftover {
  readonly tableId: number;
  readonly indexId?: number;
}

export class TableStore {
  readonly #rows: Database<TableRecord, string>;
  readonly #leftovers: Database<Leftover, string>;
  readonly #byName = new Map<string, TableRecord>();

  constructor(store: StateStore) {
    this.#rows = store.table("dynamodb.tables", { encoding: "json" });
    this.#leftovers = store.table("dynamodb.leftovers", { encoding: "json" });
    for (const { value } of this.#rows.getRange()) this.#byName.set(value.name, value);
  }

  find(name: string): TableRecord | undefined {
    return this.#byName.get(name);
  }

  /** For calls on items: the refusal does not name the table. */
  get(name: string): TableRecord {
    const table = this.find(name);
    if (table === undefined) throw resourceNotFound();
    return table;
  }

  /** For calls on tables: the refusal names it. */
  getNamed(name: string): TableRecord {
    const table = this.find(name);
    if (table === undefined) throw resourceNotFound(`Table: ${name} not found`);
    return table;
  }

  names(): string[] {
    return [...this.#byName.keys()].sort((a, b) => Buffer.from(a).compare(Buffer.from(b)));
  }

  all(): Iterable<TableRecord> {
    return this.#byName.values();
  }

  /** As the last step of a transaction: memory follows at once, so that the next one sees it before the commit is awaited. */
  put(table: TableRecord): void {
    this.#rows.putSync(table.name, table);
    this.#byName.set(table.name, table);
  }

  /** As the last step of a transaction. */
  remove(name: string): void {
    this.#rows.removeSync(name);
    this.#byName.delete(name);
  }

  addLeftover(leftover: Leftover): void {
    this.#leftovers.putSync(leftoverKey(leftover), leftover);
  }

  removeLeftover(leftover: Leftover): void {
    this.#leftovers.removeSync(leftoverKey(leftover));
  }

  firstLeftover(): Leftover | undefined {
    for (const { value } of this.#leftovers.getRange({ limit: 1 })) return value;
    return undefined;
  }

  clear(): void {
    this.#rows.clearSync();
    this.#leftovers.clearSync();
    this.#byName.clear();
  }
}

function leftoverKey({ tableId, indexId }: Leftover): string {
  return `${tableId}/${indexId ?? ""}`;
}
