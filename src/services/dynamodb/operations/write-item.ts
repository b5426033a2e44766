/**
 * One change to one item: rules, condition, new state, rows. Every write goes through here, alone, in a batch or in a
 * transaction; it runs inside a transaction of the store, so between the condition and the change nothing can come.
 */
import { arnOf } from "../../../shared/arn.js";
import { totalUnits, addWrite, emptyUsage } from "../capacity.js";
import type { Engine } from "../engine.js";
import { conditionalCheckFailed, validationError } from "../errors.js";
import { holds, type Condition } from "../expressions/condition.js";
import { applyUpdate, type UpdateAction } from "../expressions/update.js";
import { checkItemKeys, checkKey, checkPaths, checkUpdate, checkUpdatedIndexKeys, pathsOf } from "../key-rules.js";
import type { Change } from "../store/item-store.js";
import { itemRowKey } from "../store/row-key.js";
import type { TableRecord } from "../store/table-record.js";
import { cloneItem, emptyItem, type Item } from "../values/attribute-value.js";
import { itemSize, MAX_ITEM_BYTES } from "../values/size.js";

export interface ItemWrite {
  readonly tableName: string;
  readonly target:
    | { readonly kind: "put"; readonly item: Item }
    | { readonly kind: "delete" | "check"; readonly key: Item }
    | {
        readonly kind: "update";
        readonly key: Item;
        readonly actions: readonly UpdateAction[];
        readonly mismatch?: string | undefined;
      };
  readonly condition?: Condition | undefined;
  /** ReturnValuesOnConditionCheckFailure: ALL_OLD. */
  readonly oldOnFailure?: boolean;
}

export interface Written {
  readonly table: TableRecord;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  readonly change: Change;
}

/** Checks the write against its table; gives the row it is about. Throws ValidationException. */
export function targetRow(table: TableRecord, { target, condition }: ItemWrite): Buffer {
  if (target.kind === "put") checkItemKeys(table, target.item);
  else checkKey(table, target.key);
  if (target.kind === "update") checkUpdate(table, target.actions);
  checkPaths(table, pathsOf(condition));
  return itemRowKey(table, target.kind === "put" ? target.item : target.key);
}

/** Inside a transaction. Throws an `AwsError` only before it has written anything. */
export function writeItem(engine: Engine, write: ItemWrite, nowMs: number): Written {
  const table = engine.tables.get(write.tableName);
  const rowKey = targetRow(table, write);
  engine.meter.check("Write", table, arnOf.table(engine.realm, table.name), rowKey);
  const before = engine.items.get(rowKey);
  if (write.condition !== undefined && !holds(write.condition, before ?? emptyItem())) {
    throw conditionalCheckFailed(write.oldOnFailure ? before : undefined);
  }
  const after = newState(table, write, before);
  const change =
    write.target.kind === "check"
      ? { oldBytes: before === undefined ? 0 : itemSize(before), newBytes: 0, indexes: [], streamed: false }
      : engine.items.replace(table, rowKey, before, after, nowMs);
  const usage = emptyUsage();
  addWrite(usage, change);
  engine.meter.charge("Write", rowKey, totalUnits(usage));
  return { table, before, after, change };
}

function newState(table: TableRecord, { target }: ItemWrite, before: Item | undefined): Item | undefined {
  switch (target.kind) {
    case "put":
      return target.item;
    case "delete":
      return undefined;
    case "check":
      return before;
    case "update": {
      const after = applyUpdate(target.actions, before ?? cloneItem(target.key), target.mismatch);
      checkUpdatedIndexKeys(table, target.actions, after);
      if (itemSize(after) > MAX_ITEM_BYTES)
        throw validationError("Item size to update has exceeded the maximum allowed size");
      return after;
    }
  }
}
