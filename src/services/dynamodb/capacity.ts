/**
 * Consumed capacity: 1 write unit per KB, 1 read unit per 4 KB (half when eventually consistent), double in
 * transactions, index writes counted on their own.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
import type { JsonObject } from "../kit/json-protocol.js";
import type { Change } from "./store/item-store.js";

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

export type CapacityMode = "NONE" | "TOTAL" | "INDEXES" | undefined;

/** Units used on one table and its indexes. */
export interface Usage {
  table: number;
  readonly indexes: Map<string, { readonly local: boolean; units: number }>;
}

export function emptyUsage(): Usage {
  return { table: 0, indexes: new Map() };
}

export function addIndexUnits(usage: Usage, name: string, local: boolean, units: number): void {
  const entry = usage.indexes.get(name) ?? { local, units: 0 };
  entry.units += units;
  usage.indexes.set(name, entry);
}

export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
}

export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (consistent ? 1 : 0.5);
}

/** Adds what a change cost. `factor` is 2 in a transaction. */
export function addWrite(usage: Usage, change: Change, factor = 1): void {
  usage.table += factor * writeUnits(Math.max(change.oldBytes, change.newBytes));
  for (const { index, oldBytes, newBytes, moved } of change.indexes) {
    // A row that moves is deleted at one place and put at another: two writes.
    const units = moved
      ? writeUnits(oldBytes ?? 0) + writeUnits(newBytes ?? 0)
      : writeUnits(Math.max(oldBytes ?? 0, newBytes ?? 0));
    addIndexUnits(usage, index.name, index.local, factor * units);
  }
}

export function totalUnits(usage: Usage): number {
  let total = usage.table;
  for (const { units } of usage.indexes.values()) total += units;
  return total;
}

/** Transactions also say of which kind the units were. */
export type TransactionUnits = "ReadCapacityUnits" | "WriteCapacityUnits" | undefined;

/** The ConsumedCapacity member, or nothing when it was not asked for. */
export function consumedCapacity(
  mode: CapacityMode,
  tableName: string,
  usage: Usage,
  transaction?: TransactionUnits,
): JsonObject | undefined {
  if (mode !== "TOTAL" && mode !== "INDEXES") return undefined;
  const figures = (units: number): JsonObject => ({
    CapacityUnits: units,
    ...(transaction ? { [transaction]: units } : {}),
  });
  const total = { TableName: tableName, ...figures(totalUnits(usage)) };
  if (mode === "TOTAL") return total;
  const ofKind = (local: boolean): JsonObject | undefined => {
    const entries = [...usage.indexes].filter(([, entry]) => entry.local === local);
    return entries.length === 0
      ? undefined
      : Object.fromEntries(entries.map(([name, { units }]) => [name, figures(units)]));
  };
  const [local, global] = [ofKind(true), ofKind(false)];
  return {
    ...total,
    Table: figures(usage.table),
    ...(local ? { LocalSecondaryIndexes: local } : {}),
    ...(global ? { GlobalSecondaryIndexes: global } : {}),
  };
}
