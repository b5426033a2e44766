/**
 * Filter patterns for JSON events: `{ $.level = "ERROR" && $.tries > 3 }`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
 */
import { isJsonObject } from "../kit/json-input.js";
import { NUMBER, numberTest, wildcard } from "./comparisons.js";
import { invalidPattern } from "./errors.js";
import { checkRegexCount, compileRegex } from "./regex.js";

type Test = (root: unknown) => boolean;
type Selector = (root: unknown) => readonly unknown[];

const TOKEN =
  /\s*(?:(&&|\|\||!=|<=|>=|[()=<>])|"((?:[^"\\]|\\.)*)"|%([^%]*)%|(\$(?:\.[\w$@:/*-]+|\[\d+\]|\[\*\]|\['[^']*'\]|\["[^"]*"\])+|\$)|([^\s()=<>!&|"%]+))/y;
const SEGMENT = /\.([\w$@:/*-]+)|\[(\d+|\*)\]|\['([^']*)'\]|\["([^"]*)"\]/g;
const LITERALS: ReadonlySet<Token["kind"]> = new Set(["string", "regex", "word"]);
/** Parentheses in parentheses; a pattern has at most 1,024 characters, so this only keeps the stack shallow. */
const MAX_DEPTH = 50;

interface Token {
  readonly kind: "operator" | "string" | "regex" | "selector" | "word";
  readonly text: string;
}

/** Compiles the inside of the braces. Throws InvalidParameterException for what is no pattern. */
export function compileJsonPattern(source: string): (message: string) => boolean {
  const test = new PatternParser(tokenize(source)).parse();
  return (message) => {
    if (!message.trimStart().startsWith("{")) return false;
    let root: unknown;
    try {
      root = JSON.parse(message);
    } catch {
      return false;
    }
    return test(root);
  };
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const text = source.trim();
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw invalidPattern(`unexpected character at ${at + 1}.`);
    const [, operator, string, regex, selector, word] = match;
    if (operator !== undefined) tokens.push({ kind: "operator", text: operator });
    else if (string !== undefined) tokens.push({ kind: "string", text: string.replace(/\\(.)/g, "$1") });
    else if (regex !== undefined) tokens.push({ kind: "regex", text: regex });
    else if (selector !== undefined) tokens.push({ kind: "selector", text: selector });
    else tokens.push({ kind: "word", text: word ?? "" });
  }
  checkRegexCount(tokens.filter(({ kind }) => kind === "regex").length);
  return tokens;
}

/** Recursive descent: || binds weaker than &&. */
class PatternParser {
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Test {
    const test = this.#either();
    if (this.#position < this.#tokens.length) throw invalidPattern(`unexpected ${this.#peek()?.text ?? "end"}.`);
    return test;
  }

  #either(): Test {
    const alternatives = [this.#both()];
    while (this.#take("||")) alternatives.push(this.#both());
    return (root) => alternatives.some((test) => test(root));
  }

  #both(): Test {
    const conditions = [this.#condition()];
    while (this.#take("&&")) conditions.push(this.#condition());
    return (root) => conditions.every((test) => test(root));
  }

  #condition(): Test {
    if (this.#take("(")) {
      this.#depth += 1;
      if (this.#depth > MAX_DEPTH) throw invalidPattern("too many nested parentheses.");
      const inner = this.#either();
      this.#depth -= 1;
      if (!this.#take(")")) throw invalidPattern("a closing parenthesis is missing.");
      return inner;
    }
    const selector = this.#next();
    if (selector?.kind !== "selector") throw invalidPattern("a property selector such as $.name is expected.");
    const select = compileSelector(selector.text);
    const operator = this.#next();
    if (operator?.kind === "operator") return this.#comparison(select, operator.text);
    return this.#state(select, operator?.text.toUpperCase());
  }

  #comparison(select: Selector, operator: string): Test {
    const literal = this.#next();
    if (literal === undefined || !LITERALS.has(literal.kind)) {
      throw invalidPattern(`a value is expected after ${operator}.`);
    }
    const compare = compileComparison(operator, literal);
    return (root) => select(root).some(compare);
  }

  #state(select: Selector, word: string | undefined): Test {
    if (word === "EXISTS") return (root) => select(root).length > 0;
    const second = this.#next()?.text.toUpperCase();
    if (word === "NOT" && second === "EXISTS") return (root) => select(root).length === 0;
    if (word === "IS") {
      if (second === "NULL") return (root) => select(root).some((value) => value === null);
      if (second === "TRUE") return (root) => select(root).some((value) => value === true);
      if (second === "FALSE") return (root) => select(root).some((value) => value === false);
    }
    throw invalidPattern(`unknown comparison ${word ?? ""} ${second ?? ""}.`);
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#position];
  }

  #next(): Token | undefined {
    const token = this.#peek();
    this.#position += 1;
    return token;
  }

  #take(operator: string): boolean {
    const token = this.#peek();
    if (token?.kind !== "operator" || token.text !== operator) return false;
    this.#position += 1;
    return true;
  }
}

function compileSelector(text: string): Selector {
  const steps = [...text.matchAll(SEGMENT)].map(
    ([, name, index, quoted, doubleQuoted]) => name ?? index ?? quoted ?? doubleQuoted ?? "",
  );
  return (root) => {
    let values: readonly unknown[] = [root];
    for (const step of steps) values = values.flatMap((value) => descend(value, step));
    return values;
  };
}

function descend(value: unknown, step: string): readonly unknown[] {
  if (Array.isArray(value)) {
    if (step === "*") return value;
    const index = Number(step);
    return index < value.length ? [value[index]] : [];
  }
  if (!isJsonObject(value)) return [];
  if (step === "*") return Object.values(value);
  return Object.hasOwn(value, step) ? [value[step]] : [];
}

/** `!=` asks for a value that is there and differs. */
function compileComparison(operator: string, literal: Token): (value: unknown) => boolean {
  if (operator === "=" || operator === "!=") {
    const equals = compileEquality(literal);
    return operator === "=" ? equals : (value) => !equals(value);
  }
  if (!["<", "<=", ">", ">="].includes(operator)) throw invalidPattern(`unexpected ${operator}.`);
  if (!NUMBER.test(literal.text)) throw invalidPattern(`${operator} compares numbers only.`);
  const bound = Number(literal.text);
  const holds = numberTest(operator, bound);
  return (value) => typeof value === "number" && holds(value);
}

function compileEquality(literal: Token): (value: unknown) => boolean {
  const { kind, text } = literal;
  const isNumber = kind === "word" && NUMBER.test(text);
  if (kind === "regex") {
    const found = compileRegex(text);
    return (value) => typeof value === "string" && found(value);
  }
  const matches = wildcard(text);
  return (value) => {
    if (typeof value === "number") return isNumber ? value === Number(text) : kind === "word" && matches(String(value));
    if (typeof value === "string") return matches(value);
    return typeof value === "boolean" && kind === "word" && matches(String(value));
  };
}
