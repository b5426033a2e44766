/** Query: the items of one partition, in the order of the sort key. */
import { arnOf } from "../../../shared/arn.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Engine } from "../engine.js";
import { validationError } from "../errors.js";
import { holds, type Condition } from "../expressions/condition.js";
import { keyConditions, matchKeys, type KeyRange } from "../expressions/key-condition.js";
import {
  checkAttributesToGet,
  checkConditions,
  conditionsToCondition,
  type ConditionalOperator,
  type OldCondition,
  type OldConditions,
} from "../expressions/legacy.js";
import {
  checkExpressionParams,
  parseExpressions,
  type ExpressionInput,
  type Expressions,
} from "../expressions/request-expressions.js";
import { queryShape } from "../input/item-shapes.js";
import { readInput } from "../input/read-input.js";
import { checkKeyPart, checkPaths, pathsOf, typeOfKey } from "../key-rules.js";
import type { RowRange } from "../store/item-store.js";
import { partitionPrefix } from "../store/row-key.js";
import { keyNames } from "../store/table-record.js";
import { attributeOf, type AttributeValue, type Item } from "../values/attribute-value.js";
import { valuesEqual } from "../values/compare.js";
import { afterPrefix, grouped, orderedBytes } from "../values/ordered-bytes.js";
import {
  checkIndexHolds,
  checkProjected,
  checkSelect,
  readPage,
  sourceOf,
  startRowKey,
  type ReadInput,
  type Source,
} from "./read-page.js";
import { validateStartKey } from "./start-key.js";

interface QueryInput extends ReadInput, ExpressionInput {
  readonly KeyConditions?: OldConditions;
  readonly QueryFilter?: OldConditions;
  readonly ConditionalOperator?: ConditionalOperator;
  readonly ScanIndexForward?: boolean;
}

export function query(engine: Engine, raw: JsonObject): JsonObject {
  const input = readInput<QueryInput & { readonly ProjectionExpression?: string }>(queryShape, raw);
  const { parsed, conditions } = readConditions(input);
  const source = sourceOf(engine, input);
  const { table, space } = source;
  if (
    input.ExclusiveStartKey !== undefined &&
    Object.keys(input.ExclusiveStartKey).length !== source.startKeyNames.length
  ) {
    throw validationError("The provided starting key is invalid");
  }
  if (input.ExclusiveStartKey !== undefined) checkIndexKeyParts(source, input.ExclusiveStartKey);
  const keys = matchKeys(conditions, space.keys, (name) => typeOfKey(table, name));
  const after = input.ExclusiveStartKey === undefined ? undefined : startRowKey(source, input.ExclusiveStartKey);
  if (input.ExclusiveStartKey !== undefined) checkStartKeyMatches(source, input.ExclusiveStartKey, keys);
  const paths = parsed.projection ?? input.AttributesToGet?.map((name) => [name]);
  checkPaths(table, parsed.projection ?? []);
  const filter = parsed.filter ?? conditionsToCondition(input.QueryFilter, input.ConditionalOperator);
  checkFilter(source, filter, parsed.filter === undefined ? "QueryFilter" : "Filter Expression");
  checkProjected(source, input.Select);
  checkPaths(table, pathsOf(parsed.filter));
  checkIndexHolds(source, paths);
  const partition = partitionPrefix(space, keys.hash);
  engine.meter.check("Read", table, arnOf.table(engine.realm, table.name), partition);
  const range = resumed(rowRange(source, partition, keys.range), after, input.ScanIndexForward === false);
  const { answer, units } = readPage(engine, input, { source, range, filter, paths });
  engine.meter.charge("Read", partition, units);
  return answer;
}

function readConditions(input: QueryInput): {
  readonly parsed: Expressions;
  readonly conditions: ReadonlyMap<string, OldCondition>;
} {
  checkExpressionParams(
    input,
    ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
    ["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"],
  );
  checkConditions(input.QueryFilter);
  checkAttributesToGet(input.AttributesToGet);
  validateStartKey(input.ExclusiveStartKey);
  if (input.KeyConditions === undefined && input.KeyConditionExpression === undefined) {
    throw validationError(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  }
  const parsed = parseExpressions(input);
  const conditions =
    parsed.keyCondition === undefined
      ? new Map(Object.entries(input.KeyConditions ?? {}))
      : keyConditions(parsed.keyCondition);
  checkConditions(Object.fromEntries(conditions));
  if (conditions.size !== 1 && conditions.size !== 2) throw validationError("Conditions can be of length 1 or 2 only");
  checkSelect(input);
  return { parsed, conditions };
}

function checkIndexKeyParts({ table, space }: Source, key: Item): void {
  for (const name of keyNames(space.keys)) {
    const part = attributeOf(key, name);
    if (part === undefined) throw validationError("The provided starting key is invalid");
    checkKeyPart(table, space.keys, name, part);
  }
}

/** A start key must lie where the query looks. */
function checkStartKeyMatches({ space }: Source, key: Item, { hash, range }: KeyRange): void {
  const samePartition = valuesEqual(attributeOf(key, space.keys.hash) as AttributeValue, hash);
  if (range === undefined || space.keys.range === undefined) {
    if (!samePartition) {
      throw validationError("The provided starting key is outside query boundaries based on provided conditions");
    }
    return;
  }
  const predicate = conditionsToCondition({ [space.keys.range]: range }, undefined);
  if (predicate !== undefined && !holds(predicate, key)) {
    throw validationError("The provided starting key does not match the range key predicate");
  }
  if (!samePartition) throw validationError("The query can return at most one row and cannot be restarted");
}

function checkFilter({ space }: Source, filter: Condition | undefined, label: string): void {
  const heads = new Set(pathsOf(filter).map(([head]) => head));
  for (const name of keyNames(space.keys)) {
    if (heads.has(name))
      throw validationError(`${label} can only contain non-primary key attributes: Primary key attribute: ${name}`);
  }
}

/** The stretch of rows that a condition on the sort key allows. */
function rowRange({ index }: Source, partition: Buffer, condition: OldCondition | undefined): RowRange {
  const end = afterPrefix(partition) as Buffer;
  const [low, high = low] = condition?.AttributeValueList ?? [];
  if (condition === undefined || low === undefined || high === undefined) return { start: partition, end };
  const at = (bytes: Buffer): Buffer => Buffer.concat([partition, index === undefined ? bytes : grouped(bytes)]);
  /** The first key behind all rows with this sort key: in a table that row itself, in an index every row that shares it. */
  const behind = (bytes: Buffer): Buffer =>
    index === undefined ? nextKey(at(bytes)) : (afterPrefix(at(bytes)) as Buffer);
  const [lowBytes, highBytes] = [orderedBytes(low), orderedBytes(high)];
  switch (condition.ComparisonOperator) {
    case "EQ":
    case "BETWEEN":
      return { start: at(lowBytes), end: behind(highBytes) };
    case "LT":
      return { start: partition, end: at(lowBytes) };
    case "LE":
      return { start: partition, end: behind(lowBytes) };
    case "GT":
      return { start: behind(lowBytes), end };
    case "GE":
      return { start: at(lowBytes), end };
    default: {
      const afterwards = afterPrefix(lowBytes);
      return { start: at(lowBytes), end: afterwards === undefined ? end : at(afterwards) };
    }
  }
}

/** Goes on behind the row where the last page ended. */
export function resumed(range: RowRange, after: Buffer | undefined, reverse: boolean): RowRange {
  if (after === undefined) return { ...range, reverse };
  return reverse ? { ...range, end: after, reverse } : { ...range, start: nextKey(after) };
}

function nextKey(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.from([0])]);
}
