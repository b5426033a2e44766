/**
 * TransactWriteItems and TransactGetItems. All or nothing, in one transaction of the store, so there are no conflicts.
 * A token makes a repeated write harmless for ten minutes.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
 */
import { createHash } from "node:crypto";
import { arnOf } from "../../../shared/arn.js";
import { AwsError } from "../../kit/aws-error.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { addWrite, consumedCapacity, emptyUsage, readUnits, type CapacityMode, type Usage } from "../capacity.js";
import { announce, type Engine } from "../engine.js";
import {
  CONDITION_FAILED,
  idempotentParameterMismatch,
  transactionCanceled,
  validationError,
  type CancellationReason,
} from "../errors.js";
import { parseExpressions, type ExpressionInput } from "../expressions/request-expressions.js";
import { project } from "../expressions/paths.js";
import { transactGetShape, transactWriteShape } from "../input/item-shapes.js";
import { readInput } from "../input/read-input.js";
import { checkKey, checkPaths } from "../key-rules.js";
import { itemRowKey } from "../store/row-key.js";
import type { TokenStore } from "../store/token-store.js";
import type { Item } from "../values/attribute-value.js";
import { itemSize, MAX_ITEM_BYTES } from "../values/size.js";
import { validateItem } from "../values/validate.js";
import { itemCollectionMetrics } from "./single-item.js";
import { targetRow, writeItem, type ItemWrite, type Written } from "./write-item.js";

