/**
 * Reads and checks the text of a pattern. Reasons for a refusal, their order and their place are those of AWS's event-ruler;
 * the reasons were recorded on AWS in October 2025 as well.
 */
import { JsonTokens } from "./json-tokens.js";
import { readExpression } from "./match-expression.js";
import { PatternError } from "./pattern-error.js";
import { equalTest, type ValueTest } from "./value-tests.js";
import { isTooComplex } from "./wildcard-complexity.js";
import type { WildcardToken } from "./wildcard.js";

export interface Condition {
  readonly path: string;
  /** One of them must hold for one value. */
  readonly tests: readonly ValueTest[];
  /** Whether it also holds when there is no value. */
  readonly absent: boolean;
}

/** What must hold together: the conditions by path. A path that is written twice has its last condition. */
type Alternative = ReadonlyMap<string, Condition>;

/** Names that AWS keeps for operators: a member of `$or` must not have them. */
const RESERVED = new Set(
  (
    "exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex not-wildcard " +
    "not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range " +
    "ip-address-in-range ip-address-not-in-range"
  ).split(" "),
);
/** Combinations that `$or` makes. EventBridge user guide, "Complex matching". */
const MAX_ALTERNATIVES = 1000;

/** The alternatives of a pattern, of which one must hold. */
export function readPattern(text: string): readonly (readonly Condition[])[] {
  const alternatives = readEither(text);
  return alternatives.map((alternative) => [...alternative.values()]);
}

function readEither(text: string): readonly Alternative[] {
  try {
    return new Reader(text, true).read();
  } catch (error) {
    if (!(error instanceof PatternError) || !text.includes('"$or"')) throw error;
    // Patterns that were written before `$or` had a meaning go on working: it is a field like any other in them.
    try {
      return new Reader(text, false).read();
    } catch {
      throw error;
    }
  }
}

class Reader {
  readonly #tokens: JsonTokens;
  readonly #knowsOr: boolean;
  #wildcards: (readonly WildcardToken[])[] = [];

  constructor(text: string, knowsOr: boolean) {
    this.#tokens = new JsonTokens(text);
    this.#knowsOr = knowsOr;
  }

  read(): readonly Alternative[] {
    if (this.#tokens.next() !== "{") this.#tokens.fail("Filter is not an object");
    return this.#object([new Map()], "", false);
  }

  /** The alternatives, with what the object asks for in addition. */
  #object(before: readonly Alternative[], path: string, insideOr: boolean): readonly Alternative[] {
    const tokens = this.#tokens;
    let alternatives = before;
    let empty = true;
    while (tokens.next() !== "}") {
      empty = false;
      const { name } = tokens;
      if (name === "$or" && this.#knowsOr) {
        alternatives = this.#or(alternatives, path);
        continue;
      }
      if (insideOr && RESERVED.has(name))
        tokens.fail(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
      const below = path === "" ? name : `${path}.${name}`;
      const token = tokens.next();
      if (token === "{") alternatives = this.#object(alternatives, below, insideOr);
      else if (token === "[") {
        const condition = this.#condition(below);
        alternatives = alternatives.map((one) => new Map(one).set(below, condition));
      } else tokens.fail(`"${name}" must be an object or an array`);
    }
    if (empty) tokens.fail("Empty objects are not allowed");
    return alternatives;
  }

  #or(before: readonly Alternative[], path: string): readonly Alternative[] {
    const tokens = this.#tokens;
    if (tokens.next() !== "[") tokens.fail("It must be an Array followed with $or.");
    const alternatives: Alternative[] = [];
    let branches = 0;
    for (let token = tokens.next(); token !== "]"; token = tokens.next()) {
      branches += 1;
      if (token !== "{") tokens.fail("Only JSON object is allowed in array of $or relationship.");
      alternatives.push(...this.#object(before, path, true));
      if (alternatives.length > MAX_ALTERNATIVES)
        throw new PatternError(`Event pattern contains more than ${MAX_ALTERNATIVES} rule combinations`);
    }
    if (branches < 2) tokens.fail("There must have at least 2 Objects in $or relationship.");
    return alternatives;
  }

  #condition(path: string): Condition {
    const tokens = this.#tokens;
    const tests: ValueTest[] = [];
    let absent = false;
    this.#wildcards = [];
    for (let token = tokens.next(); token !== "]"; token = tokens.next()) {
      if (token === "{") {
        const expression = readExpression(tokens);
        if (expression.test !== undefined) tests.push(expression.test);
        if (expression.absent === true) absent = true;
        this.#wildcards.push(...(expression.wildcards ?? []));
      } else if (token === "string") tests.push(equalTest(tokens.text));
      else if (token === "[") tokens.fail("Match value must be String, number, true, false, or null");
      else tests.push(sameAs(JSON.parse(tokens.text) as number | boolean | null));
    }
    if (tests.length === 0 && !absent) tokens.fail("Empty arrays are not allowed");
    if (isTooComplex(this.#wildcards))
      throw new PatternError(
        "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character",
      );
    return { path, tests, absent };
  }
}

const sameAs =
  (wanted: number | boolean | null): ValueTest =>
  (value) =>
    value === wanted;
