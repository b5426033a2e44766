/**
 * Reads one match expression, `{"prefix": "a"}`, behind its opening brace. The order of the checks, and so the text and
 * the place of a refusal, is that of AWS's event-ruler (JsonRuleCompiler).
 */
import { addressDigits, looksLikeAddress } from "./addresses.js";
import type { JsonTokens, Token } from "./json-tokens.js";
import { readNumeric, comparableNumber } from "./numeric.js";
import { PatternError } from "./pattern-error.js";
import { AFFIXES, blockTest, ignoringCase, noneOf, ofText, type Affix, type ValueTest } from "./value-tests.js";
import { readWildcard, WildcardFault, wildcardTest, type WildcardToken } from "./wildcard.js";

export interface Expression {
  /** One of them must hold. */
  readonly test?: ValueTest;
  /** It holds when there is no value. */
  readonly absent?: true;
  readonly wildcards?: readonly (readonly WildcardToken[])[];
}

const ONE_KEY = "Only one key allowed in match expression";
const TOO_MANY = "Too many elements in numeric expression";

export function readExpression(tokens: JsonTokens): Expression {
  if (tokens.next() !== "name") tokens.fail("Match expression name not found");
  const operator = tokens.name;
  switch (operator) {
    case "exactly":
      return readText(tokens, "exact", (text) => ({ test: (value) => value === text }));
    case "prefix":
    case "suffix":
      return readAffix(tokens, operator);
    case "numeric":
      return readNumeric(tokens);
    case "anything-but":
      return readAnythingBut(tokens);
    case "exists":
      return readExists(tokens);
    case "cidr":
      // The operator that the text names is AWS's.
      return readText(tokens, "prefix", (text) => ({ test: readBlock(text) }));
    case "equals-ignore-case":
      return readText(tokens, operator, (text) => ({ test: ignoringCase(text, "whole") }));
    case "wildcard":
      return readText(tokens, operator, (text) => {
        const wildcard = wildcardIn(text, tokens);
        return { test: ofText(wildcardTest(wildcard)), wildcards: [wildcard] };
      });
    default:
      return tokens.fail(`Unrecognized match type ${operator}`);
  }
}

function readText(tokens: JsonTokens, shownOperator: string, make: (text: string) => Expression): Expression {
  if (tokens.next() !== "string") tokens.fail(`${shownOperator} match pattern must be a string`);
  const expression = make(tokens.text);
  if (tokens.next() !== "}") tokens.fail(ONE_KEY);
  return expression;
}

function readAffix(tokens: JsonTokens, affix: Affix): Expression {
  const token = tokens.next();
  if (token === "{") {
    if (tokens.next() !== "name") tokens.fail(`${affix === "prefix" ? "Prefix" : "Suffix"} expression name not found`);
    if (tokens.name !== "equals-ignore-case") tokens.fail(`Unsupported ${affix} pattern: ${tokens.name}`);
    if (tokens.next() !== "string") tokens.fail("equals-ignore-case match pattern must be a string");
    const { text } = tokens;
    for (let level = 0; level < 2; level++) if (tokens.next() !== "}") tokens.fail(ONE_KEY);
    return { test: ignoringCase(text, affix) };
  }
  if (token !== "string") tokens.fail(`${affix} match pattern must be a string`);
  const { text } = tokens;
  const holds = AFFIXES[affix];
  if (tokens.next() !== "}") tokens.fail(ONE_KEY);
  return { test: ofText((value) => holds(value, text)) };
}

function readExists(tokens: JsonTokens): Expression {
  const token = tokens.next();
  if (token !== "true" && token !== "false") tokens.fail("exists match pattern must be either true or false.");
  if (tokens.next() !== "}") tokens.fail(ONE_KEY);
  return token === "true" ? { test: () => true } : { absent: true };
}

/** AWS tells these without a place. */
function readBlock(text: string): ValueTest {
  const parts = text.split("/");
  while (parts.length > 1 && parts.at(-1) === "") parts.pop();
  const [address = "", bits = "", ...others] = parts;
  if (parts.length === 1 || others.length > 0) throw new PatternError("Malformed CIDR, one '/' required");
  const length = /^[+-]?\d+$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(Math.abs(length) < 2 ** 31)) throw new PatternError("Malformed CIDR, mask bits must be an integer");
  if (length < 0) throw new PatternError("Malformed CIDR, mask bits must not be negative");
  if (!looksLikeAddress(address)) throw new PatternError(`Nonstandard IP address: ${address}`);
  const digits = addressDigits(address);
  if (digits === undefined) throw new PatternError(`Invalid IP address: ${address}`);
  const all = digits.length * 4;
  if (length >= all) throw new PatternError(`IPv${all === 32 ? 4 : 6} mask bits must be < ${all}`);
  return blockTest(digits, length);
}