interface TransactOperation extends ExpressionInput {
  readonly TableName: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

type TransactWrite = Readonly<Partial<Record<"Put" | "Update" | "Delete" | "ConditionCheck", TransactOperation>>>;

interface TransactWriteInput {
  readonly TransactItems: readonly TransactWrite[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: "SIZE" | "NONE";
}

const TRANSACTION_FACTOR = 2;
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
const ONE_ITEM_TWICE = "Transaction request cannot include multiple operations on one item";

export async function transactWriteItems(engine: Engine, tokens: TokenStore, raw: JsonObject): Promise<JsonObject> {
  const input = readInput<TransactWriteInput>(transactWriteShape, raw);
  const writes = input.TransactItems.map(readWrite);
  const sizes = writes.reduce((sum, { target }) => sum + (target.kind === "put" ? itemSize(target.item) : 0), 0);
  if (sizes > MAX_TRANSACTION_BYTES) throw validationError("Transaction request exceeds the maximum size of 4 MB");
  const nowMs = engine.clock.now();
  const fingerprint = createHash("sha256").update(JSON.stringify(input.TransactItems)).digest("hex");
  const token = input.ClientRequestToken;
  const done = await engine.store.write(() => {
    const earlier = token === undefined ? undefined : tokens.find(token, nowMs);
    if (earlier !== undefined && earlier !== fingerprint) throw idempotentParameterMismatch();
    if (earlier !== undefined) return undefined;
    checkDistinctItems(engine, writes);
    const written = writeAll(engine, writes, nowMs);
    if (token !== undefined) tokens.put(token, fingerprint, nowMs);
    return written;
  });
  announce(
    engine,
    (done ?? []).filter(({ change }) => change.streamed).map(({ table }) => table),
  );
  return { ...capacityMember(engine, input, writes, done), ...collectionsMember(input, writes, done) };
}

function readWrite(write: TransactWrite): ItemWrite {
  const entries = Object.entries(write) as [keyof TransactWrite, TransactOperation][];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    throw validationError("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  const [kind, operation] = entry;
  const parsed = parseExpressions(operation);
  validateItem(operation.Key);
  validateItem(operation.Item);
  const { TableName: tableName, Key: key = {}, Item: item = {} } = operation;
  const base = {
    tableName,
    condition: parsed.condition,
    oldOnFailure: operation.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
  };
  switch (kind) {
    case "Put":
      if (itemSize(item) > MAX_ITEM_BYTES) throw validationError("Item size has exceeded the maximum allowed size");
      return { ...base, target: { kind: "put", item } };
    case "Update":
      return { ...base, target: { kind: "update", key, actions: parsed.update ?? [] } };
    case "Delete":
      return { ...base, target: { kind: "delete", key } };
    case "ConditionCheck":
      return { ...base, target: { kind: "check", key } };
  }
}

function checkDistinctItems(engine: Engine, writes: readonly ItemWrite[]): void {
  const seen = new Set<string>();
  for (const write of writes) {
    const table = engine.tables.get(write.tableName);
    const row = rowOf(() => targetRow(table, write));
    if (row === undefined) continue;
    if (seen.has(row)) throw validationError(ONE_ITEM_TWICE);
    seen.add(row);
  }
}

/** Undefined for a write that is wrong in itself; it will be among the reasons. */
function rowOf(row: () => Buffer): string | undefined {
  try {
    return row().toString("latin1");
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

/** Tries every write, so that all reasons are known; throws when there is one, which undoes what was written. */
function writeAll(engine: Engine, writes: readonly ItemWrite[], nowMs: number): Written[] {
  const done: Written[] = [];
  const reasons = writes.map((write): CancellationReason => {
    try {
      done.push(writeItem(engine, write, nowMs));
      return { Code: "None" };
    } catch (error) {
      if (error instanceof AwsError) return reasonOf(error);
      throw error;
    }
  });
  if (reasons.some(({ Code }) => Code !== "None")) throw transactionCanceled(reasons);
  return done;
}

function reasonOf(error: AwsError): CancellationReason {
  switch (error.code) {
    case "ConditionalCheckFailedException": {
      const item = error.members["Item"] as Item | undefined;
      return {
        Code: "ConditionalCheckFailed",
        Message: CONDITION_FAILED,
        ...(item === undefined ? {} : { Item: item }),
      };
    }
    case "ValidationException":
      return { Code: "ValidationError", Message: error.message };
    case "ThrottlingException":
      return { Code: "ThrottlingError", Message: error.message };
    case "ProvisionedThroughputExceededException":
      return { Code: "ProvisionedThroughputExceeded", Message: error.message };
    default:
      throw error;
  }
}

/** A repeated token is answered with what reading the items would cost. */
function capacityMember(
  engine: Engine,
  input: TransactWriteInput,
  writes: readonly ItemWrite[],
  done: readonly Written[] | undefined,
): JsonObject {
  const usages = new Map<string, Usage>();
  for (const [i, write] of writes.entries()) {
    const usage = usages.get(write.tableName) ?? emptyUsage();
    usages.set(write.tableName, usage);
    const written = done?.[i];
    if (written !== undefined) {
      addWrite(usage, written.change, TRANSACTION_FACTOR);
      continue;
    }
    const row = rowOf(() => targetRow(engine.tables.get(write.tableName), write));
    const item = row === undefined ? undefined : engine.items.get(Buffer.from(row, "latin1"));
    usage.table += TRANSACTION_FACTOR * readUnits(item === undefined ? 0 : itemSize(item), true);
  }
  const kind = done === undefined ? "ReadCapacityUnits" : "WriteCapacityUnits";
  const list = [...usages].flatMap(
    ([name, usage]) => consumedCapacity(input.ReturnConsumedCapacity, name, usage, kind) ?? [],
  );
  return list.length === 0 ? {} : { ConsumedCapacity: list };
}

function collectionsMember(
  input: TransactWriteInput,
  writes: readonly ItemWrite[],
  done: readonly Written[] | undefined,
): JsonObject {
  if (input.ReturnItemCollectionMetrics !== "SIZE" || done === undefined) return {};
  const collections: Record<string, JsonObject[]> = {};
  for (const [i, { table }] of done.entries()) {
    const target = writes[i]?.target;
    if (target === undefined || !table.indexes.some((index) => index.local)) continue;
    const key = target.kind === "put" ? target.item : target.key;
    (collections[table.name] ??= []).push(itemCollectionMetrics(table.keys.hash, key));
  }
  return { ItemCollectionMetrics: collections };
}

export function transactGetItems(engine: Engine, raw: JsonObject): JsonObject {
  type Get = ExpressionInput & { readonly TableName: string; readonly Key: Item };
  type Input = {
    readonly TransactItems: readonly { readonly Get: Get }[];
    readonly ReturnConsumedCapacity?: CapacityMode;
  };
  const input = readInput<Input>(transactGetShape, raw);
  const gets = input.TransactItems.map(({ Get: get }) => {
    validateItem(get.Key);
    return { get, paths: parseExpressions(get).projection };
  });
  const usages = new Map<string, Usage>();
  const reasons: CancellationReason[] = [];
  const seen = new Set<string>();
  const responses = gets.map(({ get, paths }) => {
    const table = engine.tables.get(get.TableName);
    try {
      checkKey(table, get.Key);
      checkPaths(table, paths ?? []);
      const rowKey = itemRowKey(table, get.Key);
      if (seen.has(rowKey.toString("latin1"))) throw validationError(ONE_ITEM_TWICE);
      seen.add(rowKey.toString("latin1"));
      engine.meter.check("Read", table, arnOf.table(engine.realm, table.name), rowKey);
      const item = engine.items.get(rowKey);
      const usage = usages.get(table.name) ?? emptyUsage();
      const units = TRANSACTION_FACTOR * readUnits(item === undefined ? 0 : itemSize(item), true);
      usage.table += units;
      usages.set(table.name, usage);
      engine.meter.charge("Read", rowKey, units);
      reasons.push({ Code: "None" });
      return item === undefined ? {} : { Item: paths === undefined ? item : project(item, paths) };
    } catch (error) {
      if (!(error instanceof AwsError) || error.message === ONE_ITEM_TWICE) throw error;
      reasons.push(reasonOf(error));
      return {};
    }
  });
  if (reasons.some(({ Code }) => Code !== "None")) throw transactionCanceled(reasons);
  const capacity = [...usages].flatMap(
    ([name, usage]) => consumedCapacity(input.ReturnConsumedCapacity, name, usage, "ReadCapacityUnits") ?? [],
  );
  return { Responses: responses, ...(capacity.length > 0 ? { ConsumedCapacity: capacity } : {}) };
}
