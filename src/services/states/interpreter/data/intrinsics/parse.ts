/**
 * Calls of intrinsic functions: `States.Format('{} of {}', $.n, States.ArrayLength($.items))`.
 * https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
 */

export type Expression =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null; readonly source: string }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] };

export class CallSyntaxError extends Error {}

export const isCall = (text: string): boolean => text.startsWith("States.");

export function parseCall(text: string): Expression {
  const reader = new Reader(text);
  const expression = reader.expression();
  reader.end();
  return expression;
}

const SPACE = /\s*/y;
const NAME = /States\.[A-Za-z0-9]+/y;
const STRING = /'((?:[^'\\]|\\[^])*)'/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  expression(): Expression {
    this.#take(SPACE);
    const name = this.#take(NAME)?.[0];
    if (name !== undefined) return { kind: "call", name, args: this.#arguments() };
    if (this.#text[this.#at] === "$") return { kind: "path", path: this.#path() };
    return this.#literal();
  }

  end(): void {
    this.#take(SPACE);
    if (this.#at < this.#text.length) this.#fail();
  }

  #literal(): Expression {
    const string = this.#take(STRING);
    if (string !== undefined) return { kind: "literal", value: unescape(string[1] ?? ""), source: string[1] ?? "" };
    const source = (this.#take(NUMBER) ?? this.#take(WORD))?.[0];
    if (source === undefined) return this.#fail();
    return { kind: "literal", value: JSON.parse(source) as number | boolean | null, source };
  }

  #arguments(): Expression[] {
    const args: Expression[] = [];
    this.#expect("(");
    if (this.#has(")")) return args;
    do args.push(this.expression());
    while (this.#has(","));
    this.#expect(")");
    return args;
  }

  /** Up to the comma or bracket of the call; those in brackets and quotes belong to the path. */
  #path(): string {
    const start = this.#at;
    let depth = 0;
    let quote = "";
    for (; this.#at < this.#text.length; this.#at += 1) {
      const sign = this.#text[this.#at] ?? "";
      if (quote !== "") {
        if (sign === "\\") this.#at += 1;
        else if (sign === quote) quote = "";
      } else if (depth > 0 && (sign === "'" || sign === '"')) quote = sign;
      else if (sign === "[" || sign === "(") depth += 1;
      else if (depth > 0 && (sign === "]" || sign === ")")) depth -= 1;
      else if (depth === 0 && (sign === "," || sign === ")")) break;
    }
    return this.#text.slice(start, this.#at).trim();
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    if (match !== undefined) this.#at = pattern.lastIndex;
    return match;
  }

  #has(sign: string): boolean {
    this.#take(SPACE);
    const there = this.#text[this.#at] === sign;
    if (there) this.#at += 1;
    return there;
  }

  #expect(sign: string): void {
    if (!this.#has(sign)) this.#fail();
  }

  #fail(): never {
    throw new CallSyntaxError(`not understood at ${String(this.#at)}: ${this.#text}`);
  }
}

/** `\'`, `\{`, `\}` and `\\` stand for the sign. */
export const unescape = (source: string): string => source.replace(/\\(['{}\\])/g, "$1");
