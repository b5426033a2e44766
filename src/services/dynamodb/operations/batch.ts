/**
 * BatchGetItem and BatchWriteItem. What a throttled partition or the size of the answer keeps from being done comes
 * back as unprocessed, as on AWS.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
import { arnOf } from "../../../shared/arn.js";
import { AwsError } from "../../kit/aws-error.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { addWrite, consumedCapacity, emptyUsage, readUnits, type CapacityMode, type Usage } from "../capacity.js";
import { announce, type Engine } from "../engine.js";
import { isThrottling, validationError } from "../errors.js";
import type { Path } from "../expressions/context.js";
import { checkAttributesToGet } from "../expressions/legacy.js";
import { project } from "../expressions/paths.js";
import { checkExpressionParams, parseExpressions, type ExpressionInput } from "../expressions/request-expressions.js";
import { batchGetShape, batchWriteShape } from "../input/item-shapes.js";
import { readInput } from "../input/read-input.js";
import { checkKey, checkPaths } from "../key-rules.js";
import { itemRowKey } from "../store/row-key.js";
import type { TableRecord } from "../store/table-record.js";
import type { Item } from "../values/attribute-value.js";
import { itemSize, MAX_ITEM_BYTES } from "../values/size.js";
import { validateItem } from "../values/validate.js";
import { itemCollectionMetrics } from "./single-item.js";
import { targetRow, writeItem, type ItemWrite } from "./write-item.js";

const MAX_GET_KEYS = 100;
const MAX_WRITES = 25;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const DUPLICATES = "Provided list of item keys contains duplicates";

interface KeysAndAttributes extends ExpressionInput {
  readonly Keys: readonly Item[];
  readonly AttributesToGet?: readonly string[];
  readonly ConsistentRead?: boolean;
}

interface TableReads {
  readonly table: TableRecord;
  readonly request: KeysAndAttributes;
  readonly paths: readonly Path[] | undefined;
}

export function batchGetItem(engine: Engine, raw: JsonObject): JsonObject {
  type Input = {
    readonly RequestItems: Readonly<Record<string, KeysAndAttributes>>;
    readonly ReturnConsumedCapacity?: CapacityMode;
  };
  const input = readInput<Input>(batchGetShape, raw);
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, JsonObject> = {};
  const capacity: JsonObject[] = [];
  let answerBytes = 0;
  for (const { table, request, paths } of tableReads(engine, input.RequestItems)) {
    const usage = emptyUsage();
    const items: Item[] = [];
    const left: Item[] = [];
    for (const key of request.Keys) {
      const item = readOne(engine, table, key, request.ConsistentRead ?? false, usage);
      if (item === "throttled" || (item !== undefined && answerBytes + itemSize(item) > MAX_ANSWER_BYTES)) {
        left.push(key);
        continue;
      }
      if (item === undefined) continue;
      answerBytes += itemSize(item);
      items.push(paths === undefined ? item : project(item, paths));
    }
    responses[table.name] = items;
    if (left.length > 0) unprocessed[table.name] = { ...request, Keys: left };
    const consumed = consumedCapacity(input.ReturnConsumedCapacity, table.name, usage);
    if (consumed !== undefined) capacity.push(consumed);
  }
  return {
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ...(capacity.length > 0 ? { ConsumedCapacity: capacity } : {}),
  };
}

/** Checks the whole request before anything is read. */
function tableReads(engine: Engine, requests: Readonly<Record<string, KeysAndAttributes>>): TableReads[] {
  let keys = 0;
  const parsed = Object.entries(requests).map(([name, request]) => {
    checkExpressionParams(request, ["ProjectionExpression"], ["AttributesToGet"]);
    checkAttributesToGet(request.AttributesToGet);
    const { projection } = parseExpressions(request);
    for (const key of request.Keys) validateItem(key);
    keys += request.Keys.length;
    if (new Set(request.Keys.map(keyText)).size < request.Keys.length) throw validationError(DUPLICATES);
    if (keys > MAX_GET_KEYS) throw validationError("Too many items requested for the BatchGetItem call");
    return { name, request, projection };
  });
  return parsed.map(({ name, request, projection }) => {
    const table = engine.tables.get(name);
    for (const key of request.Keys) checkKey(table, key);
    checkPaths(table, projection ?? []);
    return { table, request, paths: projection ?? request.AttributesToGet?.map((attribute) => [attribute]) };
  });
}

