/** Scan: all items of a table or index in the order of their partitions' digests, whole or one segment of it. */
import { validationError } from "../errors.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Engine } from "../engine.js";
import {
  checkAttributesToGet,
  checkConditions,
  conditionsToCondition,
  type ConditionalOperator,
  type OldConditions,
} from "../expressions/legacy.js";
import {
  checkExpressionParams,
  parseExpressions,
  type ExpressionInput,
  type Expressions,
} from "../expressions/request-expressions.js";
import { scanShape } from "../input/item-shapes.js";
import { readInput } from "../input/read-input.js";
import { checkKeyPart, checkPaths, pathsOf } from "../key-rules.js";
import { segmentBounds } from "../store/row-key.js";
import { keyNames } from "../store/table-record.js";
import { attributeOf, type Item } from "../values/attribute-value.js";
import { resumed } from "./query.js";
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

interface ScanInput extends ReadInput, ExpressionInput {
  readonly ScanFilter?: OldConditions;
  readonly ConditionalOperator?: ConditionalOperator;
  readonly Segment?: number;
  readonly TotalSegments?: number;
}

export function scan(engine: Engine, raw: JsonObject): JsonObject {
  const input = readInput<ScanInput & { readonly ProjectionExpression?: string }>(scanShape, raw);
  const parsed = readParameters(input);
  const source = sourceOf(engine, input);
  const { table, space } = source;
  if (input.ExclusiveStartKey !== undefined) checkStartKeyParts(source, input.ExclusiveStartKey);
  checkProjected(source, input.Select);
  const after = input.ExclusiveStartKey === undefined ? undefined : startRowKey(source, input.ExclusiveStartKey);
  const { Segment: segment = 0, TotalSegments: segments = 1 } = input;
  const bounds = segmentBounds(space, segment, segments);
  if (after !== undefined && (after.compare(bounds.start) < 0 || after.compare(bounds.end) >= 0)) {
    throw validationError(
      `The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: ${segments} Segment: ${segment}`,
    );
  }
  const paths = parsed.projection ?? input.AttributesToGet?.map((name) => [name]);
  checkPaths(table, parsed.projection ?? []);
  checkPaths(table, pathsOf(parsed.filter));
  checkIndexHolds(source, paths);
  const filter = parsed.filter ?? conditionsToCondition(input.ScanFilter, input.ConditionalOperator);
  return readPage(engine, input, { source, range: resumed(bounds, after, false), filter, paths }).answer;
}

function readParameters(input: ScanInput): Expressions {
  checkExpressionParams(
    input,
    ["ProjectionExpression", "FilterExpression"],
    ["AttributesToGet", "ScanFilter", "ConditionalOperator"],
  );
  checkAttributesToGet(input.AttributesToGet);
  checkConditions(input.ScanFilter);
  validateStartKey(input.ExclusiveStartKey);
  const { Segment: segment, TotalSegments: segments } = input;
  if (segment !== undefined && segments === undefined) {
    throw validationError(
      "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    );
  }
  if (segments !== undefined && segment === undefined) {
    throw validationError(
      "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    );
  }
  if (segments !== undefined && segment !== undefined && segment >= segments) {
    throw validationError(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${segment} is not less than TotalSegments: ${segments}`,
    );
  }
  const parsed = parseExpressions(input);
  checkSelect(input);
  return parsed;
}

function checkStartKeyParts({ table, index, space, startKeyNames }: Source, key: Item): void {
  if (Object.keys(key).length !== startKeyNames.length) {
    const detail = index === undefined ? ": The provided key element does not match the schema" : "";
    throw validationError(`The provided starting key is invalid${detail}`);
  }
  if (index === undefined) return;
  for (const name of keyNames(space.keys)) {
    const part = attributeOf(key, name);
    if (part === undefined) throw validationError("The provided starting key is invalid");
    checkKeyPart(table, space.keys, name, part);
  }
}
