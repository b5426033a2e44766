/** Where a value shows that AWS's interpreter is written in Java: its random numbers, and its text of maps and lists. */
import { isJsonObject, type Json } from "../../../../config/json.js";

const MULTIPLIER = 0x5deece66dn;
const MASK = (1n << 48n) - 1n;

/**
 * `java.util.Random`, which AWS draws seeded numbers from: `$random(42)` is 0.7275636800328681 there.
 * https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Random.html
 */
export class JavaRandom {
  #state: bigint;

  constructor(seed: number) {
    this.#state = (BigInt(Math.trunc(seed)) ^ MULTIPLIER) & MASK;
  }

  nextDouble(): number {
    return (this.#next(26) * 2 ** 27 + this.#next(27)) * 2 ** -53;
  }

  /** From 0 up to `bound`, which is left out. */
  nextInt(bound: number): number {
    if (Number.isInteger(Math.log2(bound))) return Math.floor((bound * this.#next(31)) / 2 ** 31);
    for (;;) {
      const bits = this.#next(31);
      const value = bits % bound;
      // Drawn again where the numbers up to 2^31 do not divide evenly.
      if (bits - value + (bound - 1) < 2 ** 31) return value;
    }
  }

  #next(bits: number): number {
    this.#state = (this.#state * MULTIPLIER + 0xbn) & MASK;
    return Number(this.#state >> BigInt(48 - bits));
  }
}

/** As `String.valueOf` prints JSON that was read into maps and lists: `{a=1, b=[x, null]}`. */
export function javaText(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(javaText).join(", ")}]`;
  if (!isJsonObject(value)) return typeof value === "string" ? value : JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${name}=${javaText(member)}`);
  return `{${members.join(", ")}}`;
}
