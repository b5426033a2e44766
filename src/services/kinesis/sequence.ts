/**
 * Sequence numbers and shard ids. A sequence number of AWS is 56 digits wide: read as hexadecimal it is a 2, the second in
 * which its shard began (9 digits), the last digit of the shard's number, a counter (16), two zeros, the second of the
 * record (9), the shard's number (8) and a 2, as clients have taken them apart. Their order is the order of the records of
 * a shard, and those of a child come behind those of its parents.
 */
export interface SequenceParts {
  readonly shardBeganSeconds: number;
  readonly shardNumber: number;
  /** Counts the records of the shard, from 1; 0 is where the shard starts. */
  readonly position: bigint;
  readonly atSeconds: number;
}

/** Stands in the number that ends a closed shard. */
export const LAST_POSITION = 0x7fffffffffffffffn;
const PARTS = /^2([0-9a-f]{9})([0-9a-f])([0-7][0-9a-f]{15})00([0-9a-f]{9})([0-7][0-9a-f]{7})2$/;

export function sequenceText({ shardBeganSeconds, shardNumber, position, atSeconds }: SequenceParts): string {
  const hex = [
    "2",
    hexOf(shardBeganSeconds, 9),
    hexOf(shardNumber % 16, 1),
    hexOf(position, 16),
    "00",
    hexOf(atSeconds, 9),
    hexOf(shardNumber, 8),
    "2",
  ];
  return BigInt(`0x${hex.join("")}`).toString();
}

/** Undefined for a number that no stream of today gives. */
export function parseSequence(text: string): SequenceParts | undefined {
  if (!/^\d{1,57}$/.test(text)) return undefined;
  const [, began = "", , position = "", at = "", number = ""] = PARTS.exec(BigInt(text).toString(16)) ?? [];
  if (position === "") return undefined;
  return {
    shardBeganSeconds: Number.parseInt(began, 16),
    shardNumber: Number.parseInt(number, 16),
    position: BigInt(`0x${position}`),
    atSeconds: Number.parseInt(at, 16),
  };
}

const hexOf = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, "0");

export const shardIdOf = (shardNumber: number): string => `shardId-${String(shardNumber).padStart(12, "0")}`;

/** AWS takes `shardId-000000000001`, and the number alone. */
export function shardNumberOf(shardId: string): number | undefined {
  const digits = /^(?:shardId-)?(\d{1,12})$/.exec(shardId)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
