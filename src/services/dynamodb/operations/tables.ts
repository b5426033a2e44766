/** CreateTable, DescribeTable, ListTables, DeleteTable. Changes take effect at once: a table is ACTIVE when the call returns. */
import { randomUUID } from "node:crypto";
import { arnOf } from "../../../shared/arn.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Engine } from "../engine.js";
import { resourceInUse, validationError } from "../errors.js";
import { checkCreateTable, keysOf, typesOf } from "../input/check-table.js";
import { readInput } from "../input/read-input.js";
import type { CreateTableInput, IndexInput, StreamSpecification, Tag } from "../input/table-inputs.js";
import { createTableShape, listTablesShape, tableNameShape } from "../input/table-shapes.js";
import { describeTable, type IndexRecord, type Projection, type TableRecord } from "../store/table-record.js";

export const NO_THROUGHPUT = { ReadCapacityUnits: 0, WriteCapacityUnits: 0 } as const;

/** `streamArn` is what a template has promised to functions; else the stream is named by the time. */
export async function createTable(engine: Engine, raw: JsonObject, streamArn?: string): Promise<JsonObject> {
  const input = readInput<CreateTableInput>(createTableShape, raw);
  checkCreateTable(input);
  const table = await engine.store.write(() => {
    if (engine.tables.find(input.TableName) !== undefined)
      throw resourceInUse(`Table already exists: ${input.TableName}`);
    const made = withStream(engine, tableRecord(engine, input), input.StreamSpecification, streamArn);
    engine.tables.put(made);
    return made;
  });
  // The answer says CREATING, as AWS's does; the next DescribeTable says ACTIVE.
  return { TableDescription: description(engine, table, "CREATING") };
}

function tableRecord(engine: Engine, input: CreateTableInput): TableRecord {
  const nowMs = engine.clock.now();
  const onDemand = input.BillingMode === "PAY_PER_REQUEST";
  const indexes = [
    ...(input.LocalSecondaryIndexes ?? []).map((index, i) => indexRecord(index, i + 1, true)),
    ...(input.GlobalSecondaryIndexes ?? []).map((index, i) =>
      indexRecord(index, i + 1 + (input.LocalSecondaryIndexes?.length ?? 0), false),
    ),
  ];
  return {
    id: engine.counters.next("table"),
    uuid: randomUUID(),
    name: input.TableName,
    keys: keysOf(input.KeySchema),
    types: typesOf(input.AttributeDefinitions),
    indexes,
    nextIndexId: indexes.length + 1,
    createdMs: nowMs,
    onDemand,
    ...(onDemand ? { onDemandSinceMs: nowMs } : {}),
    throughput: input.ProvisionedThroughput ?? NO_THROUGHPUT,
    tags: tagRecord(input.Tags ?? []),
    deletionProtection: input.DeletionProtectionEnabled ?? false,
    ...(input.TableClass === undefined ? {} : { tableClass: input.TableClass }),
    ...(input.SSESpecification?.Enabled ? { sse: true } : {}),
  };
}

export function indexRecord(index: IndexInput, id: number, local: boolean): IndexRecord {
  return {
    id,
    name: index.IndexName,
    local,
    keys: keysOf(index.KeySchema),
    projection: index.Projection as Projection,
    throughput: index.ProvisionedThroughput ?? NO_THROUGHPUT,
  };
}

export function tagRecord(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** The table with its stream on or off as asked. Inside a transaction. */
export function withStream(
  engine: Engine,
  table: TableRecord,
  wanted: StreamSpecification | undefined,
  wantedArn?: string,
): TableRecord {
  if (wanted === undefined) return table;
  const nowMs = engine.clock.now();
  const { stream: current, ...rest } = table;
  if (!wanted.StreamEnabled) {
    if (current === undefined) return table;
    engine.streams.shut(current.arn, nowMs);
    return rest;
  }
  if (current !== undefined) throw validationError(`Table already has an enabled stream: TableName: ${table.name}`);
  const tableArn = arnOf.table(engine.realm, table.name);
  const { id, arn, label, viewType } = engine.streams.open(
    table.name,
    tableArn,
    table.keys,
    wanted.StreamViewType ?? "KEYS_ONLY",
    nowMs,
    wantedArn,
  );
  return { ...rest, stream: { id, arn, label, viewType }, latestStream: { arn, label } };
}

export function description(engine: Engine, table: TableRecord, status?: string): JsonObject {
  return describeTable(engine.realm, table, (indexId) => engine.counters.totals(table.id, indexId), status);
}

export function describeTableOperation(engine: Engine, raw: JsonObject): JsonObject {
  const { TableName } = readInput<{ readonly TableName: string }>(tableNameShape, raw);
  return { Table: description(engine, engine.tables.getNamed(TableName)) };
}

const MAX_LISTED = 100;

export function listTables(engine: Engine, raw: JsonObject): JsonObject {
  type Input = { readonly Limit?: number; readonly ExclusiveStartTableName?: string };
  const { Limit = MAX_LISTED, ExclusiveStartTableName: start } = readInput<Input>(listTablesShape, raw);
  const names = engine.tables.names().filter((name) => start === undefined || name > start);
  const page = names.slice(0, Limit);
  return { TableNames: page, ...(names.length > page.length ? { LastEvaluatedTableName: page.at(-1) } : {}) };
}

export async function deleteTable(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  const { TableName } = readInput<{ readonly TableName: string }>(tableNameShape, raw);
  const answer = await engine.store.write(() => {
    const table = engine.tables.getNamed(TableName);
    if (table.deletionProtection) {
      throw validationError(
        `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.`,
      );
    }
    const described = description(engine, table, "DELETING");
    if (table.stream !== undefined) engine.streams.shut(table.stream.arn, engine.clock.now());
    for (const indexId of [0, ...table.indexes.map(({ id }) => id)]) engine.counters.forget(table.id, indexId);
    engine.tables.addLeftover({ tableId: table.id });
    engine.tables.remove(table.name);
    return described;
  });
  engine.wakeHousekeeping();
  return { TableDescription: answer };
}
