/** Reads the values of PDF syntax: numbers, names, strings, arrays, dictionaries, references. ISO 32000-1, chapter 7.3. */

/** A name, `/Type`. */
export class Name {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `12 0 R`. Generations are not told apart: the last definition of a number is the one that counts. */
export class Reference {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

/** A word that is no value: an operator of a content stream, or `endobj`. */
export class Operator {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Dictionary = ReadonlyMap<string, Value>;
export type Value = number | boolean | null | Buffer | Name | Reference | Operator | readonly Value[] | Dictionary;

const WHITE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITERS = new Set(Buffer.from("()<>[]{}/%"));
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12 };
const MAX_DEPTH = 100;

export class ValueReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  /** Undefined at the end. */
  next(depth = 0): Value | undefined {
    if (depth > MAX_DEPTH) throw new Error("values are nested too deeply");
    this.#skipWhite();
    const byte = this.#bytes[this.#at];
    if (byte === undefined) return undefined;
    switch (String.fromCharCode(byte)) {
      case "/":
        this.#at += 1;
        return new Name(
          this.#word().replace(/#([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        );
      case "(":
        return this.#literal();
      case "[":
        this.#at += 1;
        return this.#until("]", depth);
      case "<":
        if (this.#bytes[this.#at + 1] !== byte) return this.#hex();
        this.#at += 2;
        return this.#dictionary(depth);
      case ">":
        this.#at += this.#bytes[this.#at + 1] === byte ? 2 : 1;
        return new Operator(">>");
      case "]":
      case ")":
      case "{":
      case "}":
        this.#at += 1;
        return new Operator(String.fromCharCode(byte));
      default:
        return this.#numberOrWord();
    }
  }

  /** Goes on behind the first match of a global pattern, or to the end. */
  skipPast(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#bytes.toString("latin1"));
    this.#at = found === null ? this.#bytes.length : pattern.lastIndex;
  }

  #skipWhite(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return;
      if (byte === 0x25) {
        while (this.#at < this.#bytes.length && this.#bytes[this.#at] !== 10 && this.#bytes[this.#at] !== 13)
          this.#at += 1;
      } else if (WHITE.has(byte)) this.#at += 1;
      else return;
    }
  }

  #word(): string {
    const from = this.#at;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || WHITE.has(byte) || DELIMITERS.has(byte)) break;
      this.#at += 1;
    }
    return this.#bytes.toString("latin1", from, this.#at);
  }

  #numberOrWord(): Value {
    const word = this.#word();
    if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(word)) {
      const reference = /^\d+$/.test(word) ? this.#referenceAfter() : false;
      return reference ? new Reference(Number(word)) : Number(word);
    }
    if (word === "true" || word === "false") return word === "true";
    return word === "null" ? null : new Operator(word);
  }

  /** Skips ` 0 R`, if that comes. */
  #referenceAfter(): boolean {
    const match = /^[\0\t\n\f\r ]+\d+[\0\t\n\f\r ]+R(?![A-Za-z0-9])/.exec(
      this.#bytes.toString("latin1", this.#at, this.#at + 24),
    );
    if (match === null) return false;
    this.#at += match[0].length;
    return true;
  }

  #until(end: string, depth: number): Value[] {
    const values: Value[] = [];
    for (;;) {
      const value = this.next(depth + 1);
      if (value === undefined || (value instanceof Operator && value.text === end)) return values;
      values.push(value);
    }
  }

  #dictionary(depth: number): Dictionary {
    const values = this.#until(">>", depth);
    const members = new Map<string, Value>();
    for (let i = 0; i + 1 < values.length; i += 2) {
      const [key, value] = [values[i], values[i + 1]];
      if (key instanceof Name && value !== undefined) members.set(key.text, value);
    }
    return members;
  }

  #hex(): Buffer {
    const end = this.#bytes.indexOf(">", this.#at);
    const digits = this.#bytes
      .toString("latin1", this.#at + 1, end === -1 ? this.#bytes.length : end)
      .replace(/[^0-9a-f]/gi, "");
    this.#at = end === -1 ? this.#bytes.length : end + 1;
    return Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, "hex");
  }

  #literal(): Buffer {
    const out: number[] = [];
    let open = 0;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      if (byte === 0x5c) this.#escape(out);
      else if (byte === 0x28 && open++ === 0) continue;
      else if (byte === 0x29 && --open === 0) break;
      else out.push(byte);
    }
    return Buffer.from(out);
  }

  #escape(out: number[]): void {
    const octal = /^[0-7]{1,3}/.exec(this.#bytes.toString("latin1", this.#at, this.#at + 3));
    if (octal !== null) {
      this.#at += octal[0].length;
      out.push(parseInt(octal[0], 8) & 255);
      return;
    }
    const byte = this.#bytes[this.#at++];
    if (byte === undefined || byte === 10) return;
    if (byte === 13) {
      if (this.#bytes[this.#at] === 10) this.#at += 1;
      return;
    }
    out.push(ESCAPES[String.fromCharCode(byte)] ?? byte);
  }
}
