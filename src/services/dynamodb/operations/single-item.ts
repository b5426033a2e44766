/** GetItem, PutItem, UpdateItem, DeleteItem. */
import { arnOf } from "../../../shared/arn.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { addWrite, consumedCapacity, emptyUsage, readUnits, type CapacityMode } from "../capacity.js";
import { announce, type Engine } from "../engine.js";
import { validationError } from "../errors.js";
import type { Condition } from "../expressions/condition.js";
import {
  attributeUpdatesToActions,
  checkAttributesToGet,
  checkAttributeUpdates,
  checkExpected,
  expectedToCondition,
  OLD_TYPE_MISMATCH,
  type AttributeUpdate,
  type ConditionalOperator,
  type ExpectedAttribute,
} from "../expressions/legacy.js";
import { project } from "../expressions/paths.js";
import { checkExpressionParams, parseExpressions, type ExpressionInput } from "../expressions/request-expressions.js";
import { deleteItemShape, getItemShape, putItemShape, updateItemShape } from "../input/item-shapes.js";
import { readInput } from "../input/read-input.js";
import { checkKey, checkPaths } from "../key-rules.js";
import { itemRowKey } from "../store/row-key.js";
import { pick, type Item } from "../values/attribute-value.js";
import { itemSize, MAX_ITEM_BYTES } from "../values/size.js";
import { validateItem } from "../values/validate.js";
import { writeItem, type ItemWrite, type Written } from "./write-item.js";

type ReturnValues = "NONE" | "ALL_OLD" | "UPDATED_OLD" | "ALL_NEW" | "UPDATED_NEW";

