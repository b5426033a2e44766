/** The shards of a stream: how they are cut, and what they are in the API. Pure; rows go in and come out. */
import { boundariesFor, uniformRanges, type HashRange } from "./hash-keys.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { LAST_POSITION, sequenceText, shardIdOf } from "./sequence.js";
import { horizonOf, type ShardRow, type StreamRow } from "./store.js";

/** A record never comes in the second in which its stream began: so its number is behind the start of the shard. */
const STREAM_HEAD_START_SECONDS = 2;

export const isOpen = ({ closedMs }: ShardRow): boolean => closedMs === undefined;

export const rangeOf = ({ startHash, endHash }: ShardRow): HashRange => ({
  start: BigInt(startHash),
  end: BigInt(endHash),
});

export function firstShards(count: number, nowMs: number): readonly ShardRow[] {
  return uniformRanges(count).map(({ start, end }, number) => ({
    number,
    parents: [],
    startHash: String(start),
    endHash: String(end),
    createdMs: nowMs,
    beganSeconds: Math.floor(nowMs / 1000) - STREAM_HEAD_START_SECONDS,
  }));
}

/** Open shards in the order of their hash keys. */
export const openShards = ({ shards }: Pick<StreamRow, "shards">): readonly ShardRow[] =>
  shards.filter(isOpen).sort((a, b) => (BigInt(a.startHash) < BigInt(b.startHash) ? -1 : 1));

/** Rows are exchanged and never changed: what was read of one holds for as long as it lives. */
const rangesOf = new WeakMap<StreamRow, readonly (HashRange & { readonly shard: ShardRow })[]>();

/** The open shard that a hash key belongs to. */
export function shardFor(stream: StreamRow, hashKey: bigint): ShardRow {
  const ranges = rangesOf.get(stream) ?? openShards(stream).map((shard) => Object.assign(rangeOf(shard), { shard }));
  rangesOf.set(stream, ranges);
  const found = ranges.find(({ start, end }) => start <= hashKey && hashKey <= end);
  if (found === undefined) throw new Error(`no open shard has the hash key ${hashKey}`);
  return found.shard;
}

type Shards = readonly ShardRow[];

/** Two children in the place of `shard`; the second begins at `at`. */
export function split(shards: Shards, shard: ShardRow, at: bigint, nowMs: number): Shards {
  const lower = childOf(shards, [shard], { start: BigInt(shard.startHash), end: at - 1n }, nowMs);
  const upper = {
    ...childOf(shards, [shard], { start: at, end: BigInt(shard.endHash) }, nowMs),
    number: lower.number + 1,
  };
  return [...closed(shards, [shard], nowMs), lower, upper];
}

/** One child in the place of two neighbours. */
export function merge(shards: Shards, lower: ShardRow, upper: ShardRow, nowMs: number): Shards {
  const range = { start: BigInt(lower.startHash), end: BigInt(upper.endHash) };
  return [...closed(shards, [lower, upper], nowMs), childOf(shards, [lower, upper], range, nowMs)];
}

/**
 * Splits and merges until `count` shards of one width are open. As on AWS there may be shards on the way that nothing is
 * ever written to.
 */
export function scale(shards: Shards, count: number, nowMs: number): Shards {
  const boundaries = boundariesFor(count, openShards({ shards }).map(rangeOf));
  let rows = shards;
  for (const boundary of boundaries) {
    const around = openShards({ shards: rows }).find((shard) => {
      const { start, end } = rangeOf(shard);
      return start < boundary && boundary <= end;
    });
    if (around !== undefined) rows = split(rows, around, boundary, nowMs);
  }
  const wanted = new Set(boundaries);
  for (;;) {
    const open = openShards({ shards: rows });
    const upper = open.find(({ startHash }) => !wanted.has(BigInt(startHash)));
    if (upper === undefined) return rows;
    const lower = open[open.indexOf(upper) - 1];
    if (lower === undefined) throw new Error("the first shard has no neighbour below");
    rows = merge(rows, lower, upper, nowMs);
  }
}

function childOf(shards: Shards, parents: Shards, { start, end }: HashRange, nowMs: number): ShardRow {
  return {
    number: shards.length,
    parents: parents.map(({ number }) => number),
    startHash: String(start),
    endHash: String(end),
    createdMs: nowMs,
    // Behind every number of its parents, however soon it comes.
    beganSeconds: Math.max(Math.floor(nowMs / 1000), ...parents.map(({ beganSeconds }) => beganSeconds)) + 1,
  };
}

const closed = (shards: Shards, ended: Shards, nowMs: number): Shards =>
  shards.map((shard) => (ended.some(({ number }) => number === shard.number) ? { ...shard, closedMs: nowMs } : shard));

/** Those that still have a record to give, or may get one. */
export const livingShards = (stream: StreamRow, nowMs: number): readonly ShardRow[] =>
  stream.shards.filter(({ closedMs }) => closedMs === undefined || closedMs >= horizonOf(stream, nowMs));

/** The number of a record; `atMs` is when it came. */
export const recordSequence = (shard: ShardRow, position: bigint, atMs: number): string =>
  sequenceText({
    shardBeganSeconds: shard.beganSeconds,
    shardNumber: shard.number,
    position,
    atSeconds: Math.max(Math.floor(atMs / 1000), shard.beganSeconds),
  });

export function shardView(shard: ShardRow): JsonObject {
  const [parent, adjacent] = shard.parents;
  return {
    ShardId: shardIdOf(shard.number),
    ...(parent === undefined ? {} : { ParentShardId: shardIdOf(parent) }),
    ...(adjacent === undefined ? {} : { AdjacentParentShardId: shardIdOf(adjacent) }),
    HashKeyRange: { StartingHashKey: shard.startHash, EndingHashKey: shard.endHash },
    SequenceNumberRange: {
      StartingSequenceNumber: recordSequence(shard, 0n, shard.createdMs),
      ...(shard.closedMs === undefined
        ? {}
        : { EndingSequenceNumber: recordSequence(shard, LAST_POSITION, shard.closedMs) }),
    },
  };
}
