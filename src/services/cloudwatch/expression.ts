/**
 * Metric math: arithmetic, comparisons and a few functions over time series.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
import { validationError } from "./errors.js";

/** Value by start of period. */
export type Series = ReadonlyMap<number, number>;
export type MathValue = number | Series | readonly Series[];

export interface MathScope {
  /** The series of an id; undefined when no query has it. */
  readonly lookup: (id: string) => Series | undefined;
  /** Series of all metrics in the request, or of those whose id contains a text. */
  readonly metrics: (part: string | undefined) => readonly Series[];
  /** Starts of all periods asked for, oldest first. */
  readonly timestamps: readonly number[];
}

type Node = (scope: MathScope) => MathValue;
type Operator = (left: number, right: number) => number;

const OPERATORS: readonly Readonly<Record<string, Operator>>[] = [
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

const REDUCERS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SUM: (values) => values.reduce((total, value) => total + value, 0),
  AVG: (values) => values.reduce((total, value) => total + value, 0) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
};

const SCALAR_FUNCTIONS: Readonly<Record<string, (value: number) => number>> = {
  ABS: Math.abs,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
};

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|"([^"]*)"|'([^']*)'|(<=|>=|==|!=|[-+*/^()[\],<>]))/y;
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
      const operator = this.#token.kind === "sign" ? operators[this.#token.text] : undefined;
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
    const args = this.#list(")");
    const [first, second, third] = args;
    const reducer = Object.hasOwn(REDUCERS, name) ? REDUCERS[name] : undefined;
    if (reducer !== undefined && first !== undefined && args.length === 1)
      return (scope) => reduce(first(scope), reducer);
    const scalar = Object.hasOwn(SCALAR_FUNCTIONS, name) ? SCALAR_FUNCTIONS[name] : undefined;
    if (scalar !== undefined && first !== undefined && args.length === 1) return (scope) => each(first(scope), scalar);
    if (name === "IF" && first !== undefined && second !== undefined) {
      return (scope) => choose(first(scope), second(scope), third?.(scope));
    }
    throw validationError(
      `The metric math function ${name} with ${args.length} arguments is not emulated by lambda-run.`,
    );
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

const isSeries = (value: MathValue): value is Series => value instanceof Map;

function asList(value: MathValue): readonly Series[] {
  if (typeof value === "number") throw validationError("A number cannot be a member of an array of time series.");
  return isSeries(value) ? [value] : value;
}

function each(value: MathValue, change: (value: number) => number): MathValue {
  if (typeof value === "number") return change(value);
  if (isSeries(value)) return new Map([...value].map(([time, point]) => [time, change(point)]));
  return value.map((series) => new Map([...series].map(([time, point]) => [time, change(point)])));
}

/** Two series meet where both have a point; a point divided by zero is left out, as on AWS. */
function combine(left: MathValue, right: MathValue, operator: Operator): MathValue {
  if (typeof left === "number" && typeof right === "number") return operator(left, right);
  if (typeof right === "number") return finite(each(left, (value) => operator(value, right)));
  if (typeof left === "number") return finite(each(right, (value) => operator(left, value)));
  if (isSeries(left) && isSeries(right)) {
    const points: [number, number][] = [];
    for (const [time, value] of left) {
      const other = right.get(time);
      if (other !== undefined) points.push([time, operator(value, other)]);
    }
    return finite(new Map(points));
  }
  if (isSeries(left)) return asList(right).map((series) => combine(left, series, operator) as Series);
  return left.map((series) => combine(series, right, operator) as Series);
}

function finite(value: MathValue): MathValue {
  return isSeries(value) ? new Map([...value].filter(([, point]) => Number.isFinite(point))) : value;
}

/** Of one series a number; of several one series, point by point. */
function reduce(value: MathValue, reducer: (values: readonly number[]) => number): MathValue {
  if (typeof value === "number") return value;
  if (isSeries(value)) return reducer([...value.values()]);
  const columns = new Map<number, number[]>();
  for (const series of value) {
    for (const [time, point] of series) columns.set(time, [...(columns.get(time) ?? []), point]);
  }
  return new Map([...columns].map(([time, points]) => [time, reducer(points)]));
}

/** `filler` undefined repeats the last value before the gap. */
function filled(value: MathValue, scope: MathScope, filler: MathValue | undefined): MathValue {
  if (typeof value === "number") return value;
  const fill = (series: Series): Series => {
    const points: [number, number][] = [];
    let last: number | undefined;
    for (const time of scope.timestamps) {
      const gap = filler === undefined ? last : pointAt(filler, time);
      const point = series.get(time) ?? gap;
      if (point !== undefined) points.push([time, point]);
      last = point;
    }
    return new Map(points);
  };
  return isSeries(value) ? fill(value) : value.map(fill);
}

function choose(condition: MathValue, yes: MathValue, no: MathValue | undefined): MathValue {
  if (typeof condition === "number") return condition === 0 ? (no ?? new Map<number, number>()) : yes;
  const points: [number, number][] = [];
  for (const series of asList(condition).slice(0, 1)) {
    for (const [time, holds] of series) {
      const chosen = holds === 0 ? no : yes;
      const point = chosen === undefined ? undefined : pointAt(chosen, time);
      if (point !== undefined) points.push([time, point]);
    }
  }
  return new Map(points);
}

function pointAt(value: MathValue, time: number): number | undefined {
  if (typeof value === "number") return value;
  return isSeries(value) ? value.get(time) : undefined;
}