interface GetItemInput extends ExpressionInput {
  readonly TableName: string;
  readonly Key: Item;
  readonly AttributesToGet?: readonly string[];
  readonly ConsistentRead?: boolean;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

interface WriteInput extends ExpressionInput {
  readonly TableName: string;
  readonly Expected?: Readonly<Record<string, ExpectedAttribute>>;
  readonly ConditionalOperator?: ConditionalOperator;
  readonly ReturnValues?: ReturnValues;
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: "SIZE" | "NONE";
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

export function getItem(engine: Engine, raw: JsonObject): JsonObject {
  const input = readInput<GetItemInput>(getItemShape, raw);
  checkExpressionParams(input, ["ProjectionExpression"], ["AttributesToGet"]);
  validateItem(input.Key);
  checkAttributesToGet(input.AttributesToGet);
  const { projection } = parseExpressions(input);
  const table = engine.tables.get(input.TableName);
  checkKey(table, input.Key);
  checkPaths(table, projection ?? []);
  const rowKey = itemRowKey(table, input.Key);
  engine.meter.check("Read", table, arnOf.table(engine.realm, table.name), rowKey);
  const item = engine.items.get(rowKey);
  const usage = emptyUsage();
  usage.table = readUnits(item === undefined ? 0 : itemSize(item), input.ConsistentRead ?? false);
  engine.meter.charge("Read", rowKey, usage.table);
  const paths = projection ?? input.AttributesToGet?.map((name) => [name]);
  return {
    ...(item === undefined ? {} : { Item: paths === undefined ? item : project(item, paths) }),
    ...capacityMember(input, usage),
  };
}

export async function putItem(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  const input = readInput<WriteInput & { readonly Item: Item }>(putItemShape, raw);
  checkExpressionParams(input, ["ConditionExpression"], ["Expected"]);
  validateItem(input.Item);
  checkReturnsOld(input);
  if (itemSize(input.Item) > MAX_ITEM_BYTES) throw validationError("Item size has exceeded the maximum allowed size");
  return write(engine, input, conditionOf(input), { kind: "put", item: input.Item });
}

export async function deleteItem(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  const input = readInput<WriteInput & { readonly Key: Item }>(deleteItemShape, raw);
  checkExpressionParams(input, ["ConditionExpression"], ["Expected"]);
  validateItem(input.Key);
  checkReturnsOld(input);
  return write(engine, input, conditionOf(input), { kind: "delete", key: input.Key });
}

export async function updateItem(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  type Input = WriteInput & {
    readonly Key: Item;
    readonly AttributeUpdates?: Readonly<Record<string, AttributeUpdate>>;
  };
  const input = readInput<Input>(updateItemShape, raw);
  checkExpressionParams(input, ["UpdateExpression", "ConditionExpression"], ["AttributeUpdates", "Expected"]);
  validateItem(input.Key);
  checkAttributeUpdates(input.AttributeUpdates);
  checkExpected(input.Expected);
  const parsed = parseExpressions(input);
  const condition = parsed.condition ?? expectedToCondition(input.Expected, input.ConditionalOperator);
  const actions = parsed.update ?? attributeUpdatesToActions(input.AttributeUpdates ?? {});
  const mismatch = parsed.update === undefined ? OLD_TYPE_MISMATCH : undefined;
  return write(engine, input, condition, { kind: "update", key: input.Key, actions, mismatch });
}

function checkReturnsOld(input: WriteInput): void {
  const wanted = input.ReturnValues ?? "NONE";
  if (wanted !== "ALL_OLD" && wanted !== "NONE") throw validationError("ReturnValues can only be ALL_OLD or NONE");
}

function conditionOf(input: WriteInput): Condition | undefined {
  checkExpected(input.Expected);
  return parseExpressions(input).condition ?? expectedToCondition(input.Expected, input.ConditionalOperator);
}

async function write(
  engine: Engine,
  input: WriteInput,
  condition: Condition | undefined,
  target: ItemWrite["target"],
): Promise<JsonObject> {
  const oldOnFailure = input.ReturnValuesOnConditionCheckFailure === "ALL_OLD";
  const nowMs = engine.clock.now();
  const written = await engine.writes.write(() =>
    writeItem(engine, { tableName: input.TableName, target, condition, oldOnFailure }, nowMs),
  );
  if (written.change.streamed) announce(engine, [written.table]);
  const usage = emptyUsage();
  addWrite(usage, written.change);
  const attributes = returnedAttributes(input.ReturnValues ?? "NONE", written, target);
  return {
    ...(attributes === undefined ? {} : { Attributes: attributes }),
    ...capacityMember(input, usage),
    ...collectionMember(input, written, target),
  };
}

function returnedAttributes(
  wanted: ReturnValues,
  { before, after }: Written,
  target: ItemWrite["target"],
): Item | undefined {
  const paths = target.kind === "update" ? target.actions.map(({ path }) => path) : [];
  const part = (item: Item | undefined): Item | undefined => {
    const found = item === undefined ? undefined : project(item, paths);
    return found !== undefined && Object.keys(found).length > 0 ? found : undefined;
  };
  switch (wanted) {
    case "NONE":
      return undefined;
    case "ALL_OLD":
      return before;
    case "ALL_NEW":
      return after;
    case "UPDATED_OLD":
      return part(before);
    case "UPDATED_NEW":
      return part(after);
  }
}

function capacityMember(
  input: { readonly TableName: string; readonly ReturnConsumedCapacity?: CapacityMode },
  usage: ReturnType<typeof emptyUsage>,
): JsonObject {
  const consumed = consumedCapacity(input.ReturnConsumedCapacity, input.TableName, usage);
  return consumed === undefined ? {} : { ConsumedCapacity: consumed };
}

/** Only tables with local indexes have item collections; ours are small, so the estimate is AWS's lowest. */
function collectionMember(input: WriteInput, { table }: Written, target: ItemWrite["target"]): JsonObject {
  if (input.ReturnItemCollectionMetrics !== "SIZE" || !table.indexes.some((index) => index.local)) return {};
  const key = target.kind === "put" ? target.item : target.key;
  return { ItemCollectionMetrics: itemCollectionMetrics(table.keys.hash, key) };
}

export function itemCollectionMetrics(hash: string, key: Item): JsonObject {
  return { ItemCollectionKey: pick(key, [hash]), SizeEstimateRangeGB: [0, 1] };
}
