/**
 * JSON as a stream of tokens with the place of the reader, for refusals of patterns. AWS's matcher (event-ruler) reads
 * with Jackson, and its texts end with the place that Jackson has reached: behind a name it has already taken the first
 * character of the value, and of a string only the opening quote until somebody wants the text.
 */
import { PatternError } from "./pattern-error.js";

export type Token = "{" | "}" | "[" | "]" | "name" | "string" | "number" | "true" | "false" | "null";

interface Scope {
  readonly kind: "Object" | "Array";
  readonly place: string;
  entries: number;
}

/** Of the source, in the text of a refusal. */
const SHOWN_LENGTH = 500;
const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "/": "/",
  "\\": "\\",
};

export class JsonTokens {
  readonly #source: string;
  readonly #scopes: Scope[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #ahead: Token | undefined;
  #pending = false;
  #text = "";
  #name = "";

  constructor(source: string) {
    this.#source = source;
  }

  /** Undefined at the end. */
  next(): Token | undefined {
    if (this.#ahead !== undefined) {
      const token = this.#ahead;
      this.#ahead = undefined;
      return this.#opened(token);
    }
    if (this.#pending) this.#readString("a string value");
    let character = this.#take();
    const scope = this.#scopes.at(-1);
    if (character === undefined) {
      if (scope === undefined) return undefined;
      this.fail(`Unexpected end-of-input: expected close marker for ${scope.kind} (start marker at ${scope.place})`);
    }
    if (character === "}" || character === "]") return this.#close(character);
    if (scope !== undefined && scope.entries++ > 0) {
      if (character !== ",") this.#unexpected(character, `was expecting comma to separate ${scope.kind} entries`);
      character = this.#wanted(` within/between ${scope.kind} entries`);
    }
    if (scope?.kind !== "Object") return this.#opened(this.#value(character));
    if (character !== '"') this.#unexpected(character, "was expecting double-quote to start field name");
    this.#readString("field name");
    const name = this.#text;
    const colon = this.#wanted(" within/between Object entries");
    if (colon !== ":") this.#unexpected(colon, "was expecting a colon to separate field name and value");
    this.#ahead = this.#value(this.#wanted(" within/between Object entries"));
    this.#name = name;
    return "name";
  }

  /** Of the last name. */
  get name(): string {
    return this.#name;
  }

  /** Of the last token but a name. */
  get text(): string {
    if (this.#pending) this.#readString("a string value");
    return this.#text;
  }

  fail(reason: string): never {
    throw new PatternError(reason, this.#suffix());
  }

  /** As `fail`, for a fault that AWS catches and tells again: the place stands there twice. */
  failTwice(reason: string): never {
    throw new PatternError(reason, `${this.#suffix()}${this.#suffix()}`);
  }

  #suffix(): string {
    return `\n at ${this.#place()}`;
  }

  #place(): string {
    const source = this.#source;
    const cut = source.length > SHOWN_LENGTH ? `[truncated ${source.length - SHOWN_LENGTH} chars]` : "";
    const column = this.#at - this.#lineStart + 1;
    return `[Source: (String)"${source.slice(0, SHOWN_LENGTH)}"${cut}; line: ${this.#line}, column: ${column}]`;
  }

  /** The next character that is no white space. */
  #take(): string | undefined {
    while (this.#at < this.#source.length) {
      const character = this.#source.charAt(this.#at++);
      if (character === "\n" || (character === "\r" && this.#source[this.#at] !== "\n")) {
        this.#line += 1;
        this.#lineStart = this.#at;
      } else if (character !== " " && character !== "\t" && character !== "\r") return character;
    }
    return undefined;
  }

  #wanted(where: string): string {
    return this.#take() ?? this.fail(`Unexpected end-of-input${where}`);
  }

