/**
 * Items and their index rows. `replace` is the one way in which an item changes: it keeps indexes, sizes, expiry times
 * and the stream in step, inside the caller's transaction.
 */
import type { Database } from "lmdb";
import type { StateStore } from "../../kit/state-store.js";
import { attributeOf, pick, type Item } from "../values/attribute-value.js";
import { itemsEqual } from "../values/compare.js";
import { DIGEST_BYTES, digest } from "../values/ordered-bytes.js";
import { itemSize } from "../values/size.js";
import type { Counters } from "./counters.js";
import { afterSpace, indexRowKey, spacePrefix } from "./row-key.js";
import type { StreamLog } from "./stream-log.js";
import { keyNames, type IndexRecord, type TableRecord } from "./table-record.js";

/** What a change did to one index, for the capacity it costs. */
export interface IndexChange {
  readonly index: IndexRecord;
  readonly oldBytes: number | undefined;
  readonly newBytes: number | undefined;
  readonly moved: boolean;
}

export interface Change {
  readonly oldBytes: number;
  readonly newBytes: number;
  readonly indexes: readonly IndexChange[];
  /** A stream record was written. */
  readonly streamed: boolean;
}

export interface RowRange {
  readonly start: Buffer;
  readonly end: Buffer;
  readonly reverse?: boolean;
}

export class ItemStore {
  readonly #rows: Database<Item, Buffer>;
  readonly #expiries: Database<Buffer, Buffer>;
  readonly #counters: Counters;
  readonly #streams: StreamLog;

  constructor(store: StateStore, counters: Counters, streams: StreamLog) {
    this.#rows = store.table("dynamodb.items", { keyEncoding: "binary", encoding: "json" });
    this.#expiries = store.table("dynamodb.expiries", { keyEncoding: "binary", encoding: "binary" });
    this.#counters = counters;
    this.#streams = streams;
  }

  get(rowKey: Buffer): Item | undefined {
    return this.#rows.get(rowKey);
  }

  /** Rows from `start` (in) to `end` (out), in order or, when reversed, from the last to the first. */
  *range({ start, end, reverse = false }: RowRange): Generator<{ readonly key: Buffer; readonly item: Item }> {
    const backwards = { start: end, end: start, reverse: true, exclusiveStart: true, inclusiveEnd: true };
    for (const { key, value } of this.#rows.getRange(reverse ? backwards : { start, end })) yield { key, item: value };
  }

  /** Puts `after` in the place of `before`; either may be absent. Inside a transaction. */
  replace(
    table: TableRecord,
    rowKey: Buffer,
    before: Item | undefined,
    after: Item | undefined,
    nowMs: number,
    options: { readonly expired?: boolean } = {},
  ): Change {
    const oldBytes = before === undefined ? 0 : itemSize(before);
    const newBytes = after === undefined ? 0 : itemSize(after);
    if (after !== undefined) this.#rows.putSync(rowKey, after);
    else if (before !== undefined) this.#rows.removeSync(rowKey);
    this.#counters.add(table.id, 0, count(after) - count(before), newBytes - oldBytes);
    const indexes = table.indexes.flatMap((index) => this.#reindex(table, index, rowKey, before, after) ?? []);
    if (table.ttlAttribute !== undefined) this.#reschedule(table, table.ttlAttribute, rowKey, before, after);
    const streamed = this.#streams.append(table, before, after, nowMs, options.expired ?? false);
    return { oldBytes, newBytes, indexes, streamed };
  }

  #reindex(
    table: TableRecord,
    index: IndexRecord,
    rowKey: Buffer,
    before: Item | undefined,
    after: Item | undefined,
  ): IndexChange | undefined {
    const oldKey = before === undefined ? undefined : indexRowKey(table, index, before, rowKey);
    const newKey = after === undefined ? undefined : indexRowKey(table, index, after, rowKey);
    if (oldKey === undefined && newKey === undefined) return undefined;
    const oldRow = oldKey === undefined ? undefined : projected(table, index, before as Item);
    const newRow = newKey === undefined ? undefined : projected(table, index, after as Item);
    const moved = oldKey !== undefined && newKey !== undefined && !oldKey.equals(newKey);
    if (oldRow !== undefined && newRow !== undefined && !moved && itemsEqual(oldRow, newRow)) return undefined;
    if (oldKey !== undefined && (newKey === undefined || moved)) this.#rows.removeSync(oldKey);
    if (newKey !== undefined) this.#rows.putSync(newKey, newRow as Item);
    const oldBytes = oldRow === undefined ? undefined : itemSize(oldRow);
    const newBytes = newRow === undefined ? undefined : itemSize(newRow);
    this.#counters.add(table.id, index.id, count(newRow) - count(oldRow), (newBytes ?? 0) - (oldBytes ?? 0));
    return { index, oldBytes, newBytes, moved };
  }

  #reschedule(
    table: TableRecord,
    attribute: string,
    rowKey: Buffer,
    before: Item | undefined,
    after: Item | undefined,
  ): void {
    const oldTime = expiryOf(before, attribute);
    const newTime = expiryOf(after, attribute);
    if (oldTime === newTime) return;
    if (oldTime !== undefined) this.#expiries.removeSync(expiryKey(table.id, oldTime, rowKey));
    if (newTime !== undefined) this.#expiries.putSync(expiryKey(table.id, newTime, rowKey), rowKey);
  }

