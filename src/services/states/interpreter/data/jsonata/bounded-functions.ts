/**
 * Functions of the library that none of its limits reaches into, since each is one call to it: a list or a width that a few
 * letters of an expression make would hold the process for minutes or end it for want of memory. Same results in bounded time.
 */
import type jsonata from "jsonata";
import { distinct } from "../distinct.js";

/** A text that a state can hand on has 256 KiB; what is cut from longer ones may be longer. */
const MAX_PADDING = 8 * 1024 * 1024;
/** The library takes time with the square of it. */
const MAX_PICTURE_LENGTH = 5000;

/** The library's codes of its own limits. */
const OUT_OF_TIME = "D1012";
const OUT_OF_MEMORY = "D2015";

type Implementation = (...args: never[]) => unknown;

/** How the library keeps a function: `$sort` alone is an expression that gives it. */
interface LibraryFunction {
  readonly implementation: Implementation;
  readonly signature: unknown;
}

/** To be bound in the place of the library's. The number of parameters says what `$map` and the like hand over. */
const REPLACEMENTS: Readonly<Record<string, (original: Implementation) => Implementation>> = {
  pad: (original) =>
    function pad(text: string | undefined, width: number | undefined, filling: string | undefined) {
      if (Math.abs(width ?? 0) * Math.max(1, filling?.length ?? 1) > MAX_PADDING) throw limit(OUT_OF_MEMORY);
      return apply(original, [text, width, filling]);
    },
  formatNumber: (original) =>
    function formatNumber(value: number | undefined, picture: string | undefined, options: unknown) {
      if ((picture?.length ?? 0) > MAX_PICTURE_LENGTH) throw limit(OUT_OF_TIME);
      return apply(original, [value, picture, options]);
    },
  // The library copies the rest of the list for each item.
  sort: (original) =>
    function sort(items: unknown, comparator: unknown) {
      const own = comparator === undefined && (isListOf(items, "number") || isListOf(items, "string"));
      return own ? items.toSorted(ascending) : apply(original, [items, comparator]);
    },
  // The library compares each item with each.
  distinct: (original) =>
    function distinctItems(items: unknown) {
      return Array.isArray(items) && items.length > 1 ? distinct(items as unknown[]) : apply(original, [items]);
    },
};

export async function boundedFunctions(parse: typeof jsonata): Promise<Record<string, unknown>> {
  const bound: Record<string, unknown> = {};
  for (const [name, replacement] of Object.entries(REPLACEMENTS)) {
    const original = (await parse(`$${name}`).evaluate(undefined)) as LibraryFunction;
    bound[name] = { ...original, implementation: replacement(original.implementation) };
  }
  return bound;
}

const apply = (original: Implementation, args: readonly unknown[]): unknown => original(...(args as never[]));

const limit = (code: string): Error => Object.assign(new Error(), { code });

const isListOf = <T extends "number" | "string">(
  items: unknown,
  type: T,
): items is (T extends "number" ? number : string)[] =>
  Array.isArray(items) && items.every((item) => typeof item === type);

function ascending(left: number | string, right: number | string): number {
  if (left === right) return 0;
  return left > right ? 1 : -1;
}