  #unexpected(character: string, wanted: string): never {
    this.fail(`Unexpected character ('${character}' (code ${character.charCodeAt(0)})): ${wanted}`);
  }

  #opened(token: Token): Token {
    if (token === "{" || token === "[")
      this.#scopes.push({ kind: token === "{" ? "Object" : "Array", place: this.#placeBefore(), entries: 0 });
    return token;
  }

  #placeBefore(): string {
    this.#at -= 1;
    const place = this.#place();
    this.#at += 1;
    return place;
  }

  #close(character: "}" | "]"): Token {
    const scope = this.#scopes.at(-1);
    const [marker, kind] = character === "}" ? ["]", "Object"] : ["}", "Array"];
    if (scope === undefined) this.#unexpected(character, `expected a valid value ${VALUES}`);
    if (scope.kind !== kind)
      this.fail(
        `Unexpected close marker '${character}': expected '${marker}' (for ${scope.kind} starting at ${scope.place})`,
      );
    this.#scopes.pop();
    this.#text = character;
    return character;
  }

  #value(character: string): Token {
    if (character === '"') {
      this.#pending = true;
      return "string";
    }
    if (character === "{" || character === "[") {
      this.#text = character;
      return character;
    }
    if (character === "-" || (character >= "0" && character <= "9")) return this.#number();
    if (/[\p{L}_$]/u.test(character)) return this.#word();
    return this.#unexpected(character, `expected a valid value ${VALUES}`);
  }

  #word(): Token {
    const word = /[\p{L}\p{N}_$]*/uy;
    word.lastIndex = this.#at - 1;
    const text = word.exec(this.#source)?.[0] ?? "";
    this.#at += text.length - 1;
    if (text !== "true" && text !== "false" && text !== "null")
      this.fail(`Unrecognized token '${text}': was expecting ${VALUES}`);
    this.#text = text;
    return text;
  }

  #number(): Token {
    const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    number.lastIndex = this.#at - 1;
    const text = number.exec(this.#source)?.[0];
    const end = this.#at - 1 + (text?.length ?? 1);
    const next = this.#source.charAt(end);
    this.#at = end + 1;
    if (text === undefined)
      this.#unexpected(next, "Expected digit (0-9) to follow minus sign, for valid numeric value");
    if (text.endsWith("0") && /\d/.test(next)) this.fail("Invalid numeric value: Leading zeroes not allowed");
    if (next === ".") this.#unexpected(this.#source.charAt(end + 1), "Decimal point not followed by a digit");
    if (next === "e" || next === "E")
      this.#unexpected(this.#source.charAt(end + 1), "Exponent indicator not followed by a digit");
    this.#at = end;
    this.#text = text;
    return "number";
  }

  /** Behind the opening quote. */
  #readString(what: string): void {
    this.#pending = false;
    let text = "";
    for (;;) {
      const character = this.#source.charAt(this.#at++);
      if (character === "") {
        this.#at -= 1;
        this.fail(`Unexpected end-of-input: was expecting closing quote for ${what}`);
      }
      if (character === '"') break;
      if (character < " ")
        this.fail(
          `Illegal unquoted character ((CTRL-CHAR, code ${character.charCodeAt(0)})): has to be escaped using backslash to be included in ${what === "field name" ? "name" : "string value"}`,
        );
      text += character === "\\" ? this.#escape() : character;
    }
    this.#text = text;
  }

  #escape(): string {
    const character = this.#source.charAt(this.#at++);
    if (character === "u") {
      const digits = this.#source.slice(this.#at, this.#at + 4);
      this.#at = Math.min(this.#at + 4, this.#source.length);
      if (/^[\da-fA-F]{4}$/.test(digits)) return String.fromCharCode(Number.parseInt(digits, 16));
      if (/^[\da-fA-F]*$/.test(digits)) this.fail("Unexpected end-of-input in character escape sequence");
      return this.#unexpected(
        digits.replace(/^[\da-fA-F]*/, "").charAt(0),
        "expected a hex-digit for character escape sequence",
      );
    }
    const escaped = ESCAPES[character];
    return escaped ?? this.fail(`Unrecognized character escape '${character}' (code ${character.charCodeAt(0)})`);
  }
}