  /** Adds a new index's rows for items that are there already. Inside a transaction. */
  backfill(table: TableRecord, index: IndexRecord): void {
    for (const { key, item } of this.#all(table)) this.#reindex(table, index, key, undefined, item);
  }

  /** Notes when the items that are there already expire. Inside a transaction. */
  scheduleAll(table: TableRecord, attribute: string): void {
    for (const { key, item } of this.#all(table)) this.#reschedule(table, attribute, key, undefined, item);
  }

  unscheduleAll(tableId: number): void {
    const range = { start: expiryPrefix(tableId), end: expiryPrefix(tableId + 1) };
    for (const key of Array.from(this.#expiries.getKeys(range))) this.#expiries.removeSync(key);
  }

  /** Row keys of items whose time lies in the interval, soonest first. */
  expiring(tableId: number, fromSeconds: number, toSeconds: number, limit: number): Buffer[] {
    const [start, end] = [expiryPrefix(tableId, Math.max(0, fromSeconds)), expiryPrefix(tableId, toSeconds + 1)];
    return Array.from(this.#expiries.getRange({ start, end, limit })).map(({ value }) => value);
  }

  #all(table: TableRecord): Iterable<{ readonly key: Buffer; readonly item: Item }> {
    const space = { tableId: table.id, indexId: 0 };
    return this.range({ start: spacePrefix(space), end: afterSpace(space) });
  }

  /** Deletes some rows of a table or index that is gone; says whether more are left. Inside a transaction. */
  removeSome(tableId: number, indexId: number | undefined, limit: number): boolean {
    const start = spacePrefix({ tableId, indexId: indexId ?? 0 });
    const end =
      indexId === undefined ? spacePrefix({ tableId: tableId + 1, indexId: 0 }) : afterSpace({ tableId, indexId });
    const keys = Array.from(this.#rows.getKeys({ start, end, limit }));
    for (const key of keys) this.#rows.removeSync(key);
    return keys.length === limit;
  }

  clear(): void {
    this.#rows.clearSync();
    this.#expiries.clearSync();
  }
}

function count(item: Item | undefined): number {
  return item === undefined ? 0 : 1;
}

/** What an index keeps of an item. */
function projected(table: TableRecord, index: IndexRecord, item: Item): Item {
  if (index.projection.ProjectionType === "ALL") return item;
  return pick(
    item,
    new Set([...keyNames(index.keys), ...keyNames(table.keys), ...(index.projection.NonKeyAttributes ?? [])]),
  );
}

const EXPIRY_PREFIX_BYTES = 10;
const MAX_EXPIRY_SECONDS = 2 ** 48 - 1;

/** Seconds since the epoch at which an item ends; undefined when its attribute says no such thing. */
export function expiryOf(item: Item | undefined, attribute: string): number | undefined {
  const text = attributeOf(item, attribute)?.N;
  if (text === undefined) return undefined;
  const seconds = Math.floor(Number(text));
  return seconds > 0 && seconds < MAX_EXPIRY_SECONDS ? seconds : undefined;
}

function expiryPrefix(tableId: number, seconds = 0): Buffer {
  const prefix = Buffer.alloc(EXPIRY_PREFIX_BYTES);
  prefix.writeUInt32BE(tableId, 0);
  prefix.writeUIntBE(seconds, 4, 6);
  return prefix;
}

function expiryKey(tableId: number, seconds: number, rowKey: Buffer): Buffer {
  return Buffer.concat([expiryPrefix(tableId, seconds), digest("expiry", rowKey)], EXPIRY_PREFIX_BYTES + DIGEST_BYTES);
}