const INNER_OPERATORS = new Set(["equals-ignore-case", "prefix", "suffix", "wildcard"]);

function readAnythingBut(tokens: JsonTokens): Expression {
  let inner: string | undefined;
  let token = tokens.next();
  if (token === "{") {
    if (tokens.next() !== "name") tokens.fail("Anything-But expression name not found");
    inner = tokens.name;
    if (!INNER_OPERATORS.has(inner)) tokens.fail(`Unsupported anything-but pattern: ${inner}`);
    token = tokens.next();
  }
  if (token !== "[" && token !== "string" && token !== "number")
    tokens.fail("Value of anything-but must be an array or single string/number value.");
  const expression = inner === undefined ? readExcluded(tokens, token) : readExcludedBy(tokens, token, inner);
  if (tokens.next() !== "}") tokens.fail(TOO_MANY);
  if (inner !== undefined && tokens.next() !== "}") tokens.fail(TOO_MANY);
  return expression;
}

/** A value or a list of them. */
function readExcluded(tokens: JsonTokens, first: Token): Expression {
  if (first === "string") {
    const { text } = tokens;
    return { test: (value) => value !== text };
  }
  if (first === "number") {
    const number = comparableNumber(tokens.text);
    return { test: (value) => value !== number };
  }
  const excluded = new Set<unknown>();
  const kinds = new Set<string>();
  for (let token = nextIn(tokens); token !== "]"; token = nextIn(tokens)) {
    if (token !== "string" && token !== "number")
      tokens.failTwice("Inside anything but list, start|null|boolean is not supported.");
    kinds.add(token);
    excluded.add(token === "string" ? tokens.text : comparableIn(tokens));
  }
  if (kinds.size !== 1)
    tokens.fail("Inside anything but list, either all values are number or string, mixed type is not supported");
  return { test: (value) => !excluded.has(value) };
}

function comparableIn(tokens: JsonTokens): number {
  try {
    return comparableNumber(tokens.text);
  } catch (error) {
    if (error instanceof PatternError) tokens.fail(error.message);
    throw error;
  }
}

/** A text or a list of them, for an operator. */
function readExcludedBy(tokens: JsonTokens, first: Token, operator: string): Expression {
  const texts: string[] = [];
  const add = (token: Token | undefined, fail: (reason: string) => never): void => {
    if (token !== "string") fail(notText(operator));
    const { text } = tokens;
    if (text === "" && (operator === "prefix" || operator === "suffix")) fail("Null prefix/suffix not allowed");
    texts.push(text);
  };
  if (first === "[")
    for (let token = nextIn(tokens); token !== "]"; token = nextIn(tokens))
      add(token, (reason) => tokens.failTwice(reason));
  else add(first, (reason) => tokens.fail(reason));
  if (operator !== "wildcard") return { test: noneOf(texts.map((text) => excludedTest(operator, text))) };
  const wildcards = texts.map((text) => wildcardIn(text, tokens));
  return { test: noneOf(wildcards.map((one) => ofText(wildcardTest(one)))), wildcards };
}

function excludedTest(operator: string, text: string): ValueTest {
  if (operator !== "prefix" && operator !== "suffix") return ignoringCase(text, "whole");
  const holds = AFFIXES[operator];
  return ofText((value) => holds(value, text));
}

function notText(operator: string): string {
  if (operator === "equals-ignore-case")
    return "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.";
  return `${operator === "wildcard" ? operator : "prefix/suffix"} match pattern must be a string`;
}

/** In a list that AWS reads inside a catch: a fault of the JSON has its place told twice. */
function nextIn(tokens: JsonTokens): Token | undefined {
  try {
    return tokens.next();
  } catch (error) {
    if (error instanceof PatternError) throw new PatternError(error.message, `${error.place}${error.place}`);
    throw error;
  }
}

function wildcardIn(text: string, tokens: JsonTokens): readonly WildcardToken[] {
  try {
    return readWildcard(text);
  } catch (error) {
    if (error instanceof WildcardFault) tokens.fail(error.message);
    throw error;
  }
}
