/** UpdateTable: billing, throughput, global indexes, stream, protection. An added index is filled before the call returns. */
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Engine } from "../engine.js";
import { invalidValues, limitExceeded, validationError } from "../errors.js";
import { checkGlobalIndex, checkUpdateTable, typesOf } from "../input/check-table.js";
import { readInput } from "../input/read-input.js";
import type { IndexInput, IndexUpdate, UpdateTableInput } from "../input/table-inputs.js";
import { updateTableShape } from "../input/table-shapes.js";
import { keyNames, type IndexRecord, type TableRecord, type Throughput } from "../store/table-record.js";
import { description, indexRecord, NO_THROUGHPUT, withStream } from "./tables.js";

export async function updateTable(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  const input = readInput<UpdateTableInput>(updateTableShape, raw);
  checkUpdateTable(input);
  const table = await engine.store.write(() => {
    const before = engine.tables.getNamed(input.TableName);
    const billed = withBilling(before, input, engine.clock.now());
    const indexed = withIndexes(engine, billed, input);
    const after: TableRecord = {
      ...withStream(engine, indexed, input.StreamSpecification),
      deletionProtection: input.DeletionProtectionEnabled ?? before.deletionProtection,
      ...(input.TableClass === undefined ? {} : { tableClass: input.TableClass }),
      ...(input.SSESpecification === undefined ? {} : { sse: input.SSESpecification.Enabled ?? false }),
    };
    engine.tables.put(after);
    return after;
  });
  engine.wakeHousekeeping();
  return { TableDescription: description(engine, table, "UPDATING") };
}

function withBilling(table: TableRecord, input: UpdateTableInput, nowMs: number): TableRecord {
  const onDemand = input.BillingMode === undefined ? table.onDemand : input.BillingMode === "PAY_PER_REQUEST";
  if (onDemand && input.ProvisionedThroughput !== undefined) {
    throw invalidValues(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  }
  if (!onDemand && table.onDemand) checkIndexesProvisioned(table, input.GlobalSecondaryIndexUpdates ?? []);
  if (!table.onDemand && input.ProvisionedThroughput !== undefined)
    checkChange(table.throughput, input.ProvisionedThroughput);
  if (onDemand && !table.onDemand) {
    const indexes = table.indexes.map((index) => ({ ...index, throughput: NO_THROUGHPUT }));
    return { ...table, onDemand, onDemandSinceMs: nowMs, throughput: NO_THROUGHPUT, indexes };
  }
  return { ...table, onDemand, throughput: input.ProvisionedThroughput ?? table.throughput };
}

function checkIndexesProvisioned(table: TableRecord, updates: readonly IndexUpdate[]): void {
  const given = new Set(updates.map(({ Update, Delete }) => Update?.IndexName ?? Delete?.IndexName));
  const missing = table.indexes.filter((index) => !index.local && !given.has(index.name)).map(({ name }) => name);
  if (missing.length > 0)
    throw invalidValues(`ProvisionedThroughput must be specified for index: ${missing.join(",")}`);
}

function checkChange(current: Throughput, wanted: Throughput): void {
  const same =
    current.ReadCapacityUnits === wanted.ReadCapacityUnits && current.WriteCapacityUnits === wanted.WriteCapacityUnits;
  if (!same) return;
  throw validationError(
    "The provisioned throughput for the table will not change. The requested value equals the current value. " +
      `Current ReadCapacityUnits provisioned for the table: ${current.ReadCapacityUnits}. Requested ReadCapacityUnits: ${wanted.ReadCapacityUnits}. ` +
      `Current WriteCapacityUnits provisioned for the table: ${current.WriteCapacityUnits}. Requested WriteCapacityUnits: ${wanted.WriteCapacityUnits}. ` +
      "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
  );
}

function withIndexes(engine: Engine, table: TableRecord, input: UpdateTableInput): TableRecord {
  const updates = input.GlobalSecondaryIndexUpdates ?? [];
  if (updates.filter(({ Create, Delete }) => Create !== undefined || Delete !== undefined).length > 1) {
    throw limitExceeded(
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
  }
  let changed: TableRecord = { ...table, types: { ...table.types, ...typesOf(input.AttributeDefinitions ?? []) } };
  for (const { Create, Update, Delete } of updates) {
    if (Create !== undefined) changed = withNewIndex(engine, changed, Create);
    else if (Delete !== undefined) changed = withoutIndex(engine, changed, Delete.IndexName);
    else if (Update !== undefined) {
      const index = indexNamed(changed, Update.IndexName);
      checkChange(index.throughput, Update.ProvisionedThroughput);
      changed = replaceIndex(changed, { ...index, throughput: Update.ProvisionedThroughput });
    }
  }
  return { ...changed, types: usedTypes(changed) };
}

function withNewIndex(engine: Engine, table: TableRecord, input: IndexInput): TableRecord {
  checkGlobalIndex(input, Object.keys(table.types), table.onDemand);
  if (table.indexes.some(({ name }) => name === input.IndexName)) {
    throw validationError(`Attempting to create an index which already exists. Index: ${input.IndexName}`);
  }
  const index = indexRecord(input, table.nextIndexId, false);
  engine.items.backfill(table, index);
  return { ...table, indexes: [...table.indexes, index], nextIndexId: table.nextIndexId + 1 };
}

function withoutIndex(engine: Engine, table: TableRecord, name: string): TableRecord {
  const index = indexNamed(table, name);
  engine.tables.addLeftover({ tableId: table.id, indexId: index.id });
  engine.counters.forget(table.id, index.id);
  return { ...table, indexes: table.indexes.filter((other) => other !== index) };
}

function indexNamed(table: TableRecord, name: string): IndexRecord {
  const index = table.indexes.find((other) => !other.local && other.name === name);
  if (index === undefined) throw validationError(`The table does not have the specified index: ${name}`);
  return index;
}

function replaceIndex(table: TableRecord, index: IndexRecord): TableRecord {
  return { ...table, indexes: table.indexes.map((other) => (other.id === index.id ? index : other)) };
}

/** Definitions of attributes that no key uses any more go. */
function usedTypes(table: TableRecord): TableRecord["types"] {
  const used = new Set([table.keys, ...table.indexes.map(({ keys }) => keys)].flatMap(keyNames));
  return Object.fromEntries(Object.entries(table.types).filter(([name]) => used.has(name)));
}
