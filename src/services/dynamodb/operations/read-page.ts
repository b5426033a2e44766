/**
 * One page of a Query or Scan: rows in order, until the limit or 1 MB, filtered after they were counted.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
 */
import type { JsonObject } from "../../kit/json-protocol.js";
import { addIndexUnits, consumedCapacity, emptyUsage, readUnits, type CapacityMode } from "../capacity.js";
import type { Engine } from "../engine.js";
import { invalidValues, validationError } from "../errors.js";
import { holds, type Condition } from "../expressions/condition.js";
import type { Path } from "../expressions/context.js";
import { project } from "../expressions/paths.js";
import { checkKeyPart } from "../key-rules.js";
import type { RowRange } from "../store/item-store.js";
import { indexRowKey, indexSpace, itemRowKey, tableSpace, type RowSpace } from "../store/row-key.js";
import { keyNames, type IndexRecord, type TableRecord } from "../store/table-record.js";
import { attributeOf, pick, type Item } from "../values/attribute-value.js";
import { itemSize } from "../values/size.js";

const MAX_PAGE_BYTES = 1024 * 1024;

export type Select = "ALL_ATTRIBUTES" | "ALL_PROJECTED_ATTRIBUTES" | "SPECIFIC_ATTRIBUTES" | "COUNT";

/** Members that Query and Scan share. */
export interface ReadInput {
  readonly TableName: string;
  readonly IndexName?: string;
  readonly Select?: Select;
  readonly Limit?: number;
  readonly ConsistentRead?: boolean;
  readonly ExclusiveStartKey?: Item;
  readonly ProjectionExpression?: string;
  readonly AttributesToGet?: readonly string[];
  readonly ReturnConsumedCapacity?: CapacityMode;
}

/** What is read: the table or an index of it. */
export interface Source {
  readonly table: TableRecord;
  readonly index: IndexRecord | undefined;
  readonly space: RowSpace;
  /** Names of the attributes of a start key, in AWS's order: the table's keys, then the index's. */
  readonly startKeyNames: readonly string[];
}

export function sourceOf(engine: Engine, input: ReadInput): Source {
  const table = engine.tables.get(input.TableName);
  if (input.IndexName === undefined) {
    return { table, index: undefined, space: tableSpace(table), startKeyNames: keyNames(table.keys) };
  }
  const index = table.indexes.find(({ name }) => name === input.IndexName);
  if (index === undefined) throw validationError(`The table does not have the specified index: ${input.IndexName}`);
  if (!index.local && input.ConsistentRead)
    throw validationError("Consistent reads are not supported on global secondary indexes");
  const startKeyNames = [...new Set([...keyNames(table.keys), ...keyNames(index.keys)])];
  return { table, index, space: indexSpace(table, index), startKeyNames };
}

/** `Select` against the other members. These texts are from memory. */
export function checkSelect(input: ReadInput): void {
  const { Select: select, IndexName: index } = input;
  const projection =
    input.ProjectionExpression !== undefined
      ? "ProjectionExpression"
      : input.AttributesToGet
        ? "AttributesToGet"
        : undefined;
  if (select === "ALL_PROJECTED_ATTRIBUTES" && index === undefined) {
    throw invalidValues("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  if (select === "SPECIFIC_ATTRIBUTES" && projection === undefined) {
    throw invalidValues(
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    );
  }
  if (projection === undefined || select === undefined || select === "SPECIFIC_ATTRIBUTES") return;
  const wanted = select === "COUNT" ? "only the Count" : select;
  throw validationError(`Cannot specify the ${projection} when choosing to get ${wanted}`);
}

/** A global index cannot give what it does not hold. */
export function checkProjected({ index }: Source, select: Select | undefined): void {
  if (select === "ALL_ATTRIBUTES" && index !== undefined && !index.local && index.projection.ProjectionType !== "ALL") {
    throw invalidValues(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
    );
  }
}

export function checkIndexHolds(source: Source, paths: readonly Path[] | undefined): void {
  const { index } = source;
  if (index === undefined || index.local) return;
  const missing = missingAttributes(source, index, paths);
  if (missing.length > 0)
    throw invalidValues(`Global secondary index ${index.name} does not project [${missing.join(", ")}]`);
}

function missingAttributes(
  { startKeyNames }: Source,
  index: IndexRecord,
  paths: readonly Path[] | undefined,
): string[] {
  if (index.projection.ProjectionType === "ALL") return [];
  const held = new Set([...startKeyNames, ...(index.projection.NonKeyAttributes ?? [])]);
  return [...new Set((paths ?? []).map(([head]) => head as string))].filter((name) => !held.has(name));
}

/** The row key that a start key names; its parts have the right names and types. */
export function startRowKey(source: Source, key: Item): Buffer {
  const { table, index } = source;
  const tableKey = pick(key, keyNames(table.keys));
  for (const name of keyNames(table.keys))
    checkStartKeyPart(() => checkKeyPart(table, table.keys, name, attributeOf(tableKey, name)));
  const rowKey = itemRowKey(table, tableKey);
  return index === undefined ? rowKey : (indexRowKey(table, index, key, rowKey) as Buffer);
}

function checkStartKeyPart(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw validationError(`The provided starting key is invalid: ${error instanceof Error ? error.message : ""}`);
  }
}

export interface PageRequest {
  readonly source: Source;
  readonly range: RowRange;
  readonly filter: Condition | undefined;
  readonly paths: readonly Path[] | undefined;
}

/** Reads the page and words the answer. */
export function readPage(
  engine: Engine,
  input: ReadInput,
  { source, range, filter, paths }: PageRequest,
): { readonly answer: JsonObject; readonly units: number } {
  const { table, index } = source;
  const fetch = index !== undefined && index.local && needsTable(source, index, input.Select, paths);
  const consistent = input.ConsistentRead ?? false;
  const usage = emptyUsage();
  const found: Item[] = [];
  let [scanned, bytes, matched, fetchedUnits] = [0, 0, 0, 0];
  let last: Item | undefined;
  let more = false;
  for (const { item: row } of engine.items.range(range)) {
    scanned++;
    bytes += itemSize(row);
    last = row;
    const item = fetch ? (engine.items.get(itemRowKey(table, row)) ?? row) : row;
    if (fetch) fetchedUnits += readUnits(itemSize(item), consistent);
    if (filter === undefined || holds(filter, item)) {
      matched++;
      if (input.Select !== "COUNT") found.push(paths === undefined ? item : project(item, paths));
    }
    more = scanned === input.Limit || bytes >= MAX_PAGE_BYTES;
    if (more) break;
  }
  const units = readUnits(bytes, consistent);
  usage.table = index === undefined ? units : fetchedUnits;
  if (index !== undefined) addIndexUnits(usage, index.name, index.local, units);
  const consumed = consumedCapacity(input.ReturnConsumedCapacity, table.name, usage);
  const answer: JsonObject = {
    ...(input.Select === "COUNT" ? {} : { Items: found }),
    Count: matched,
    ScannedCount: scanned,
    ...(more && last !== undefined ? { LastEvaluatedKey: pick(last, source.startKeyNames) } : {}),
    ...(consumed === undefined ? {} : { ConsumedCapacity: consumed }),
  };
  return { answer, units };
}

/** A local index fetches from the table what it does not hold itself, at the cost of one more read per item. */
function needsTable(
  source: Source,
  index: IndexRecord,
  select: Select | undefined,
  paths: readonly Path[] | undefined,
): boolean {
  if (index.projection.ProjectionType === "ALL" || select === "COUNT") return false;
  return select === "ALL_ATTRIBUTES" || missingAttributes(source, index, paths).length > 0;
}
