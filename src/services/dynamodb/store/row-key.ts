/**
 * Where rows lie in the store. A table row: table, index 0, digest of the partition key, bytes of the sort key. An
 * index row: table, index, digest of its partition key, its sort key delimited, digest of the item's own row key (more
 * items may share an index key). The longest is 1,199 bytes; LMDB takes 1,978.
 */
import { attributeOf, type AttributeValue, type Item } from "../values/attribute-value.js";
import { digest, DIGEST_BYTES, grouped, orderedBytes, partitionDigest } from "../values/ordered-bytes.js";
import type { IndexRecord, Keys, TableRecord } from "./table-record.js";

/** What of a table the keys are made of: itself, or one of its indexes. */
export interface RowSpace {
  readonly tableId: number;
  /** 0 is the table. */
  readonly indexId: number;
  readonly keys: Keys;
}

export function tableSpace(table: TableRecord): RowSpace {
  return { tableId: table.id, indexId: 0, keys: table.keys };
}

export function indexSpace(table: TableRecord, index: IndexRecord): RowSpace {
  return { tableId: table.id, indexId: index.id, keys: index.keys };
}

export const SPACE_BYTES = 6;

/** What the keys of all rows of a table or index start with. */
export function spacePrefix(space: Pick<RowSpace, "tableId" | "indexId">): Buffer {
  const prefix = Buffer.allocUnsafe(SPACE_BYTES);
  prefix.writeUInt32BE(space.tableId, 0);
  prefix.writeUInt16BE(space.indexId, 4);
  return prefix;
}

/** What the keys of all rows of one partition start with. */
export function partitionPrefix(space: RowSpace, hash: AttributeValue): Buffer {
  return Buffer.concat([spacePrefix(space), partitionDigest(hash)], SPACE_BYTES + DIGEST_BYTES);
}

/** Row key of an item, or of a key; its key attributes have been validated. */
export function itemRowKey(table: TableRecord, item: Item): Buffer {
  const { hash, range } = table.keys;
  const prefix = partitionPrefix(tableSpace(table), attributeOf(item, hash) as AttributeValue);
  return range === undefined
    ? prefix
    : Buffer.concat([prefix, orderedBytes(attributeOf(item, range) as AttributeValue)]);
}

/** Row key in an index; undefined when the item lacks a key of it, and so is not in it. */
export function indexRowKey(table: TableRecord, index: IndexRecord, item: Item, itemKey: Buffer): Buffer | undefined {
  const hash = attributeOf(item, index.keys.hash);
  const range = index.keys.range === undefined ? undefined : attributeOf(item, index.keys.range);
  if (hash === undefined || (index.keys.range !== undefined && range === undefined)) return undefined;
  return Buffer.concat([
    partitionPrefix(indexSpace(table, index), hash),
    range === undefined ? Buffer.alloc(0) : grouped(orderedBytes(range)),
    digest("row", itemKey),
  ]);
}

/** Digest of the partition in a row key, as a number: the scan's order, which segments cut into equal parts. */
export function segmentBounds(
  space: RowSpace,
  segment: number,
  total: number,
): { readonly start: Buffer; readonly end: Buffer } {
  const prefix = spacePrefix(space);
  const bound = (i: number): Buffer => {
    if (i >= total) return afterSpace(space);
    const position = Buffer.alloc(6);
    position.writeUIntBE(Math.ceil((2 ** 48 * i) / total), 0, 6);
    return Buffer.concat([prefix, position]);
  };
  return { start: bound(segment), end: bound(segment + 1) };
}

/** The first key behind all rows of a table or index. */
export function afterSpace(space: Pick<RowSpace, "tableId" | "indexId">): Buffer {
  return spacePrefix({ tableId: space.tableId, indexId: space.indexId + 1 });
}