function keyText(key: Item): string {
  return JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readOne(
  engine: Engine,
  table: TableRecord,
  key: Item,
  consistent: boolean,
  usage: Usage,
): Item | undefined | "throttled" {
  const rowKey = itemRowKey(table, key);
  if (isThrottled(() => engine.meter.check("Read", table, arnOf.table(engine.realm, table.name), rowKey)))
    return "throttled";
  const item = engine.items.get(rowKey);
  const units = readUnits(item === undefined ? 0 : itemSize(item), consistent);
  engine.meter.charge("Read", rowKey, units);
  usage.table += units;
  return item;
}

function isThrottled(act: () => void): boolean {
  try {
    act();
    return false;
  } catch (error) {
    if (isThrottling(error)) return true;
    throw error;
  }
}

interface WriteRequest {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

interface BatchWriteInput {
  readonly RequestItems: Readonly<Record<string, readonly WriteRequest[]>>;
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: "SIZE" | "NONE";
}

export async function batchWriteItem(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  const input = readInput<BatchWriteInput>(batchWriteShape, raw);
  const writes = readWrites(input.RequestItems);
  const usages = new Map<string, Usage>();
  const unprocessed: Record<string, WriteRequest[]> = {};
  const collections: Record<string, JsonObject[]> = {};
  const nowMs = engine.clock.now();
  const changed = await engine.writes.write(() => {
    checkWrites(engine, writes);
    return writes.flatMap(({ request, write }) => {
      const { tableName } = write;
      const outcome: TableRecord[] = [];
      const left = isThrottled(() => {
        const written = writeItem(engine, write, nowMs);
        const usage = usages.get(tableName) ?? emptyUsage();
        addWrite(usage, written.change);
        usages.set(tableName, usage);
        if (written.change.streamed) outcome.push(written.table);
        if (written.table.indexes.some((index) => index.local)) {
          const key = write.target.kind === "put" ? write.target.item : write.target.key;
          (collections[tableName] ??= []).push(itemCollectionMetrics(written.table.keys.hash, key));
        }
      });
      if (left) (unprocessed[tableName] ??= []).push(request);
      return outcome;
    });
  });
  announce(engine, changed);
  const capacity = [...usages].flatMap(
    ([name, usage]) => consumedCapacity(input.ReturnConsumedCapacity, name, usage) ?? [],
  );
  return {
    UnprocessedItems: unprocessed,
    ...(capacity.length > 0 ? { ConsumedCapacity: capacity } : {}),
    ...(input.ReturnItemCollectionMetrics === "SIZE" ? { ItemCollectionMetrics: collections } : {}),
  };
}

interface BatchWrite {
  readonly request: WriteRequest;
  readonly write: ItemWrite;
}

function readWrites(requests: BatchWriteInput["RequestItems"]): BatchWrite[] {
  const writes: BatchWrite[] = [];
  for (const [tableName, list] of Object.entries(requests)) {
    if (list.some((request) => (request.PutRequest === undefined) === (request.DeleteRequest === undefined))) {
      // AWS answers with the text for attribute values here.
      throw validationError(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
      );
    }
    for (const request of list) writes.push({ request, write: { tableName, target: readTarget(request) } });
  }
  if (writes.length > MAX_WRITES) throw validationError("Too many items requested for the BatchWriteItem call");
  return writes;
}

function readTarget({ PutRequest, DeleteRequest }: WriteRequest): ItemWrite["target"] {
  if (PutRequest !== undefined) {
    validateItem(PutRequest.Item);
    if (itemSize(PutRequest.Item) > MAX_ITEM_BYTES)
      throw validationError("Item size has exceeded the maximum allowed size");
    return { kind: "put", item: PutRequest.Item };
  }
  const key = (DeleteRequest as { readonly Key: Item }).Key;
  validateItem(key);
  return { kind: "delete", key };
}

/** Nothing is written when any write of the batch is wrong in itself. */
function checkWrites(engine: Engine, writes: readonly BatchWrite[]): void {
  const seen = new Set<string>();
  for (const { write } of writes) {
    const table = engine.tables.get(write.tableName);
    const row = asKeyMismatch(() => targetRow(table, write)).toString("latin1");
    if (seen.has(row)) throw validationError(DUPLICATES);
    seen.add(row);
  }
}

/** A batch tells a missing or mistyped key of an item with the text of a wrong `Key`. */
function asKeyMismatch<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof AwsError && /Missing the key|Type mismatch for key/.test(error.message)) {
      throw validationError("The provided key element does not match the schema");
    }
    throw error;
  }
}
