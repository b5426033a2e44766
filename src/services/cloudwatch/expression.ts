/**
 * Metric math: arithmetic, comparisons and a few functions over time series.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
import { validationError } from "./errors.js";
import { functionNode, type Node } from "./math-functions.js";
import { asList, combine, each, filled, type MathScope, type Series } from "./math-values.js";

export type { MathScope, Series } from "./math-values.js";

type Operator = (left: number, right: number) => number;

const either = (a: number, b: number): number => Number(a !== 0 || b !== 0);
const both = (a: number, b: number): number => Number(a !== 0 && b !== 0);

/** By how strongly they bind, the weakest first. */
const OPERATORS: readonly Readonly<Record<string, Operator>>[] = [
  { OR: either, "||": either },
  { AND: both, "&&": both },
  {
    "<": (a, b) => Number(a < b),
    "<=": (a, b) => Number(a <= b),
    ">": (a, b) => Number(a > b),
    ">=": (a, b) => Number(a >= b),
    "==": (a, b) => Number(a === b),
    "!=": (a, b) => Number(a !== b),
  },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => a / b },
];

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|"([^"]*)"|'([^']*)'|(<=|>=|==|!=|&&|\|\||[-+*/^()[\],<>]))/y;
const MAX_DEPTH = 50;

interface Token {
  readonly kind: "number" | "name" | "string" | "sign" | "end";
  readonly text: string;
}

/** Compiles an expression. Throws ValidationError for what is none, naming functions that are not emulated. */
export function compileExpression(source: string): Node {
  return new ExpressionParser(source).parse();
}

/** The series of a compiled expression; a single number is no answer for a graph. */
export function seriesOf(node: Node, scope: MathScope, id: string): Series {
  const value = node(scope);
  if (value instanceof Map) return value as Series;
  throw validationError(`Error in expression '${id}': the expression must return a single time series.`);
}

class ExpressionParser {
  readonly #source: string;
  #token: Token = { kind: "end", text: "" };
  #position = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source.trim();
    this.#advance();
  }

  parse(): Node {
    const node = this.#binary(0);
    if (this.#token.kind !== "end") throw this.#unexpected();
    return node;
  }

  #binary(level: number): Node {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text } = this.#token;
      const operator = kind === "sign" || kind === "name" ? operators[text.toUpperCase()] : undefined;
      if (operator === undefined) return left;
      this.#advance();
      const [first, right] = [left, this.#binary(level + 1)];
      left = (scope) => combine(first(scope), right(scope), operator);
    }
  }

  #unary(): Node {
    if (this.#take("-")) {
      const operand = this.#unary();
      return (scope) => each(operand(scope), (value) => -value);
    }
    const base = this.#primary();
    if (!this.#take("^")) return base;
    const exponent = this.#unary();
    return (scope) => combine(base(scope), exponent(scope), (a, b) => a ** b);
  }

  #primary(): Node {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw validationError("The expression is nested too deeply.");
    const node = this.#operand();
    this.#depth -= 1;
    return node;
  }

  #operand(): Node {
    const { kind, text } = this.#token;
    if (kind === "number") {
      this.#advance();
      return () => Number(text);
    }
    if (this.#take("(")) {
      const inner = this.#binary(0);
      this.#expect(")");
      return inner;
    }
    if (this.#take("[")) {
      const items = this.#list("]");
      return (scope) => items.flatMap((item) => asList(item(scope)));
    }
    if (kind !== "name") throw this.#unexpected();
    this.#advance();
    return this.#take("(") ? this.#call(text.toUpperCase()) : reference(text);
  }

  #call(name: string): Node {
    if (name === "METRICS") {
      const part = this.#token.kind === "string" ? this.#token.text : undefined;
      if (part !== undefined) this.#advance();
      this.#expect(")");
      return (scope) => scope.metrics(part);
    }
    if (name === "FILL") return this.#fill();
    if (name === "SORT") return this.#sort();
    return functionNode(name, this.#list(")"));
  }

  /** `SORT(array, function, ASC or DESC [, how many])`: words that are no ids. */
  #sort(): Node {
    const target = this.#binary(0);
    const words: string[] = [];
    while (words.length < 2) {
      this.#expect(",");
      if (this.#token.kind !== "name") throw this.#unexpected();
      words.push(this.#token.text.toUpperCase());
      this.#advance();
    }
    const count = this.#take(",") ? this.#binary(0) : undefined;
    this.#expect(")");
    return functionNode("SORT", [target, ...(count === undefined ? [] : [count])], words);
  }

  #fill(): Node {
    const target = this.#binary(0);
    this.#expect(",");
    const word = this.#token.kind === "name" ? this.#token.text.toUpperCase() : undefined;
    if (word === "REPEAT") {
      this.#advance();
      this.#expect(")");
      return (scope) => filled(target(scope), scope, undefined);
    }
    const filler = this.#binary(0);
    this.#expect(")");
    return (scope) => filled(target(scope), scope, filler(scope));
  }

  #list(end: string): Node[] {
    const items: Node[] = [];
    if (this.#take(end)) return items;
    do items.push(this.#binary(0));
    while (this.#take(","));
    this.#expect(end);
    return items;
  }

  #take(sign: string): boolean {
    if (this.#token.kind !== "sign" || this.#token.text !== sign) return false;
    this.#advance();
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw this.#unexpected();
  }

  #advance(): void {
    if (this.#position >= this.#source.length) {
      this.#token = { kind: "end", text: "" };
      return;
    }
    TOKEN.lastIndex = this.#position;
    const match = TOKEN.exec(this.#source);
    if (match === null) throw this.#unexpected();
    this.#position = TOKEN.lastIndex;
    const [, number, name, doubleQuoted, quoted, sign] = match;
    if (number !== undefined) this.#token = { kind: "number", text: number };
    else if (name !== undefined) this.#token = { kind: "name", text: name };
    else if (sign !== undefined) this.#token = { kind: "sign", text: sign };
    else this.#token = { kind: "string", text: doubleQuoted ?? quoted ?? "" };
  }

  #unexpected(): Error {
    return validationError(
      `Error in expression '${this.#source.slice(0, 100)}': unexpected input near position ${this.#position}.`,
    );
  }
}

function reference(id: string): Node {
  return (scope) => {
    const series = scope.lookup(id);
    if (series === undefined) throw validationError(`The metric or expression with id ${id} was not found.`);
    return series;
  };
}
