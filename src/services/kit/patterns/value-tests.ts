/** The tests of the operators, each of one leaf of an event. */
import { addressDigits, blockOf } from "./addresses.js";

export type ValueTest = (value: string | number | boolean | null) => boolean;

export const ofText =
  (test: (value: string) => boolean): ValueTest =>
  (value) =>
    typeof value === "string" && test(value);

export type Affix = "prefix" | "suffix";

/**
 * Character by character, each in lower or upper case: `ß` is also `SS`, and a long s also `S`. AWS takes the halves of a
 * character beyond the basic plane one by one, which have no case.
 */
export function ignoringCase(text: string, part: Affix | "whole"): ValueTest {
  const forms = text
    .split("")
    .map((unit) => `(?:${[...new Set([unit.toLowerCase(), unit.toUpperCase()])].map(escaped).join("|")})`);
  const pattern = new RegExp(`${part === "suffix" ? "" : "^"}${forms.join("")}${part === "prefix" ? "" : "$"}`);
  return ofText((value) => pattern.test(value));
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

/** A text that is an IP address is compared as such: `2001:db8::1` is `2001:DB8:0:0:0:0:0:1`. */
export function equalTest(text: string): ValueTest {
  const digits = addressDigits(text);
  if (digits === undefined) return (value) => value === text;
  return ofText((value) => value === text || addressDigits(value) === digits);
}

export const AFFIXES: Readonly<Record<Affix, (value: string, affix: string) => boolean>> = {
  prefix: (value, affix) => value.startsWith(affix),
  suffix: (value, affix) => value.endsWith(affix),
};

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
