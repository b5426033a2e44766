/** The grammar of filters in paths: `[?(@.price < 10 && @.kind in ['a','b'])]`, with the operators of Jayway JsonPath. */
import type { Json } from "../../../../../config/json.js";
import { PathSyntaxError, type Filter, type Operand, type Step } from "./path.js";

/** Paths inside filters are read by the reader of paths. */
type ParseSteps = (text: string, start: number) => Step[];

const TOKEN =
  /\s*(\(|\)|&&|\|\||=~|[=!<>]=|[<>!]|\b(?:in|nin|subsetof|anyof|noneof|contains|size|empty)\b(?![.[(])|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\/(?:[^/\\]|\\.)+\/[a-z]*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[@$](?:\.\.?(?:\*|[^\s.[\]()=!<>&|~,]+(?:\(\))?)|\[(?:[^\]'"]|'[^']*'|"[^"]*")*\])*|\[(?:[^\]'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\])/y;

export function parseFilter(text: string, parseSteps: ParseSteps): Filter {
  const reader = new TokenReader(text, parseSteps);
  const filter = anyOf(reader);
  if (reader.peek() !== undefined) throw new PathSyntaxError(`not understood in a filter: ${text}`);
  return filter;
}

class TokenReader {
  readonly #tokens: string[] = [];
  readonly #parseSteps: ParseSteps;
  #at = 0;

  constructor(text: string, parseSteps: ParseSteps) {
    this.#parseSteps = parseSteps;
    TOKEN.lastIndex = 0;
    let end = 0;
    while (end < text.trimEnd().length) {
      const match = TOKEN.exec(text);
      if (match?.[1] === undefined) throw new PathSyntaxError(`not understood in a filter: ${text.slice(end)}`);
      this.#tokens.push(match[1]);
      end = TOKEN.lastIndex;
    }
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  /** Goes past the token when it is the next. */
  take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.#at += 1;
    return true;
  }

  next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new PathSyntaxError("a filter ends too early");
    this.#at += 1;
    return token;
  }

  operand(): Operand {
    const token = this.next();
    if (/^[@$]/.test(token))
      return { kind: "path", fromRoot: token.startsWith("$"), steps: this.#parseSteps(token, 1) };
    const pattern = /^\/(.+)\/([a-z]*)$/s.exec(token);
    // The whole text has to match.
    if (pattern?.[1] !== undefined) return { kind: "pattern", pattern: new RegExp(`^(?:${pattern[1]})$`, pattern[2]) };
    return { kind: "literal", value: literal(token) };
  }
}

function anyOf(reader: TokenReader): Filter {
  const filters = [allOf(reader)];
  while (reader.take("||")) filters.push(allOf(reader));
  return filters.length === 1 && filters[0] !== undefined ? filters[0] : { kind: "any", filters };
}

function allOf(reader: TokenReader): Filter {
  const filters = [single(reader)];
  while (reader.take("&&")) filters.push(single(reader));
  return filters.length === 1 && filters[0] !== undefined ? filters[0] : { kind: "all", filters };
}

const OPERATORS = new Set("== != < <= > >= =~ in nin subsetof anyof noneof contains size empty".split(" "));

function single(reader: TokenReader): Filter {
  if (reader.take("!")) return { kind: "not", filter: single(reader) };
  if (reader.take("(")) {
    const filter = anyOf(reader);
    if (!reader.take(")")) throw new PathSyntaxError("a filter lacks a )");
    return filter;
  }
  const left = reader.operand();
  const operator = reader.peek();
  if (operator === undefined || !OPERATORS.has(operator)) return { kind: "exists", operand: left };
  reader.next();
  return { kind: "compare", left, operator, right: reader.operand() };
}

/** JSON, with strings in single quotes allowed. */
function literal(token: string): Json {
  const text = token.replace(/'((?:[^'\\]|\\.)*)'/g, (_, inside: string) =>
    JSON.stringify(inside.replace(/\\(.)/g, "$1")),
  );
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new PathSyntaxError(`not understood in a filter: ${token}`);
  }
}
