/** The numeric operator: `["=", 1]`, `[">", 0]` or `[">", 0, "<=", 5]`. */
import type { JsonTokens } from "./json-tokens.js";
import { PatternError } from "./pattern-error.js";
import type { ValueTest } from "./value-tests.js";

type Comparison = (value: number, bound: number) => boolean;

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ["=", (value: number, bound: number) => value === bound],
  ["<", (value, bound) => value < bound],
  ["<=", (value, bound) => value <= bound],
  [">", (value, bound) => value > bound],
  [">=", (value, bound) => value >= bound],
]);
const CLOSING = new Set(["<", "<="]);
const TOO_MANY = "Too many elements in numeric expression";

/** Behind the name of the operator, up to the end of its expression. */
export function readNumeric(tokens: JsonTokens): { readonly test: ValueTest } {
  if (tokens.next() !== "[") tokens.fail("Value of numeric must be an array.");
  const test = readComparisons(tokens);
  if (tokens.next() !== "}") tokens.fail(TOO_MANY);
  return { test };
}

function readComparisons(tokens: JsonTokens): ValueTest {
  if (tokens.next() !== "string") tokens.fail(`Invalid member in numeric match: ${tokens.text}`);
  const operator = tokens.text;
  const token = tokens.next();
  const compare = COMPARISONS.get(operator);
  if (compare === undefined) tokens.fail(`Unrecognized numeric range operator: ${operator}`);
  if (token !== "number") tokens.fail(`Value of ${operator === "=" ? "equals" : operator} must be numeric`);
  const first = tokens.text;
  const after = tokens.next();
  if (after === "]") {
    const bound = placed(first, tokens);
    return (value) => typeof value === "number" && compare(value, bound);
  }
  // Only a bound from below may be followed by another, which closes the range.
  if (operator === "=" || CLOSING.has(operator)) tokens.fail(TOO_MANY);
  if (after !== "string") tokens.fail(`Bad value in numeric range: ${tokens.text}`);
  const closing = tokens.text;
  const close = CLOSING.has(closing) ? COMPARISONS.get(closing) : undefined;
  if (close === undefined) tokens.fail(`Bad numeric range operator: ${closing}`);
  if (tokens.next() !== "number") tokens.fail(`Value of ${closing} must be numeric`);
  const second = tokens.text;
  if (tokens.next() !== "]") tokens.fail("Too many terms in numeric range expression");
  const bottom = placed(first, tokens);
  const top = placed(second, tokens);
  if (bottom >= top) tokens.fail("Bottom must be less than top");
  return (value) => typeof value === "number" && compare(value, bottom) && close(value, top);
}

function placed(text: string, tokens: JsonTokens): number {
  try {
    return comparableNumber(text);
  } catch (error) {
    if (error instanceof PatternError) tokens.fail(error.message);
    throw error;
  }
}

/** AWS compares doubles, and refuses a number that is not the same as the shortest text of its double. */
export function comparableNumber(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || canonical(text) !== canonical(String(number)))
    throw new PatternError(`Cannot compare number : ${text}`);
  return number;
}

/**
 * The same for every text of one number in JSON. A library of decimals would do; it takes 4 ms to load, at the start of every
 * command.
 */
function canonical(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
