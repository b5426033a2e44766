/** The tests of the operators, each of one leaf of an event. */
import { addressDigits, blockOf } from "./addresses.js";

export type ValueTest = (value: string | number | boolean | null) => boolean;

export const ofText =
  (test: (value: string) => boolean): ValueTest =>
  (value) =>
    typeof value === "string" && test(value);

/** AWS compares the characters one by one, without looking at their neighbours. */
export const folded = (text: string): string =>
  // A capital sigma at the end of a word would become another letter than within it.
  text.replaceAll("Σ", "σ").toLowerCase();

/** A text that is an IP address is compared as such: `2001:db8::1` is `2001:DB8:0:0:0:0:0:1`. */
export function equalTest(text: string): ValueTest {
  const digits = addressDigits(text);
  if (digits === undefined) return (value) => value === text;
  return ofText((value) => value === text || addressDigits(value) === digits);
}

export const AFFIXES = {
  prefix: (value: string, affix: string): boolean => value.startsWith(affix),
  suffix: (value: string, affix: string): boolean => value.endsWith(affix),
} as const;

export type Affix = keyof typeof AFFIXES;

/** Addresses from the first to the last of the block. */
export function blockTest(digits: string, bits: number): ValueTest {
  const [first, last] = blockOf(digits, bits);
  return ofText((value) => {
    const address = addressDigits(value);
    return address !== undefined && address.length === first.length && first <= address && address <= last;
  });
}

/** What stands in anything-but must not hold; other kinds of values pass. */
export const noneOf =
  (tests: readonly ValueTest[]): ValueTest =>
  (value) =>
    !tests.some((test) => test(value));
