/** The event of one change of a table, by the builders that make it when a stream fires. */
import { streamRecordOf, type Item } from "../../services/dynamodb/index.js";
import { changeOf, streamEvent } from "../../sources/streams/event.js";
import { AppError } from "../../shared/errors.js";

export const CHANGES = {
  "dynamodb:insert": "INSERT",
  "dynamodb:modify": "MODIFY",
  "dynamodb:remove": "REMOVE",
} as const;
export type ChangeKind = keyof typeof CHANGES;

/** What a template says of the table, or what may be of any. */
export interface ChangedTable {
  readonly streamArn: string;
  readonly viewType: "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";
  /** Empty when they are not known: then the first attribute is the key. */
  readonly keyNames: readonly string[];
}

export interface ChangeSettings {
  readonly region: string;
  readonly nowMs: number;
  readonly table: ChangedTable;
  /** As JSON, plain or with DynamoDB's types. */
  readonly item: unknown;
  /** What a modified item was before; the same item when undefined. */
  readonly before: unknown;
}

export function changeEvent(kind: ChangeKind, settings: ChangeSettings): unknown {
  const { region, nowMs, table } = settings;
  const { streamArn, viewType } = table;
  const item = itemOf(settings.item, "--body");
  const before = settings.before === undefined ? item : itemOf(settings.before, "--old");
  const keyNames = table.keyNames.length > 0 ? table.keyNames : Object.keys(item).slice(0, 1);
  const missing = keyNames.find((name) => item[name] === undefined);
  if (missing !== undefined)
    throw new AppError("LR1003", {
      what: `The item has no key "${missing}"`,
      where: "--body",
      fix: "Give the item its keys.",
    });
  const withNew = viewType === "NEW_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
  const withOld = viewType === "OLD_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
  const record = streamRecordOf(
    { arn: streamArn, viewType },
    {
      sequence: nowMs,
      atMs: nowMs,
      eventName: CHANGES[kind],
      keys: Object.fromEntries(keyNames.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]]))),
      ...(withNew && kind !== "dynamodb:remove" ? { newImage: item } : {}),
      ...(withOld && kind !== "dynamodb:insert" ? { oldImage: before } : {}),
    },
    region,
  );
  return streamEvent([changeOf(record, streamArn)]);
}

const TYPES = new Set(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]);

/** Throws LR1003 for what is no item. */
function itemOf(written: unknown, where: string): Item {
  if (typeof written !== "object" || written === null || Array.isArray(written))
    throw new AppError("LR1003", { what: "An item has to be a JSON object", where });
  const values = Object.entries(written);
  const typed = values.length > 0 && values.every(([, value]) => isTyped(value));
  return (typed ? written : Object.fromEntries(values.map(([name, value]) => [name, attributeOf(value)]))) as Item;
}

/** `{"S": "text"}` and its kin. */
function isTyped(value: unknown): boolean {
  const names = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  return names.length === 1 && TYPES.has(names[0] ?? "");
}

function attributeOf(value: unknown): unknown {
  if (value === null) return { NULL: true };
  if (typeof value === "string") return { S: value };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  if (typeof value === "object")
    return { M: Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, attributeOf(inner)])) };
  return { N: JSON.stringify(value) };
}
