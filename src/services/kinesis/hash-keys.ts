/**
 * Which shard a record goes to: the MD5 of its partition key, read as a number of 128 bits, lies in the range of one open shard.
 * https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html
 */
import { createHash } from "node:crypto";

const HASH_KEYS = 1n << 128n;
export const MAX_HASH_KEY = HASH_KEYS - 1n;
/** Boundaries that are so near each other are the same: uniform ranges of 3 and of 6 shards differ in the last digit. */
const NEAR = 1n << 64n;

export interface HashRange {
  readonly start: bigint;
  readonly end: bigint;
}

export const hashKeyOf = (partitionKey: string): bigint =>
  BigInt(`0x${createHash("md5").update(partitionKey).digest("hex")}`);

/** As AWS cuts them: all of one width, the last a little wider. */
export function uniformRanges(count: number): readonly HashRange[] {
  const width = HASH_KEYS / BigInt(count);
  return Array.from({ length: count }, (_, i) => ({
    start: width * BigInt(i),
    end: i === count - 1 ? MAX_HASH_KEY : width * BigInt(i + 1) - 1n,
  }));
}

/** Where `count` uniform ranges begin, with those boundaries that are there already left as they are. */
export function boundariesFor(count: number, present: readonly HashRange[]): readonly bigint[] {
  return uniformRanges(count).map(({ start: wanted }) => {
    const near = present.find(({ start }) => (start > wanted ? start - wanted : wanted - start) < NEAR);
    return near?.start ?? wanted;
  });
}
