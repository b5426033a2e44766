/**
 * Shard iterators. They say themselves where they are, so that they outlive a restart; as AWS's they begin with the number 1
 * in eight bytes, and end after five minutes.
 */
import { expiredIterator, invalidIterator } from "./errors.js";

export const ITERATOR_LIFE_MS = 300_000;
/** 63 bits. */
const POSITION = /^\d{1,19}$/;
const HEAD = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]);

export interface ShardPosition {
  readonly streamName: string;
  /** A stream that was made anew has another one. */
  readonly streamId: number;
  readonly shardNumber: number;
  /** The first to be read. */
  readonly position: bigint;
}

export function encodeIterator({ streamName, streamId, shardNumber, position }: ShardPosition, nowMs: number): string {
  const state = Buffer.from(JSON.stringify([streamName, streamId, shardNumber, String(position), nowMs]));
  return Buffer.concat([HEAD, state]).toString("base64");
}

/** Throws for what is no iterator, or an old one. */
export function decodeIterator(text: string, nowMs: number): ShardPosition {
  const { position, madeMs } = read(text);
  if (nowMs - madeMs > ITERATOR_LIFE_MS) throw expiredIterator(madeMs, nowMs, ITERATOR_LIFE_MS);
  return position;
}

function read(text: string): { readonly position: ShardPosition; readonly madeMs: number } {
  const bytes = Buffer.from(text, "base64");
  if (!bytes.subarray(0, HEAD.length).equals(HEAD)) throw invalidIterator();
  try {
    const [streamName, streamId, shardNumber, position, madeMs] = JSON.parse(
      bytes.toString("utf8", HEAD.length),
    ) as unknown[];
    if (
      typeof streamName === "string" &&
      typeof streamId === "number" &&
      typeof shardNumber === "number" &&
      typeof position === "string" &&
      POSITION.test(position) &&
      typeof madeMs === "number"
    )
      return { position: { streamName, streamId, shardNumber, position: BigInt(position) }, madeMs };
  } catch {
    // Told below, with everything else that is no iterator.
  }
  throw invalidIterator();
}
