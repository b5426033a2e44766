/**
 * Cuts an expression into tokens and words its syntax errors as the service does: the token, and the source text from
 * the token before it to the token after it (`Syntax error; token: "x", near: "a x b"`, seen in public reports).
 */
import { validationError } from "../errors.js";

export type TokenKind = "name" | "nameRef" | "valueRef" | "number" | "symbol" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN = /[ \t\r\n]+|([A-Za-z_][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|(\d+)|(<>|<=|>=|[^])/gu;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  for (const match of source.matchAll(TOKEN)) {
    const [text, name, nameRef, valueRef, digits, symbol] = match;
    const kind = name
      ? "name"
      : nameRef
        ? "nameRef"
        : valueRef
          ? "valueRef"
          : digits
            ? "number"
            : symbol
              ? "symbol"
              : undefined;
    if (kind !== undefined) tokens.push({ kind, text, start: match.index, end: match.index + text.length });
  }
  tokens.push({ kind: "end", text: "<EOF>", start: source.length, end: source.length });
  return tokens;
}

/** Deeper expressions are refused, long before the parser's recursion could hurt; AWS allows 4,096 bytes and 300 operators. */
const MAX_EXPRESSION_BYTES = 4096;

export class TokenReader {
  readonly #label: string;
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  /** `label` is the parameter's name, which starts every error. */
  constructor(label: string, source: string) {
    this.#label = label;
    this.#source = source;
    if (source === "") throw this.error("The expression can not be empty;");
    const bytes = Buffer.byteLength(source);
    if (bytes > MAX_EXPRESSION_BYTES) {
      throw this.error(`Expression size has exceeded the maximum allowed size; expression size: ${bytes}`);
    }
    this.#tokens = tokenize(source);
  }

  /** Index of the next token. */
  get position(): number {
    return this.#at;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  /** Takes the next token when it is this symbol. */
  take(symbol: string): boolean {
    const token = this.peek();
    if (token.kind !== "symbol" || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  /** Takes the next token when it is this keyword, in any case. */
  takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.#at++;
    return true;
  }

  isKeyword(keyword: string): boolean {
    const token = this.peek();
    return token.kind === "name" && token.text.toUpperCase() === keyword;
  }

  expect(symbol: string): void {
    if (!this.take(symbol)) throw this.syntaxError();
  }

  expectEnd(): void {
    if (this.peek().kind !== "end") throw this.syntaxError();
  }

  syntaxError(): Error {
    const token = this.peek();
    const before = this.#tokens[this.#at - 1] ?? token;
    const near = this.#source.slice(before.start, this.peek(1).end);
    return this.error(`Syntax error; token: "${token.text}", near: "${near}"`);
  }

  error(message: string): Error {
    return validationError(`Invalid ${this.#label}: ${message}`);
  }
}
